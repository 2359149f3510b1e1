//! What clients are told: GraphQL errors, and the response that carries them.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde::{Serialize, ser::SerializeMap};
use serde_json::{Map, Value};

use crate::freshness::Freshness;

/// The wire codes of errors that the gateway itself raises.
pub mod code {
    /// The document is not GraphQL, or over a limit of the parser.
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document does not fit the schema.
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// Variables do not fit their types, or the operation name fits no operation.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// A subgraph gave no usable answer.
    pub const SUBGRAPH_REQUEST_FAILED: &str = "SUBGRAPH_REQUEST_FAILED";
    /// A subgraph answered something that does not fit the schema.
    pub const INVALID_SUBGRAPH_RESPONSE: &str = "INVALID_SUBGRAPH_RESPONSE";
    /// Introspection is switched off.
    pub const INTROSPECTION_DISABLED: &str = "INTROSPECTION_DISABLED";
    /// Something failed inside the gateway.
    pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
}

/// A place in the client's document, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One step of a path into the response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// A response key.
    Key(String),
    /// A list index, from 0.
    Index(usize),
}

impl From<&str> for PathSegment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for PathSegment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// One entry of `errors` in a GraphQL response.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphqlError {
    /// What went wrong, for a person.
    pub message: String,
    /// Where in the client's document; left out when empty.
    pub locations: Vec<Location>,
    /// Which field of the response; left out when `None`.
    pub path: Option<Vec<PathSegment>>,
    /// Details for programs, such as `code`; left out when empty.
    pub extensions: Map<String, Value>,
}

impl GraphqlError {
    /// An error with a message and `extensions.code`.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let mut extensions = Map::new();
        extensions.insert("code".to_owned(), Value::String(code.to_owned()));
        Self { message: message.into(), extensions, ..Self::default() }
    }

    /// Adds a place in the client's document.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.locations.push(Location { line, column });
        self
    }

    /// Sets the path of the field in the response.
    #[must_use]
    pub fn with_path(mut self, path: Vec<PathSegment>) -> Self {
        self.path = Some(path);
        self
    }

    /// Sets one extension.
    #[must_use]
    pub fn with_extension(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(key.to_owned(), value.into());
        self
    }

    /// The value of `extensions.code`, if it is text.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.extensions.get("code").and_then(Value::as_str)
    }
}

impl Serialize for GraphqlError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &self.message)?;
        if !self.locations.is_empty() {
            map.serialize_entry("locations", &self.locations)?;
        }
        if let Some(path) = &self.path {
            map.serialize_entry("path", path)?;
        }
        if !self.extensions.is_empty() {
            map.serialize_entry("extensions", &self.extensions)?;
        }
        map.end()
    }
}

/// A GraphQL response, with its data already encoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GraphqlResponse {
    /// The value of `data` in JSON (`null` included); `None` leaves the key out, as for a request that never ran.
    pub data: Option<Bytes>,
    /// The value of `errors`; left out when empty.
    pub errors: Vec<GraphqlError>,
    /// The value of `extensions`; left out when empty.
    pub extensions: Map<String, Value>,
    /// `{"data":…}` in JSON, where it is known: the whole response when there are neither errors nor extensions.
    pub encoded: Option<Bytes>,
    /// Headers of subgraphs that go to the client; not encoded by [`Self::to_bytes`].
    pub headers: HeaderMap,
    /// How many requests each subgraph got, by name; not encoded by [`Self::to_bytes`].
    pub subgraph_requests: Vec<(Arc<str>, usize)>,
    /// How long it stays true; `None` when that is not known. Not encoded.
    pub freshness: Option<Freshness>,
    /// What was kept, for each fetch that may be kept; not encoded.
    pub kept: Vec<KeptCount>,
}

/// What of a fetch was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeptCount {
    /// The step of the plan, from 0.
    pub step: usize,
    /// How many of its entities, or whether its root fields.
    pub kept: usize,
    /// How many requests the rest took.
    pub fetches: usize,
}

impl GraphqlResponse {
    /// A response to a request that never ran.
    #[must_use]
    pub fn from_errors(errors: Vec<GraphqlError>) -> Self {
        Self { errors, ..Self::default() }
    }

    /// Encodes the response as JSON: `errors` first, so that a reader sees them before large data.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        if let (Some(encoded), true, true) = (&self.encoded, self.errors.is_empty(), self.extensions.is_empty()) {
            return encoded.clone();
        }
        let data_bytes = self.data.as_ref().map_or(0, Bytes::len);
        let mut out = Vec::with_capacity(data_bytes + 32);
        out.push(b'{');
        if !self.errors.is_empty() {
            write_entry(&mut out, "errors", &self.errors);
        }
        if let Some(data) = &self.data {
            separate(&mut out);
            out.extend_from_slice(b"\"data\":");
            out.extend_from_slice(data);
        }
        if !self.extensions.is_empty() {
            write_entry(&mut out, "extensions", &self.extensions);
        }
        out.push(b'}');
        Bytes::from(out)
    }
}

fn separate(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}

fn write_entry(out: &mut Vec<u8>, key: &str, value: &impl Serialize) {
    separate(out);
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // Only a map with keys that are no text can fail, and these types have none.
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_errors_before_data_and_leaves_out_what_is_empty() {
        let response = GraphqlResponse {
            data: Some(Bytes::from_static(b"{\"a\":1}")),
            errors: vec![GraphqlError::new("X", "no").at(1, 2).with_path(vec!["a".into(), 3.into()])],
            ..GraphqlResponse::default()
        };
        assert_eq!(
            response.to_bytes(),
            r#"{"errors":[{"message":"no","locations":[{"line":1,"column":2}],"path":["a",3],"extensions":{"code":"X"}}],"data":{"a":1}}"#
        );
        assert_eq!(GraphqlResponse::default().to_bytes(), "{}");
    }
}

//! Payloads as clients read them.

use bytes::Bytes;
use serde::Serialize;

use crate::{
    error::{GraphqlError, GraphqlResponse, PathSegment},
    operation::DeferForm,
};

/// A deferred fragment that is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// Different for all fragments of the response.
    pub id: String,
    /// Where it is.
    pub path: Vec<PathSegment>,
    /// What the client calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Fields that came later.
#[derive(Debug, Clone, PartialEq)]
pub struct Increment {
    /// The fragment that they are in.
    pub id: String,
    /// Where the object of the fields is.
    pub path: Vec<PathSegment>,
    /// How much of `path` is the fragment's own.
    pub fragment_depth: usize,
    /// What the client calls the fragment.
    pub label: Option<String>,
    /// The fields as a JSON object; `None` when the fragment has no value.
    pub data: Option<Bytes>,
    /// What went wrong in them.
    pub errors: Vec<GraphqlError>,
}

/// A deferred fragment that is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Completed {
    /// That of its [`Pending`].
    pub id: String,
    /// Why it has no value; empty when it has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<GraphqlError>,
}

/// What is told after the first part.
#[derive(Debug, Default, PartialEq)]
pub struct Payload {
    /// Fragments that are to come.
    pub pending: Vec<Pending>,
    /// What came.
    pub increments: Vec<Increment>,
    /// Fragments that are done.
    pub completed: Vec<Completed>,
    /// Whether more follows.
    pub has_next: bool,
}

impl Payload {
    /// Encodes the payload as JSON in the form `form`.
    #[must_use]
    pub fn to_bytes(&self, form: DeferForm) -> Bytes {
        let mut out = vec![b'{'];
        let is_newer = form == DeferForm::Pending;
        if is_newer && !self.pending.is_empty() {
            write(&mut out, "pending", &self.pending);
        }
        if !self.increments.is_empty() {
            key(&mut out, "incremental");
            out.push(b'[');
            for increment in &self.increments {
                if out.last() != Some(&b'[') {
                    out.push(b',');
                }
                increment.write(&mut out, form);
            }
            out.push(b']');
        }
        if is_newer && !self.completed.is_empty() {
            write(&mut out, "completed", &self.completed);
        }
        write(&mut out, "hasNext", &self.has_next);
        out.push(b'}');
        Bytes::from(out)
    }
}

impl Increment {
    fn write(&self, out: &mut Vec<u8>, form: DeferForm) {
        out.push(b'{');
        if !self.errors.is_empty() {
            write(out, "errors", &self.errors);
        }
        key(out, "data");
        out.extend_from_slice(self.data.as_deref().unwrap_or(b"null"));
        match form {
            DeferForm::Fragments => {
                write(out, "path", &self.path);
                if let Some(label) = &self.label {
                    write(out, "label", label);
                }
            }
            DeferForm::Pending => {
                write(out, "id", &self.id);
                if let Some(below) = self.path.get(self.fragment_depth..).filter(|below| !below.is_empty()) {
                    write(out, "subPath", &below);
                }
            }
        }
        out.push(b'}');
    }
}

/// The first part: a response after which more follows.
#[must_use]
pub fn initial_bytes(response: &GraphqlResponse, pending: &[Pending], form: DeferForm) -> Bytes {
    let whole = response.to_bytes();
    let mut out = whole.strip_suffix(b"}").unwrap_or_default().to_vec();
    if form == DeferForm::Pending {
        write(&mut out, "pending", &pending);
    }
    write(&mut out, "hasNext", &true);
    out.push(b'}');
    Bytes::from(out)
}

fn key(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn write(out: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    key(out, name);
    // Nothing here has keys that are no text, so that it always encodes.
    let _ = serde_json::to_writer(&mut *out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Payload {
        let errors = vec![GraphqlError { message: "no".to_owned(), ..GraphqlError::default() }];
        Payload {
            pending: vec![Pending { id: "2".to_owned(), path: vec!["a".into()], label: None }],
            increments: vec![Increment {
                id: "1".to_owned(),
                path: vec!["a".into(), 0.into(), "b".into()],
                fragment_depth: 2,
                label: Some("later".to_owned()),
                data: Some(Bytes::from_static(b"{\"c\":1}")),
                errors: Vec::new(),
            }],
            completed: vec![
                Completed { id: "1".to_owned(), errors: Vec::new() },
                Completed { id: "0".to_owned(), errors },
            ],
            has_next: true,
        }
    }

    #[test]
    fn each_form_has_its_keys() {
        assert_eq!(
            payload().to_bytes(DeferForm::Pending),
            r#"{"pending":[{"id":"2","path":["a"]}],"incremental":[{"data":{"c":1},"id":"1","subPath":["b"]}],"completed":[{"id":"1"},{"id":"0","errors":[{"message":"no"}]}],"hasNext":true}"#
        );
        assert_eq!(
            payload().to_bytes(DeferForm::Fragments),
            r#"{"incremental":[{"data":{"c":1},"path":["a",0,"b"],"label":"later"}],"hasNext":true}"#
        );
        assert_eq!(Payload::default().to_bytes(DeferForm::Fragments), r#"{"hasNext":false}"#);
    }

    #[test]
    fn the_first_part_is_a_response_that_goes_on() {
        let response = GraphqlResponse { data: Some(Bytes::from_static(b"{}")), ..GraphqlResponse::default() };
        let pending = payload().pending;
        assert_eq!(
            initial_bytes(&response, &pending, DeferForm::Pending),
            r#"{"data":{},"pending":[{"id":"2","path":["a"]}],"hasNext":true}"#
        );
        assert_eq!(initial_bytes(&response, &pending, DeferForm::Fragments), r#"{"data":{},"hasNext":true}"#);
    }
}

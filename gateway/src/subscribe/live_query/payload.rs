//! What clients of a live query are sent.
//!
//! `{"data":…,"revision":7}` is a whole answer, with `errors` where there are any. `{"patch":[…],"revision":8}` is what
//! makes the data of the revision before that of this one, as JSON Patch (<https://www.rfc-editor.org/rfc/rfc6902>).
//! `extensions.live.tag` names the answer, the same in every gateway: a client that comes back says which it has.

use bytes::Bytes;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{GraphqlResponse, code};

/// An answer.
pub(super) struct Answer {
    /// Without `revision`.
    body: GraphqlResponse,
    tag: String,
}

impl Answer {
    pub(super) fn of(response: GraphqlResponse) -> Self {
        let mut hash = Sha256::new();
        hash.update(response.data.as_deref().unwrap_or_default());
        for error in &response.errors {
            // What differs each time, such as the number of the request, makes no other error; and of a subgraph that
            // does not answer it does not matter how it failed just now.
            let has_failed = error.code() == Some(code::SUBGRAPH_REQUEST_FAILED);
            let of_subgraph = error.extensions.get("serviceName").and_then(Value::as_str).filter(|_| has_failed);
            hash.update([0]);
            hash.update(of_subgraph.unwrap_or(&error.message));
            hash.update(error.code().unwrap_or_default());
        }
        let tag = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Self { body: response, tag }
    }

    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.body.errors.is_empty()
    }

    /// The data, to compare with that of the next; nothing where something would be lost, as of numbers of any length.
    pub(super) fn data(&self) -> Option<Value> {
        let encoded = self.body.data.as_ref()?;
        let data: Value = serde_json::from_slice(encoded).ok()?;
        (serde_json::to_vec(&data).ok()? == **encoded).then_some(data)
    }

    /// The whole answer.
    pub(super) fn whole(&self, revision: u64) -> Bytes {
        let mut body = self.body.clone();
        body.extensions.insert("live".to_owned(), tagged(&self.tag));
        with_revision(&body.to_bytes(), revision)
    }
}

/// What makes `before` the data `after`.
pub(super) fn patch((before, after): (&Value, &Value), (revision, tag): (u64, &str)) -> Bytes {
    let operations = serde_json::to_value(json_patch::diff(before, after)).unwrap_or_default();
    patched(operations, (revision, tag))
}

/// Says that a client has the answer already.
pub(super) fn unchanged(revision: u64, tag: &str) -> Bytes {
    patched(Value::Array(Vec::new()), (revision, tag))
}

fn patched(operations: Value, (revision, tag): (u64, &str)) -> Bytes {
    let mut body = Map::new();
    body.insert("patch".to_owned(), operations);
    body.insert("extensions".to_owned(), serde_json::json!({ "live": tagged(tag) }));
    with_revision(Value::Object(body).to_string().as_bytes(), revision)
}

fn tagged(tag: &str) -> Value {
    serde_json::json!({ "tag": tag })
}

/// `body`, which is an object that is not empty, with one more entry.
fn with_revision(body: &[u8], revision: u64) -> Bytes {
    let entry = format!(",\"revision\":{revision}}}");
    let open = body.strip_suffix(b"}").unwrap_or(body);
    let mut out = Vec::with_capacity(open.len() + entry.len());
    out.extend_from_slice(open);
    out.extend_from_slice(entry.as_bytes());
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::GraphqlError;

    fn answer(data: &'static str) -> Answer {
        Answer::of(GraphqlResponse { data: Some(Bytes::from_static(data.as_bytes())), ..GraphqlResponse::default() })
    }

    fn read(bytes: &Bytes) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn answers_are_told_apart_by_their_data_and_errors_but_not_by_what_differs_each_time() {
        assert_eq!(answer("{\"a\":1}").tag(), answer("{\"a\":1}").tag());
        assert_ne!(answer("{\"a\":1}").tag(), answer("{\"a\":2}").tag());
        let failed = |code: &str, request: u64| {
            let error = GraphqlError::new(code, "away").with_extension("correlationId", request);
            Answer::of(GraphqlResponse::from_errors(vec![error]))
        };
        assert_eq!(failed("X", 1).tag(), failed("X", 2).tag());
        assert_ne!(failed("X", 1).tag(), failed("Y", 1).tag());
        let away = |subgraph: &str, how: &str| {
            let error = GraphqlError::new(code::SUBGRAPH_REQUEST_FAILED, how).with_extension("serviceName", subgraph);
            Answer::of(GraphqlResponse::from_errors(vec![error]))
        };
        assert_eq!(away("a", "no answer within 2999 ms").tag(), away("a", "no answer within 2998 ms").tag());
        assert_ne!(away("a", "no answer").tag(), away("b", "no answer").tag());
    }

    #[test]
    fn a_payload_has_its_revision_beside_the_data() {
        let one = answer("{\"a\":1}");
        let whole = read(&one.whole(3));
        assert_eq!(whole, json!({ "data": { "a": 1 }, "extensions": { "live": { "tag": one.tag() } }, "revision": 3 }));
        let two = answer("{\"a\":2}");
        let step = read(&patch((&one.data().unwrap(), &two.data().unwrap()), (4, two.tag())));
        assert_eq!(step["patch"], json!([{ "op": "replace", "path": "/a", "value": 2 }]));
        assert_eq!(step["revision"], 4);
    }

    #[test]
    fn what_would_lose_something_is_not_compared() {
        assert!(answer("{\"a\":0.5,\"b\":9007199254740993}").data().is_some());
        assert!(answer("{\"a\":12345678901234567890123}").data().is_none());
        assert!(answer("{\"a\":0.10000000000000000555}").data().is_none());
    }
}

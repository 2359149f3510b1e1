//! What clients of a live query are sent.
//!
//! `{"data":…,"revision":7}` is a whole answer, with `errors` where there are any. `{"patch":[…],"revision":8}` is what
//! makes the data of the revision before that of this one, as JSON Patch (<https://www.rfc-editor.org/rfc/rfc6902>).
//! `extensions.live.tag` names the answer, the same in every gateway: a client that comes back says which it has.

use bytes::Bytes;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::GraphqlResponse;

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
            // What differs each time, such as the number of the request, makes no other error.
            hash.update([0]);
            hash.update(&error.message);
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

    /// The data, to compare with that of the next.
    pub(super) fn data(&self) -> Option<Value> {
        serde_json::from_slice(self.body.data.as_ref()?).ok()
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

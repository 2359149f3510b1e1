//! What a mutation has changed, told beside its answer.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Name, Response, Value, indexmap::IndexMap};

/// The extension that tells it: a list of `{ "typename": "…", "key": { "field": "value" } }`.
const EXTENSION: &str = "changed";

/// Collects what the mutations of a request have changed; it is in the data of every request. Told is the whole, so that
/// whoever keeps answers (the gateway) ends those and no more before it passes the answer on. A mutation that says
/// nothing may have changed anything.
#[derive(Debug, Clone, Default)]
pub struct Changed(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    entities: Option<Vec<Value>>,
    is_unknown: bool,
}

impl Changed {
    /// Says that this mutation has changed nothing but what is told.
    pub fn nothing(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entities.get_or_insert_default();
    }

    /// Tells an entity by the type that the graph knows it by and its key fields.
    pub fn tell(&self, typename: &str, key: &[(&str, &str)]) {
        let text = |text: &str| Value::String(text.to_owned());
        let key: IndexMap<Name, Value> = key.iter().map(|(field, value)| (Name::new(field), text(value))).collect();
        let entity = [(Name::new("typename"), text(typename)), (Name::new("key"), Value::Object(key))];
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.entities.get_or_insert_default().push(Value::Object(entity.into_iter().collect()));
    }

    /// Says that something has changed that cannot be told, whatever others tell.
    pub fn anything(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_unknown = true;
    }

    /// Writes it into the answer, if it is known and the answer has no errors.
    pub(super) fn write(&self, response: &mut Response) {
        let State { entities, is_unknown } =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if let (Some(entities), false, true) = (entities, is_unknown, response.errors.is_empty()) {
            response.extensions.insert(EXTENSION.to_owned(), Value::List(entities));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(tell: impl FnOnce(&Changed)) -> serde_json::Value {
        let (changed, mut response) = (Changed::default(), Response::default());
        tell(&changed);
        changed.write(&mut response);
        serde_json::to_value(response).unwrap()["extensions"]["changed"].take()
    }

    #[test]
    fn what_is_told_is_written_and_nothing_is_not_the_same_as_not_known() {
        assert_eq!(written(|_| {}), serde_json::Value::Null);
        assert_eq!(written(Changed::nothing), serde_json::json!([]));
        let told = written(|changed| changed.tell("Variant", &[("id", "1"), ("sku", "S")]));
        assert_eq!(told, serde_json::json!([{ "typename": "Variant", "key": { "id": "1", "sku": "S" } }]));
    }

    #[test]
    fn one_that_cannot_be_told_counts_for_all() {
        let told = written(|changed| {
            changed.anything();
            changed.tell("Variant", &[("id", "1")]);
        });
        assert_eq!(told, serde_json::Value::Null);
    }
}

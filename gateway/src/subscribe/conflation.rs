//! Finds the key of an event, so that a newer event can take the place of an older one.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    operation::OperationKind,
    parse::{
        Document, Limits,
        ast::{Field, Selection, SelectionSet},
        parse,
    },
};

/// Where in an encoded response the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyPath {
    /// The response name of the root field.
    root: String,
    /// The response name of the key field inside of it.
    key: String,
}

/// The root field of a subscription, and where the key of its events is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RootField {
    /// Its name in the schema.
    pub(super) name: String,
    /// `None` when the field has no key, or the operation does not select it.
    pub(super) key: Option<KeyPath>,
}

impl RootField {
    /// Reads the root field of the subscription `operation_name`; `conflate` maps root fields to key fields. `None`
    /// when there is no such subscription, which a validated one cannot be.
    pub(super) fn of(query: &str, operation_name: Option<&str>, conflate: &BTreeMap<String, String>) -> Option<Self> {
        // It was within the limits when it was prepared.
        let document = parse(query, &Limits { max_tokens: usize::MAX, ..Limits::default() }).ok()?;
        let root = root_field(&document, operation_name)?;
        let key_field = conflate.get(root.name.text).zip(root.selection_set.as_ref()).and_then(|(wanted, set)| {
            find_field(&document, set, &|field| field.name.text == wanted && field.directives.is_empty())
        });
        let key = key_field
            .map(|field| KeyPath { root: root.response_key().to_owned(), key: field.response_key().to_owned() });
        Some(Self { name: root.name.text.to_owned(), key })
    }
}

impl KeyPath {
    /// The key of an event, from the `data` of its encoded response: the JSON text of the key field's value.
    pub(super) fn read(&self, data: &[u8]) -> Option<Box<str>> {
        let data: BTreeMap<&str, &RawValue> = serde_json::from_slice(data).ok()?;
        let payload: BTreeMap<&str, &RawValue> = serde_json::from_str(data.get(self.root.as_str())?.get()).ok()?;
        payload.get(self.key.as_str()).map(|value| value.get()).filter(|key| *key != "null").map(Box::from)
    }
}

/// The root field of the subscription `operation_name`.
pub(super) fn root_field<'d, 'a>(document: &'d Document<'a>, operation_name: Option<&str>) -> Option<&'d Field<'a>> {
    let operation = document.operations().find(|operation| {
        operation.kind == OperationKind::Subscription
            && (operation_name.is_none() || operation.name.map(|name| name.text) == operation_name)
    })?;
    find_field(document, &operation.selection_set, &|_| true)
}

/// The first field that is `wanted`, also inside of fragments. Fragments of a validated document have no cycles.
fn find_field<'d, 'a>(
    document: &'d Document<'a>,
    set: &'d SelectionSet<'a>,
    wanted: &dyn Fn(&Field<'_>) -> bool,
) -> Option<&'d Field<'a>> {
    set.items.iter().find_map(|item| match item {
        Selection::Field(field) => wanted(field).then_some(field),
        Selection::Inline(fragment) => find_field(document, &fragment.selection_set, wanted),
        Selection::Spread(spread) => {
            let fragment = document.fragments().find(|fragment| fragment.name.text == spread.name.text)?;
            find_field(document, &fragment.selection_set, wanted)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(query: &str, name: Option<&str>) -> Option<RootField> {
        let conflate = BTreeMap::from([("stockBadges".to_owned(), "sku".to_owned())]);
        RootField::of(query, name, &conflate)
    }

    #[test]
    fn finds_the_key_under_aliases_and_in_fragments() {
        let query =
            "subscription A { badges: stockBadges(skus: []) { state ...K } } fragment K on StockBadge { id: sku }";
        let found = root(query, Some("A")).unwrap();
        assert_eq!(found.name, "stockBadges");
        let key = found.key.unwrap().read(br#"{"badges":{"state":"IN_STOCK","id":"S-1"}}"#);
        assert_eq!(key.as_deref(), Some("\"S-1\""));
    }

    #[test]
    fn without_the_key_field_there_is_no_key() {
        assert_eq!(root("subscription { stockBadges(skus: []) { state } }", None).unwrap().key, None);
        assert_eq!(root("subscription { other { sku } }", None).unwrap().key, None);
        assert_eq!(root("{ a }", None), None);
    }
}

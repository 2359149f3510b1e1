//! Which entities an event of the bus is about.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use selvedge_gateway::cache::{EntityEvent, KeyValue};
use selvedge_kit::event::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One entity that an event is about. Paths name fields of the event's `data`, joined by dots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EntityMapping {
    /// The name of its type in the graph.
    pub(crate) typename: String,
    /// Key field → path. Keys that are absent or null are left out; without any, the event is about no such entity.
    pub(crate) keys: BTreeMap<String, String>,
    /// The path of the entity's own revision, where it has one that grows with every change.
    pub(crate) revision: Option<String>,
    /// The path of a list: there is one entity for each item, and the other paths begin in it.
    pub(crate) each: Option<String>,
}

/// Event type → entities.
pub(crate) type EntityMappings = BTreeMap<String, Vec<EntityMapping>>;

/// The entities that `event` is about.
pub(crate) fn entities_of(mappings: &EntityMappings, event: &Event) -> Vec<EntityEvent> {
    let of_type = mappings.get(&event.event_type).map_or(&[][..], Vec::as_slice);
    of_type.iter().flat_map(|mapping| mapping.read(&event.data)).collect()
}

/// The names of all types that events tell the changes of.
pub(crate) fn types_of(mappings: &EntityMappings) -> Vec<String> {
    let mut types: Vec<String> = mappings.values().flatten().map(|mapping| mapping.typename.clone()).collect();
    types.sort_unstable();
    types.dedup();
    types
}

impl EntityMapping {
    fn read(&self, data: &Value) -> Vec<EntityEvent> {
        match &self.each {
            None => self.read_one(data).into_iter().collect(),
            Some(path) => {
                let items = at(data, path).and_then(Value::as_array).into_iter().flatten();
                items.filter_map(|item| self.read_one(item)).collect()
            }
        }
    }

    fn read_one(&self, data: &Value) -> Option<EntityEvent> {
        let key: BTreeMap<String, KeyValue> =
            self.keys.iter().filter_map(|(field, path)| Some((field.clone(), key_value(at(data, path)?)?))).collect();
        let revision = self.revision.as_ref().and_then(|path| at(data, path)?.as_i64());
        (!key.is_empty()).then(|| EntityEvent { typename: self.typename.clone(), key, revision })
    }
}

fn key_value(value: &Value) -> Option<KeyValue> {
    match value {
        Value::String(text) => Some(KeyValue::Text(text.clone())),
        Value::Number(number) => number.as_i64().map(KeyValue::Number),
        _ => None,
    }
}

fn at<'v>(data: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(data, |value, name| value.get(name))
}

/// What the shop's own events are about. A product's totals change with the stock of any of its variants, so its badge
/// ends it too; the revision of a badge says nothing of the revision of anything else.
pub(crate) fn of_the_shop() -> EntityMappings {
    let entity = |typename: &str, keys: &[(&str, &str)]| EntityMapping {
        typename: typename.to_owned(),
        keys: keys.iter().map(|&(field, path)| (field.to_owned(), path.to_owned())).collect(),
        ..EntityMapping::default()
    };
    let customer = || vec![entity("Customer", &[("id", "customerId")])];
    let mappings = [
        (
            "com.selvedge.inventory.stock_badge_changed.v1",
            vec![
                EntityMapping { revision: Some("revision".to_owned()), ..entity("StockBadge", &[("sku", "sku")]) },
                entity("ProductVariant", &[("sku", "sku"), ("id", "variantId")]),
                entity("Product", &[("id", "productId")]),
            ],
        ),
        (
            "com.selvedge.inventory.product_changed.v1",
            vec![
                entity("Product", &[("id", "productId"), ("handle", "handle")]),
                EntityMapping {
                    each: Some("variants".to_owned()),
                    ..entity("ProductVariant", &[("sku", "sku"), ("id", "variantId")])
                },
            ],
        ),
        (
            "com.selvedge.inventory.collection_changed.v1",
            vec![entity("Collection", &[("id", "collectionId"), ("handle", "handle")])],
        ),
        (
            "com.selvedge.inventory.taxonomy_category_changed.v1",
            vec![entity("TaxonomyCategory", &[("id", "categoryId")])],
        ),
        ("com.selvedge.preferences.profile_changed.v1", customer()),
        ("com.selvedge.preferences.consent_changed.v1", customer()),
        ("com.selvedge.preferences.behaviour_recorded.v1", customer()),
    ];
    mappings.into_iter().map(|(event_type, entities)| (event_type.to_owned(), entities)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(event_type: &str, data: &Value) -> Event {
        serde_json::from_value(json!({
            "specversion": "1.0", "id": "1", "type": event_type, "source": "/selvedge/inventory", "subject": "s",
            "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "dataschema": "x", "revision": 7,
            "correlationid": "c", "data": data
        }))
        .unwrap()
    }

    #[test]
    fn a_badge_ends_its_variant_and_its_product() {
        let data = json!({ "sku": "S-1", "variantId": "v1", "productId": "p1", "revision": 7 });
        let named = entities_of(&of_the_shop(), &event("com.selvedge.inventory.stock_badge_changed.v1", &data));
        assert_eq!(
            named,
            [
                EntityEvent::of("StockBadge", "sku", "S-1").at(7),
                EntityEvent::of("ProductVariant", "sku", "S-1").and("id", "v1"),
                EntityEvent::of("Product", "id", "p1"),
            ]
        );
    }

    #[test]
    fn a_product_ends_each_of_its_variants() {
        let variant = |number: i32| json!({ "sku": format!("S-{number}"), "variantId": format!("v{number}") });
        let data = json!({ "productId": "p1", "handle": "shirt", "variants": [variant(1), variant(2)] });
        let named = entities_of(&of_the_shop(), &event("com.selvedge.inventory.product_changed.v1", &data));
        assert_eq!(
            named,
            [
                EntityEvent::of("Product", "id", "p1").and("handle", "shirt"),
                EntityEvent::of("ProductVariant", "sku", "S-1").and("id", "v1"),
                EntityEvent::of("ProductVariant", "sku", "S-2").and("id", "v2"),
            ]
        );
    }

    #[test]
    fn behaviour_of_nobody_is_about_nobody() {
        let of = |customer: Value| {
            let data = json!({ "eventId": "e", "customerId": customer });
            entities_of(&of_the_shop(), &event("com.selvedge.preferences.behaviour_recorded.v1", &data))
        };
        assert!(of(Value::Null).is_empty());
        assert_eq!(of(json!("c1")), [EntityEvent::of("Customer", "id", "c1")]);
        assert!(entities_of(&of_the_shop(), &event("com.example.other.v1", &json!({}))).is_empty());
    }

    #[test]
    fn every_type_whose_changes_are_told() {
        assert_eq!(
            types_of(&of_the_shop()),
            ["Collection", "Customer", "Product", "ProductVariant", "StockBadge", "TaxonomyCategory"]
        );
    }
}

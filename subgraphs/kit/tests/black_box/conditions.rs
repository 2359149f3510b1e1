//! What a gateway needs of `@skip` and `@include` in a subgraph: the reason for async-graphql 8.
//!
//! Of these tests, bare async-graphql fails, in 7.2.1: defaults of variables, variables that only a `__typename` uses,
//! and an object all of whose fields are skipped, which it answers as null; in 8.0.0-rc.5: the first two, which the
//! server here puts right.
//!
//! A query planner merges selections, so that one response key may stand in several places with different conditions,
//! and the fields below it have to be those of all places whose conditions hold.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, ID, Interface, Object, Schema, SimpleObject, Union};
use http::{HeaderMap, HeaderName};
use selvedge_kit::{
    identity::IDENTITY_HEADER,
    server::{Readiness, RunningSubgraph},
};
use serde_json::{Value, json};

use crate::support::{server_of, token};

struct Query;

struct Product {
    id: ID,
}

#[Object]
impl Product {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn title(&self) -> String {
        format!("Shirt {}", self.id.as_str())
    }
    async fn vendor(&self) -> &str {
        "Selvedge"
    }
    async fn badge(&self) -> Badge {
        Badge { sku: format!("{}-M", self.id.as_str()), available: 3 }
    }
    async fn named(&self, name: String) -> String {
        name
    }
}

#[derive(SimpleObject)]
struct Badge {
    sku: String,
    available: i32,
}

#[derive(Union)]
enum Found {
    Product(Product),
    Badge(Badge),
}

#[derive(Interface)]
#[graphql(field(name = "sku", ty = "&String"))]
enum Stocked {
    Badge(Badge),
}

#[Object]
impl Query {
    async fn product(&self) -> Product {
        Product { id: "1".into() }
    }
    async fn found(&self) -> Vec<Found> {
        vec![Found::Product(Product { id: "1".into() }), Found::Badge(Badge { sku: "1-M".into(), available: 3 })]
    }
    async fn stocked(&self) -> Stocked {
        Badge { sku: "1-M".into(), available: 3 }.into()
    }
    #[graphql(entity)]
    async fn product_by_id(&self, id: ID) -> Product {
        Product { id }
    }
}

/// Runs it the way that a gateway does.
async fn run(query: &str, variables: Value) -> Value {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let subgraph = RunningSubgraph {
        name: "inventory",
        sdl: String::new(),
        executor: Arc::new(schema),
        readiness: Readiness::default(),
        tasks: Vec::new(),
    };
    let headers = HeaderMap::from_iter([(HeaderName::from_static(IDENTITY_HEADER), token("x").parse().unwrap())]);
    let body = json!({"query": query, "variables": variables}).to_string();
    let response = server_of(subgraph).call(&headers, body.into()).await;
    let mut answer: Value = serde_json::from_slice(response.body()).unwrap();
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].take()
}

#[tokio::test]
async fn a_field_is_there_when_one_of_its_places_is_included() {
    let query = "query($a: Boolean!, $b: Boolean!) { product { title @include(if: $a) title @include(if: $b) id } }";
    for (a, b) in [(true, true), (true, false), (false, true)] {
        assert_eq!(
            run(query, json!({"a": a, "b": b})).await,
            json!({"product": {"title": "Shirt 1", "id": "1"}}),
            "{a} {b}"
        );
    }
    assert_eq!(run(query, json!({"a": false, "b": false})).await, json!({"product": {"id": "1"}}));
}

#[tokio::test]
async fn the_selections_of_included_places_are_merged() {
    let query = "query($a: Boolean!, $b: Boolean!) {
        product { badge @include(if: $a) { sku } badge @skip(if: $b) { available } }
    }";
    let badge = async |a: bool, b: bool| run(query, json!({"a": a, "b": b})).await["product"]["badge"].clone();
    assert_eq!(badge(true, false).await, json!({"sku": "1-M", "available": 3}));
    assert_eq!(badge(true, true).await, json!({"sku": "1-M"}));
    assert_eq!(badge(false, false).await, json!({"available": 3}));
    assert_eq!(run(query, json!({"a": false, "b": true})).await, json!({"product": {}}));
}

#[tokio::test]
async fn root_fields_merge_as_well() {
    let query = "query($a: Boolean!) { product @include(if: $a) { id } product @skip(if: $a) { title } ...F }
        fragment F on Query { product { vendor } }";
    assert_eq!(run(query, json!({"a": true})).await, json!({"product": {"id": "1", "vendor": "Selvedge"}}));
    assert_eq!(run(query, json!({"a": false})).await, json!({"product": {"title": "Shirt 1", "vendor": "Selvedge"}}));
}

#[tokio::test]
async fn conditions_on_fragments_hold_for_all_that_is_in_them() {
    let query = "query($a: Boolean!, $b: Boolean!) {
        product { id ...P @skip(if: $a) ... @include(if: $b) { vendor badge { available } } ... on Product @skip(if: $b) { named(name: \"x\") } }
    }
    fragment P on Product { title badge { sku } }";
    let product = async |a: bool, b: bool| run(query, json!({"a": a, "b": b})).await["product"].clone();
    assert_eq!(
        product(false, true).await,
        json!({"id": "1", "title": "Shirt 1", "badge": {"sku": "1-M", "available": 3}, "vendor": "Selvedge"})
    );
    assert_eq!(product(true, false).await, json!({"id": "1", "named": "x"}));
    assert_eq!(product(true, true).await, json!({"id": "1", "vendor": "Selvedge", "badge": {"available": 3}}));
}

#[tokio::test]
async fn skip_wins_when_both_are_given() {
    let query = "query($s: Boolean!, $i: Boolean!) { product { id title @skip(if: $s) @include(if: $i) } }";
    let has_title = async |s: bool, i: bool| !run(query, json!({"s": s, "i": i})).await["product"]["title"].is_null();
    assert!(has_title(false, true).await);
    assert!(!has_title(true, true).await);
    assert!(!has_title(true, false).await);
    assert!(!has_title(false, false).await);
}

#[tokio::test]
async fn the_type_name_is_subject_to_conditions_and_aliases() {
    let query = "query($s: Boolean!) {
        __typename @skip(if: $s) product { __typename @skip(if: $s) kind: __typename @include(if: $s) id } }";
    assert_eq!(run(query, json!({"s": true})).await, json!({"product": {"kind": "Product", "id": "1"}}));
    assert_eq!(
        run(query, json!({"s": false})).await,
        json!({"__typename": "Query", "product": {"__typename": "Product", "id": "1"}})
    );
}

#[tokio::test]
async fn abstract_types_apply_conditions_per_type() {
    let query = "query($s: Boolean!) {
        found { __typename ... on Product @skip(if: $s) { title } ... on Product { id } ... on Badge @include(if: $s) { sku } }
        stocked { sku @skip(if: $s) ... on Badge @include(if: $s) { available } } }";
    assert_eq!(
        run(query, json!({"s": true})).await,
        json!({
            "found": [{"__typename": "Product", "id": "1"}, {"__typename": "Badge", "sku": "1-M"}],
            "stocked": {"available": 3}
        })
    );
    assert_eq!(
        run(query, json!({"s": false})).await,
        json!({
            "found": [{"__typename": "Product", "title": "Shirt 1", "id": "1"}, {"__typename": "Badge"}],
            "stocked": {"sku": "1-M"}
        })
    );
}

#[tokio::test]
async fn entity_fields_obey_conditions() {
    let query = "query($r: [_Any!]!, $a: Boolean!, $b: Boolean!) {
        _entities(representations: $r) {
            ... on Product @include(if: $a) { title badge { sku } }
            ... on Product { __typename vendor @skip(if: $b) badge @include(if: $b) { available } }
        } }";
    let representations = json!([{"__typename": "Product", "id": "1"}, {"__typename": "Product", "id": "2"}]);
    let entities =
        async |a: bool, b: bool| run(query, json!({"r": representations, "a": a, "b": b})).await["_entities"].clone();
    assert_eq!(
        entities(true, true).await[1],
        json!({"__typename": "Product", "title": "Shirt 2", "badge": {"sku": "2-M", "available": 3}})
    );
    assert_eq!(
        entities(false, false).await,
        json!([{"__typename": "Product", "vendor": "Selvedge"}, {"__typename": "Product", "vendor": "Selvedge"}])
    );
}

#[tokio::test]
async fn conditions_take_defaults_and_literals() {
    let query = "query($a: Boolean! = false, $b: Boolean = true) {
        product { id @include(if: true) title @include(if: $a) vendor @skip(if: false) badge @skip(if: $b) { sku } } }";
    assert_eq!(run(query, json!({})).await, json!({"product": {"id": "1", "vendor": "Selvedge"}}));
}

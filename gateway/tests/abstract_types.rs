//! Fields of the same response key that differ by type, conflicting arguments, entities behind abstract types.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may unwrap")]

mod support;

use selvedge_gateway::schema::{ServedSchema, compose};
use serde_json::{Value, json};
use support::{entities, prepared, representations, run, served, subgraph};

const CATALOG: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@interfaceObject"])
  type Query { items: [Item!]! item(id: ID!): Item first: Dress }
  type Mutation { touch: Entry! }
  interface Item { id: ID! name: String! }
  type Dress implements Item @key(fields: "id") { id: ID! name: String! size: Int maker: Maker! label(lang: String!): String! }
  type Scarf implements Item @key(fields: "id") { id: ID! name: String! size: String maker: Maker! label(lang: String!): String }
  type Maker @key(fields: "id") { id: ID! }
  type Entry { note: String }
"#;

const MAKERS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { makers: [Maker!]! }
  type Maker @key(fields: "id") { id: ID! name(upper: Boolean): String! partner: Maker }
  type Scarf @key(fields: "id") { id: ID! wool: Boolean! }
"#;

fn schema() -> ServedSchema {
    served(&[subgraph("catalog", CATALOG), subgraph("makers", MAKERS)])
}

#[tokio::test]
async fn one_response_key_with_two_types() {
    let query = "{ items { ... on Dress { size label(lang: \"a\") } ... on Scarf { size label(lang: \"a\") } } }";
    let schema = schema();
    // The two types of `size` conflict for clients as well, so they have to use an alias.
    assert!(
        selvedge_gateway::plan::prepare(&schema, query, None, &selvedge_gateway::parse::Limits::default()).is_err()
    );
    let query = "{ items { ... on Dress { size n: size } ... on Scarf { text: size m: size name } } }";
    let outcome = run(&schema, query, Value::Null, |_: &str, _: &Value| {
        json!({ "data": { "items": [
            { "__typename": "Dress", "size": 38, "n": 38 },
            { "__typename": "Scarf", "text": "L", "m": "L", "name": "s" },
        ] } })
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"items":[{"size":38,"n":38},{"text":"L","m":"L","name":"s"}]}}"#);
}

#[tokio::test]
async fn entities_behind_an_interface() {
    let query = "{ items { name ... on Scarf { wool maker { name } } ... on Dress { maker { loud: name(upper: true) name } } } }";
    let outcome = run(&schema(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "catalog" => json!({ "data": { "items": [
            { "__typename": "Dress", "id": "1", "name": "d", "maker": { "__typename": "Maker", "id": "m" } },
            { "__typename": "Scarf", "id": "2", "name": "s", "maker": { "__typename": "Maker", "id": "m" } },
        ] } }),
        _ => {
            let answer = |entity: &Value| match entity["__typename"].as_str().unwrap() {
                "Scarf" => json!({ "__typename": "Scarf", "wool": true }),
                _ => json!({ "__typename": "Maker", "name": "n", "loud": "N" }),
            };
            entities(body, answer)
        }
    })
    .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"items":[{"name":"d","maker":{"loud":"N","name":"n"}},{"name":"s","wool":true,"maker":{"name":"n"}}]}}"#
    );
}

#[tokio::test]
async fn the_same_field_of_an_entity_twice_with_other_arguments() {
    let query = "{ makers { name loud: name(upper: true) partner { name(upper: true) partner { name } } } }";
    let outcome = run(&schema(), query, Value::Null, |_: &str, _: &Value| {
        json!({ "data": { "makers": [{ "name": "a", "loud": "A", "partner": { "name": "B", "partner": null } }] } })
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"makers":[{"name":"a","loud":"A","partner":{"name":"B","partner":null}}]}}"#);
}

#[tokio::test]
async fn an_unknown_or_missing_type_is_an_error_and_null() {
    let query = "{ item(id: 1) { name ... on Dress { size } } }";
    let outcome = run(&schema(), query, Value::Null, |_: &str, _: &Value| {
        json!({ "data": { "item": { "__typename": "Dress", "name": "d", "size": "not a number" } } })
    })
    .await;
    assert_eq!(outcome.response["data"], json!({ "item": { "name": "d", "size": null } }));
    assert_eq!(outcome.response["errors"][0]["path"], json!(["item", "size"]));
    assert_eq!(outcome.response["errors"][0]["extensions"]["code"], "INVALID_SUBGRAPH_RESPONSE");
}

#[tokio::test]
async fn a_field_that_returns_the_query_type_is_entered_again() {
    // The composer refuses such a field, yet other composers allow it.
    let supergraph = compose(&[subgraph("catalog", CATALOG), subgraph("makers", MAKERS)]).unwrap();
    let schema = ServedSchema::from_supergraph_sdl(&supergraph.replace("note: String", "note: String query: Query!"));
    let schema = schema.unwrap();
    let query = "mutation { touch { note query { makers { name } first { name } } } }";
    let text = prepared(&schema, query).plan_text();
    let outcome = run(&schema, query, Value::Null, |subgraph: &str, body: &Value| {
        if subgraph == "makers" {
            json!({ "data": { "makers": [{ "name": "m" }] } })
        } else if body["query"].as_str().unwrap().contains("touch") {
            json!({ "data": { "touch": { "note": "n", "query": { "__typename": "Query", "first": { "name": "d" } } } } })
        } else {
            json!({ "data": { "first": { "name": "d" } } })
        }
    })
    .await;
    assert_eq!(
        outcome.text, r#"{"data":{"touch":{"note":"n","query":{"makers":[{"name":"m"}],"first":{"name":"d"}}}}}"#,
        "{text}"
    );
}

#[tokio::test]
async fn an_entity_that_its_subgraph_does_not_know_is_null_where_it_may_be() {
    let query = "{ items { ... on Scarf { wool } name } }";
    let outcome = run(&schema(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "catalog" => json!({ "data": { "items": [{ "__typename": "Scarf", "id": "1", "name": "s" }] } }),
        _ => {
            assert_eq!(representations(body).len(), 1);
            entities(body, |_| Value::Null)
        }
    })
    .await;
    assert_eq!(outcome.response["data"], Value::Null);
    assert_eq!(outcome.response["errors"].as_array().unwrap().len(), 1);
    assert_eq!(outcome.response["errors"][0]["message"], "Cannot return null for non-nullable field Scarf.wool.");
    assert_eq!(outcome.response["errors"][0]["path"], json!(["items", 0, "wool"]));
}

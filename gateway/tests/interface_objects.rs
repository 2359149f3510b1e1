//! An interface that one subgraph knows as an object (`@interfaceObject`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may unwrap")]

mod support;

use selvedge_gateway::schema::ServedSchema;
use serde_json::{Value, json};
use support::{entities, prepared, representations, run, served, subgraph};

const LIBRARY: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { media: [Media!]! }
  interface Media @key(fields: "id") { id: ID! title: String! }
  type Book implements Media @key(fields: "id") { id: ID! title: String! pages: Int }
  type Film implements Media @key(fields: "id") { id: ID! title: String! minutes: Int }
"#;

const RATINGS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@interfaceObject"])
  type Query { top: [Media!]! }
  type Media @key(fields: "id") @interfaceObject { id: ID! rating: Int }
"#;

fn schema() -> ServedSchema {
    served(&[subgraph("library", LIBRARY), subgraph("ratings", RATINGS)])
}

#[test]
fn plans() {
    let schema = schema();
    let text = |query: &str| prepared(&schema, query).plan_text();
    insta::assert_snapshot!(format!(
        "{}\n{}\n{}",
        text("{ media { title rating } }"),
        text("{ top { rating __typename title } }"),
        text("{ top { rating ... on Book { pages } } }")
    ));
}

#[tokio::test]
async fn from_the_interface_to_its_object() {
    let outcome = run(&schema(), "{ media { __typename title rating } }", Value::Null, |subgraph: &str, body: &Value| {
        match subgraph {
            "library" => json!({ "data": { "media": [
                { "__typename": "Book", "id": "1", "title": "b" }, { "__typename": "Film", "id": "2", "title": "f" } ] } }),
            _ => entities(body, |entity| {
                assert_eq!(entity["__typename"], "Media");
                json!({ "__typename": "Media", "rating": entity["id"].as_str().unwrap().parse::<i32>().unwrap() })
            }),
        }
    })
    .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"media":[{"__typename":"Book","title":"b","rating":1},{"__typename":"Film","title":"f","rating":2}]}}"#
    );
}

#[tokio::test]
async fn from_the_object_to_the_concrete_type() {
    let outcome = run(&schema(), "{ top { rating __typename ... on Book { pages } } }", Value::Null, |subgraph: &str, body: &Value| {
        match subgraph {
            "ratings" if representations(body).is_empty() => json!({ "data": { "top": [
                { "__typename": "Media", "id": "1", "rating": 5 }, { "__typename": "Media", "id": "2", "rating": 4 } ] } }),
            "library" => entities(body, |entity| match entity["id"].as_str().unwrap() {
                "1" => json!({ "__typename": "Book", "id": "1", "pages": 9 }),
                _ => json!({ "__typename": "Film", "id": "2" }),
            }),
            _ => panic!("{body}"),
        }
    })
    .await;
    assert_eq!(
        outcome.text,
        r#"{"data":{"top":[{"rating":5,"__typename":"Book","pages":9},{"rating":4,"__typename":"Film"}]}}"#
    );
}

#[tokio::test]
async fn without_the_concrete_type_the_interface_is_enough() {
    let outcome = run(
        &schema(),
        "{ top { rating id } }",
        Value::Null,
        |_: &str, _: &Value| json!({ "data": { "top": [{ "id": "1", "rating": 5 }] } }),
    )
    .await;
    assert_eq!(outcome.text, r#"{"data":{"top":[{"rating":5,"id":"1"}]}}"#);
    assert_eq!(outcome.log.all().len(), 1);
}

#[tokio::test]
async fn several_types_that_need_the_same_of_an_interface_object() {
    let query = "{ top { ... on Book { r: rating pages } ... on Film { r: rating minutes } } }";
    let text = prepared(&schema(), query).plan_text();
    let outcome = run(&schema(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "ratings" if representations(body).is_empty() => json!({ "data": { "top": [
            { "__typename": "Media", "id": "1", "rating": 5, "r": 5 }, { "__typename": "Media", "id": "2", "rating": 4, "r": 4 } ] } }),
        "ratings" => entities(body, |entity| {
            assert_eq!(entity["__typename"], "Media");
            json!({ "__typename": "Media", "r": if entity["id"] == "1" { 5 } else { 4 } })
        }),
        _ => entities(body, |entity| match entity["id"].as_str().unwrap() {
            "1" => json!({ "__typename": "Book", "id": "1", "pages": 9 }),
            _ => json!({ "__typename": "Film", "id": "2", "minutes": 90 }),
        }),
    })
    .await;
    assert_eq!(outcome.text, r#"{"data":{"top":[{"r":5,"pages":9},{"r":4,"minutes":90}]}}"#, "{text}");
}

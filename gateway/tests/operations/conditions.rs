//! `@skip` and `@include` with variables.

use serde_json::{Value, json};

use crate::support::{run, served, shop, subgraph};

#[tokio::test]
async fn subgraphs_are_asked_for_what_is_selected() {
    let schema = served(&[subgraph("a", "type Query { a: A b: Int } type A { x: Int y: Int }")]);
    let query = "query($v: Boolean = true, $w: Boolean!) {
        a @include(if: $v) { x ... @skip(if: $w) { ...F @include(if: $v) } } b @skip(if: $v) @include(if: $w)
    } fragment F on A { y @include(if: $v) }";
    for (variables, asked) in [
        (json!({ "w": false }), "{a{x y}}"),
        (json!({ "w": true }), "{a{x}}"),
        (json!({ "v": false, "w": true }), "{b}"),
    ] {
        let answer = |_: &str, _: &Value| json!({ "data": { "a": null, "b": null } });
        let outcome = run(&schema, query, variables.clone(), answer).await;
        let body = outcome.log.to("a").remove(0);
        assert_eq!(body["query"], asked, "{variables}");
    }
    let nothing = run(&schema, query, json!({ "v": false, "w": false }), |_: &str, _: &Value| json!({})).await;
    assert_eq!((nothing.text.as_str(), nothing.log.all().len()), (r#"{"data":{}}"#, 0));
}

#[tokio::test]
async fn null_is_no_condition() {
    let query = "query($v: Boolean = true) { me @skip(if: $v) { id } }";
    let outcome = run(&shop(), query, json!({ "v": null }), |_: &str, _: &Value| json!({})).await;
    let message = outcome.response["errors"][0]["message"].as_str().unwrap();
    assert_eq!(message, "Argument \"if\" of non-null type \"Boolean!\" must not be null.");
    assert!(outcome.response.get("data").is_none());
}

#[tokio::test]
async fn a_mutation_runs_once_however_often_it_is_selected() {
    let schema =
        served(&[subgraph("a", "type Query { a: Int } type Mutation { add: Added } type Added { x: Int y: Int }")]);
    let query = "mutation($v: Boolean!) {
        add @include(if: true) { x } add @skip(if: $v) { y } ... on Mutation { add { __typename } } ...F
    } fragment F on Mutation { add @include(if: $v) { x } }";
    for v in [true, false] {
        let answer = |_: &str, _: &Value| json!({ "data": { "add": { "__typename": "Added", "x": 1, "y": 2 } } });
        let outcome = run(&schema, query, json!({ "v": v }), answer).await;
        assert_eq!(outcome.log.all().len(), 1, "{:?}", outcome.log.all());
    }
}

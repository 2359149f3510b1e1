//! Literals reach subgraphs with the meaning that they have in the client's document.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may unwrap")]

mod support;

use selvedge_gateway::schema::ServedSchema;
use serde_json::{Value, json};
use support::{run, served, subgraph};

fn schema() -> ServedSchema {
    served(&[subgraph(
        "a",
        "scalar JSON
         enum Kind { ONE TWO }
         input Box { json: JSON ids: [ID!] float: Float kind: Kind = ONE }
         type Query { echo(json: JSON, many: [JSON], float: Float, id: ID, text: String, box: Box, kind: Kind): String }",
    )])
}

/// The arguments of `echo` as they are asked, and the variables beside them.
async fn asked(arguments: &str, variables: Value) -> (String, Value) {
    let definitions = if arguments.contains("$x") { "query($x: Float)" } else { "" };
    let query = format!("{definitions} {{ echo({arguments}) }}");
    let answer = |_: &str, _: &Value| json!({ "data": { "echo": null } });
    let outcome = run(&schema(), &query, variables, answer).await;
    let body = outcome.log.to("a").remove(0);
    let text = body["query"].as_str().unwrap();
    let arguments = text.split_once("echo(").unwrap().1.rsplit_once(')').unwrap().0;
    (arguments.to_owned(), body["variables"].clone())
}

#[tokio::test]
async fn what_the_planner_would_change_is_sent_as_a_variable() {
    for (argument, sent) in [
        ("json: 12345678901234567890", json!(12_345_678_901_234_567_890_u64)),
        ("json: 3000000000", json!(3_000_000_000_u64)),
        ("json: 1.0", json!(1.0)),
        ("json: { b: 1, a: [{ d: ONE, c: null }] }", json!({ "b": 1, "a": [{ "d": "ONE", "c": null }] })),
        ("many: { b: 1, a: 2 }", json!([{ "b": 1, "a": 2 }])),
        ("float: 1e300", json!(1e300)),
        ("float: 0.0000001", json!(1e-7)),
    ] {
        let (arguments, variables) = asked(argument, Value::Null).await;
        let name = argument.split_once(':').unwrap().0;
        assert_eq!(arguments, format!("{name}: $literal0"), "{argument}");
        // The order of fields counts, so the texts are compared.
        assert_eq!(variables.to_string(), json!({ "literal0": sent }).to_string(), "{argument}");
    }
    let (arguments, variables) = asked("box: { json: 0.5, float: 2 }, json: 0.5", Value::Null).await;
    assert_eq!(arguments, "box: {float: 2, json: $literal0}, json: $literal0", "the same literal is the same variable");
    assert_eq!(variables, json!({ "literal0": 0.5 }));
}

#[tokio::test]
async fn other_literals_stay_where_they_are() {
    for (argument, expected) in [
        ("json: { a: ONE }", "json: {a: ONE}"),
        ("json: [1, \"b\", null, true]", "json: [1, \"b\", null, true]"),
        ("id: 12345678901234567890", "id: \"12345678901234567890\""),
        ("float: 3", "float: 3"),
        ("kind: TWO", "kind: TWO"),
        ("box: { ids: 5 }", "box: {ids: \"5\"}"),
        ("text: \"\"\"\n  a \\\"\"\"\n    b\\n\n\"\"\"", "text: \"a \\\"\\\"\\\"\\n  b\\\\n\""),
        (r#"text: "\u{1F600}\uD83D\uDE00\b\u0000""#, "text: \"😀😀\\b\\u0000\""),
    ] {
        let (arguments, variables) = asked(argument, Value::Null).await;
        assert_eq!((arguments.as_str(), variables), (expected, Value::Null), "{argument}");
    }
}

#[tokio::test]
async fn a_variable_within_a_literal_stays_one() {
    let (arguments, variables) = asked("json: { a: $x, b: 1.5 }", json!({ "x": 1, "literal0": 7 })).await;
    assert_eq!(arguments, "json: {a: $x, b: $literal0}");
    assert_eq!(variables, json!({ "x": 1, "literal0": 1.5 }), "clients do not set what stands for a literal");
}

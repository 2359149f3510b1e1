//! What clients are told of documents and variables that do not fit.

use selvedge_gateway::{
    parse::Limits,
    plan::prepare,
    schema::{ServedSchema, compose},
    validate::coerce_variables,
};
use serde_json::{Value, json};

use crate::support::{object, prepared, served, shop, shop_subgraphs, subgraph};

fn errors(query: &str) -> Vec<String> {
    let schema = shop();
    match prepare(&schema, query, None, &Limits::default()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.message).collect(),
    }
}

fn coerced(query: &str, variables: Value) -> Result<Value, Vec<String>> {
    let schema = shop();
    let operation = prepared(&schema, query);
    coerce_variables((schema.api(), true), operation.variables(), object(variables))
        .map(Value::Object)
        .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
}

#[test]
fn unknown_and_inaccessible_fields() {
    assert_eq!(errors("{ nope }"), ["Cannot query field \"nope\" on type \"Query\". Did you mean \"node\"?"]);
    let hidden = Limits { introspection: false, ..Limits::default() };
    let told = prepare(&shop(), "{ nope }", None, &hidden).unwrap_err();
    assert_eq!(told[0].message, "Cannot query field \"nope\" on type \"Query\".", "who may not read the schema");
    assert_eq!(errors("{ auditLog }"), ["Cannot query field \"auditLog\" on type \"Query\"."]);
    assert_eq!(errors("{ products(filter: { state: RECALLED }) { id } }").len(), 1);
    assert_eq!(errors("{ products { id } }"), [""; 0]);
    assert_eq!(errors("{ __schema { types { name nope } } }").len(), 1);
}

#[test]
fn the_schema_is_a_field_of_the_query_type_alone() {
    for query in [
        "{ products { __schema { description } } }",
        "{ ...F } fragment F on Query { products { ... on Product { __schema { description } } } }",
    ] {
        assert_eq!(errors(query), ["Cannot query field \"__schema\" on type \"Product\"."]);
    }
    assert!(!errors("{ products { __type(name: \"Product\") { name } } }").is_empty());
    assert_eq!(errors("{ ... { __type(name: \"Product\") { fields { type { name __typename } } } } }"), [""; 0]);
}

#[test]
fn errors_are_listed_up_to_a_limit() {
    let unknown = errors(&format!("{{ __typename {} }}", "@nope ".repeat(3_000)));
    assert_eq!(unknown.len(), 101);
    assert!(unknown[100].contains("limit"), "{}", unknown[100]);
    let keys: serde_json::Map<String, Value> = (0..40_000).map(|n| (format!("k{n}"), json!(1))).collect();
    assert_eq!(
        coerced("query($f: ProductFilter) { products(filter: $f) { id } }", json!({ "f": keys })).unwrap_err().len(),
        51
    );
}

#[test]
fn operations_of_a_kind_that_the_schema_lacks() {
    let schema = served(&[subgraph("a", "type Query { a: Int }")]);
    for query in ["mutation { a }", "subscription { a }"] {
        let errors = prepare(&schema, query, None, &Limits::default()).unwrap_err();
        assert!(errors[0].message.contains("is not supported by this schema"), "{errors:?}");
        assert_eq!(errors[0].locations.len(), 1);
    }
}

#[test]
fn subscriptions_have_one_root_field_without_conditions() {
    let two = errors("subscription { badges(skus: []) { sku } b: badges(skus: []) { sku } }");
    assert_eq!(two, ["Anonymous Subscription must select only one top level field."]);
    let condition = errors(
        "subscription S($x: Boolean!) { ...F } fragment F on Subscription { badges(skus: []) @skip(if: $x) { sku } }",
    );
    assert_eq!(
        condition,
        ["Subscription \"S\" must not use `@skip` or `@include` directives in the top level selection."]
    );
}

#[test]
fn operation_names() {
    let schema = shop();
    let two = "query A { me { id } } query B { me { name } }";
    let fails = |name: Option<&str>| prepare(&schema, two, name, &Limits::default()).unwrap_err()[0].message.clone();
    assert_eq!(fails(None), "Must provide operation name if query contains multiple operations.");
    assert_eq!(fails(Some("C")), "Unknown operation named \"C\".");
    assert!(prepare(&schema, two, Some("B"), &Limits::default()).unwrap().plan_text().contains("name"));
}

#[test]
fn hostile_documents_are_errors_not_crashes() {
    assert_eq!(errors(&"{".repeat(1_000_000)).len(), 1);
    assert!(!errors("{ ...F } fragment F on Query { ...F }").is_empty());
    assert!(!errors("{ ...Missing }").is_empty());
    assert!(!errors("").is_empty());
    assert!(!errors("fragment F on Query { me { id } }").is_empty());
    assert!(!errors("{ products(first: 99999999999999999999) { id } }").is_empty());
    assert!(!errors("{ products(first: 3000000000) { id } }").is_empty());
    assert!(!errors("query($a: Int = 99999999999) { products(first: $a) { id } }").is_empty());
}

#[test]
fn variables_are_coerced() {
    let query = "query($first: Int = 3, $filter: ProductFilter, $id: ID!) { products(first: $first, filter: $filter) { id } product(id: $id) { id } }";
    let value = coerced(query, json!({ "id": 5, "filter": { "sizes": "M", "near": { "x": 1 } }, "unknown": 1 }));
    assert_eq!(value.unwrap(), json!({ "first": 3, "id": "5", "filter": { "sizes": ["M"], "near": { "x": 1 } } }));
    assert_eq!(coerced(query, json!({ "id": "a", "first": null })).unwrap(), json!({ "id": "a", "first": null }));
    assert_eq!(coerced(query, json!({ "id": "a", "first": 2.0 })).unwrap()["first"], json!(2));
    assert_eq!(coerced(query, json!({ "id": 4.0 })).unwrap()["id"], json!("4"));
    assert_eq!(coerced(query, json!({ "id": u64::MAX })).unwrap()["id"], json!("18446744073709551615"));
    assert!(coerced(query, json!({ "id": 4.5 })).is_err());
}

#[test]
fn variables_that_do_not_fit_are_named() {
    let query = "query($f: ProductFilter, $id: ID!, $n: Int) { products(first: $n, filter: $f) { id } product(id: $id) { id } }";
    let fails = |variables: Value| coerced(query, variables).unwrap_err().join("\n");
    assert_eq!(fails(json!({})), "Variable \"$id\" of required type \"ID!\" was not provided.");
    assert_eq!(fails(json!({ "id": null })), "Variable \"$id\" of non-null type \"ID!\" must not be null.");
    assert_eq!(
        fails(json!({ "id": 1, "n": 2_147_483_648_u64 })),
        "Variable \"$n\" got invalid value 2147483648; Int cannot represent non 32-bit signed integer value: 2147483648"
    );
    assert_eq!(
        fails(json!({ "id": 1, "f": { "sizes": ["M", 4] } })),
        "Variable \"$f\" got invalid value 4 at \"f.sizes[1]\"; String cannot represent a non string value: 4"
    );
    assert_eq!(
        fails(json!({ "id": 1, "f": { "state": "IN_STOK" } })),
        "Variable \"$f\" got invalid value \"IN_STOK\" at \"f.state\"; Value \"IN_STOK\" does not exist in \"StockState\" enum. Did you mean the enum value \"IN_STOCK\"?"
    );
    assert_eq!(
        fails(json!({ "id": 1, "f": { "near": { "y": 1 } } })),
        "Variable \"$f\" got invalid value { y: 1 } at \"f.near\"; Field \"x\" of required type \"Float!\" was not provided."
    );
    assert!(fails(json!({ "id": 1, "f": { "sizs": [] } })).contains("Did you mean \"sizes\"?"));
    let schema = shop();
    let operation = prepared(&schema, query);
    for wrong in [json!({ "sizs": [] }), json!({ "state": "IN_STOK" }), json!({ "state": ["IN_STOCK"] })] {
        let given = object(json!({ "id": 1, "f": wrong }));
        let errors = coerce_variables((schema.api(), false), operation.variables(), given).unwrap_err();
        assert!(!errors[0].message.contains("Did you mean"), "who may not read the schema: {}", errors[0].message);
    }
    assert!(fails(json!({ "id": 1, "f": 3 })).contains("Expected type \"ProductFilter\" to be an object."));
}

#[test]
fn one_of_takes_exactly_one() {
    let supergraph = compose(&shop_subgraphs()).unwrap().replace("input PointInput", "input PointInput @oneOf");
    let supergraph = supergraph.replace("x: Float!", "x: Float").replace("y: Float! = 0", "y: Float");
    assert!(supergraph.contains("input PointInput @oneOf"), "{supergraph}");
    let schema = ServedSchema::from_supergraph_sdl(&supergraph).unwrap();
    let query = "query($near: PointInput) { products(filter: { near: $near }) { id } }";
    let operation = prepared(&schema, query);
    let coerced = |near: Value| {
        coerce_variables((schema.api(), true), operation.variables(), object(json!({ "near": near })))
            .map_err(|errors| errors[0].message.clone())
    };
    assert!(coerced(json!({ "x": 1 })).is_ok());
    assert!(coerced(Value::Null).is_ok());
    let exactly_one = "Exactly one key must be specified for OneOf type \"PointInput\".";
    assert!(coerced(json!({})).unwrap_err().ends_with(exactly_one));
    assert!(coerced(json!({ "x": 1, "y": 2 })).unwrap_err().ends_with(exactly_one));
    assert!(coerced(json!({ "x": null })).unwrap_err().ends_with("Field \"x\" must be non-null."));
}

#[test]
fn literals_of_one_of_take_exactly_one() {
    let supergraph = compose(&shop_subgraphs()).unwrap().replace("input PointInput", "input PointInput @oneOf");
    let supergraph = supergraph.replace("x: Float!", "x: Float").replace("y: Float! = 0", "y: Float");
    let schema = ServedSchema::from_supergraph_sdl(&supergraph).unwrap();
    let fails = |near: &str| {
        let query = format!("{{ products(filter: {{ near: {near} }}) {{ id }} }}");
        prepare(&schema, &query, None, &Limits::default()).is_err()
    };
    assert!(!fails("{ x: 1 }"));
    assert!(fails("{}"));
    assert!(fails("{ x: 1, y: 2 }"));
    assert!(fails("{ x: null }"));
}

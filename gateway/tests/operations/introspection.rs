//! Introspection is answered by the gateway, of what clients may see.

use serde_json::{Value, json};

use crate::support::{Reply, run, shop};

async fn introspect(query: &str, variables: Value) -> Value {
    let outcome =
        run(&shop(), query, variables, |_: &str, _: &Value| -> Reply { panic!("no subgraph is asked") }).await;
    assert_eq!(outcome.response.get("errors"), None, "{}", outcome.text);
    outcome.response["data"].clone()
}

const FULL: &str = r#"
  query IntrospectionQuery {
    __schema {
      description
      queryType { name kind } mutationType { name kind } subscriptionType { name kind }
      types { ...FullType }
      directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
    }
  }
  fragment FullType on __Type {
    kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) {
      name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
    }
    inputFields(includeDeprecated: true) { ...InputValue }
    interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef }
  }
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
  fragment TypeRef on __Type {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
  }
"#;

#[tokio::test]
async fn the_full_query_of_tools() {
    let data = introspect(FULL, Value::Null).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    let names: Vec<&str> = types.iter().map(|ty| ty["name"].as_str().unwrap()).collect();
    for expected in ["Query", "Product", "StockState", "JSON", "String", "Boolean", "__Type", "__DirectiveLocation"] {
        assert!(names.contains(&expected), "{expected} in {names:?}");
    }
    assert!(names.iter().all(|name| !name.contains("join") && !name.contains("link")), "{names:?}");
    let directives: Vec<&str> =
        data["__schema"]["directives"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(directives, ["live", "skip", "include", "defer", "deprecated", "specifiedBy", "oneOf"]);
    let product = types.iter().find(|ty| ty["name"] == "Product").unwrap();
    insta::assert_json_snapshot!(product);
}

#[tokio::test]
async fn details() {
    let query = r#"query($name: String!, $old: Boolean!) {
      __type(name: $name) { __typename name fields(includeDeprecated: $old) { name } }
      state: __type(name: "StockState") { enumValues { name } }
      json: __type(name: "JSON") { specifiedByURL isOneOf fields { name } }
      filter: __type(name: "PointInput") { isOneOf inputFields { name defaultValue } }
      node: __type(name: "Node") { possibleTypes { name } }
      none: __type(name: "Nope") { name }
    }"#;
    let data = introspect(query, json!({ "name": "Badge", "old": false })).await;
    assert_eq!(
        data,
        json!({
            "__type": { "__typename": "__Type", "name": "Badge", "fields": [{ "name": "sku" }, { "name": "available" }, { "name": "product" }] },
            "state": { "enumValues": [{ "name": "IN_STOCK" }, { "name": "OUT_OF_STOCK" }] },
            "json": { "specifiedByURL": "https://www.rfc-editor.org/rfc/rfc8259", "isOneOf": null, "fields": null },
            "filter": { "isOneOf": false, "inputFields": [{ "name": "x", "defaultValue": null }, { "name": "y", "defaultValue": "0" }] },
            "node": { "possibleTypes": [{ "name": "Product" }, { "name": "Brand" }] },
            "none": null,
        })
    );
}

#[tokio::test]
async fn deprecated_fields_are_shown_on_request() {
    let query = r#"{ __type(name: "Product") { a: fields { name } b: fields(includeDeprecated: true) { name deprecationReason } } }"#;
    let data = introspect(query, Value::Null).await;
    let has = |key: &str| data["__type"][key].as_array().unwrap().iter().any(|field| field["name"] == "oldPrice");
    assert!(!has("a") && has("b"));
}

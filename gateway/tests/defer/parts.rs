//! What `@defer` delivers, when, and how it is told.

use std::time::Duration;

use selvedge_gateway::{
    operation::DeferForm,
    schema::ServedSchema,
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports},
};
use serde_json::{Value, json};

use crate::{
    defer_support::parts_of,
    support::{entities, object, prepared, served, subgraph},
};

const CATALOG: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { product: Product products: [Product!]! }
  type Mutation { add: Product }
  type Product @key(fields: "id") { id: ID! name: String! maker: Maker }
  type Maker { city: String }
"#;
const REVIEWS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { best: Review }
  type Product @key(fields: "id") { id: ID! reviews: [Review!]! rating: Float! }
  type Review { text: String! product: Product }
"#;

fn schema() -> ServedSchema {
    served(&[subgraph("catalog", CATALOG), subgraph("reviews", REVIEWS)])
}

/// The catalog answers at once, the reviews after a second.
fn transports(rating: Value) -> SubgraphTransports {
    let catalog = tower::service_fn(|request: SubgraphRequest| async move {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let product = |id: &str| json!({ "__typename": "Product", "id": id, "name": format!("product {id}"), "maker": { "city": "Lyon" } });
        let data = match body["query"].as_str().unwrap() {
            list if list.contains("products") => json!({ "products": [product("1"), product("2")] }),
            change if change.contains("add") => json!({ "add": product("1") }),
            _ => json!({ "product": product("1") }),
        };
        Ok(SubgraphResponse::complete(json!({ "data": data }).to_string().into()))
    });
    let reviews = tower::service_fn(move |request: SubgraphRequest| {
        let rating = rating.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let answer = |of: &Value| {
                let rating = if of["id"] == "1" { rating.clone() } else { json!(4.5) };
                json!({ "rating": rating, "reviews": [{ "text": format!("about {}", of["id"]) }] })
            };
            Ok(SubgraphResponse::complete(entities(&body, answer).to_string().into()))
        }
    });
    SubgraphTransports::default().with("catalog".to_owned(), catalog).with("reviews".to_owned(), reviews)
}

async fn parts(query: &str, form: DeferForm, rating: Value) -> Vec<(u64, Value)> {
    let schema = schema();
    let variables = object(json!({ "on": true, "off": false }));
    let given = variables.into_iter().filter(|(name, _)| query.contains(&format!("${name}"))).collect();
    let parts = parts_of(&schema, &prepared(&schema, query), (&given, form), &transports(rating)).await;
    parts.into_iter().map(|(at, part)| (at.as_secs(), part)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_not_deferred_waits_for_nothing_else() {
    let query = r#"{ product { name ... @defer(label: "slow") { rating } } }"#;
    assert_eq!(
        parts(query, DeferForm::Pending, json!(5.0)).await,
        [
            (
                0,
                json!({ "data": { "product": { "name": "product 1" } }, "hasNext": true,
                "pending": [{ "id": "0", "path": ["product"], "label": "slow" }] })
            ),
            (
                1,
                json!({ "incremental": [{ "id": "0", "data": { "rating": 5.0 } }],
                "completed": [{ "id": "0" }], "hasNext": false })
            ),
        ]
    );
    assert_eq!(
        parts(query, DeferForm::Fragments, json!(5.0)).await,
        [
            (0, json!({ "data": { "product": { "name": "product 1" } }, "hasNext": true })),
            (
                1,
                json!({ "incremental": [{ "path": ["product"], "label": "slow", "data": { "rating": 5.0 } }],
                "hasNext": false })
            ),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn variables_decide() {
    for (query, count) in [
        ("query($on: Boolean!) { product { name ... @defer(if: $on) { rating } } }", 2),
        ("query($off: Boolean!) { product { name ... @defer(if: $off) { rating } } }", 1),
        ("query($off: Boolean!) { product { name ... @include(if: $off) @defer { rating } } }", 1),
        ("{ product { name rating ... @defer { rating } } }", 1),
        ("{ product { name ... @defer(if: false) { rating } } }", 1),
        ("query($other: Boolean = false) { product { name ... @defer(if: $other) { rating } } }", 1),
        ("query($other: Boolean) { product { name ... @defer(if: $other) { rating } } }", 2),
    ] {
        let parts = parts(query, DeferForm::Pending, json!(5.0)).await;
        assert_eq!(parts.len(), count, "{query}");
        assert_eq!(parts[0].1.get("hasNext").is_some(), count > 1, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fragment_in_a_list_is_one_for_each_item() {
    let query = "{ products { name ...R @defer } } fragment R on Product { reviews { text } }";
    let parts = parts(query, DeferForm::Pending, json!(5.0)).await;
    assert_eq!(
        parts[0].1["pending"],
        json!([{ "id": "0", "path": ["products", 0] }, { "id": "1", "path": ["products", 1] }])
    );
    assert_eq!(
        parts[1].1["incremental"],
        json!([
            { "id": "0", "data": { "reviews": [{ "text": "about \"1\"" }] } },
            { "id": "1", "data": { "reviews": [{ "text": "about \"2\"" }] } },
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_fragment_inside_of_another_comes_behind_it() {
    let query =
        r#"{ product { ... @defer(label: "outer") { name ... @defer(label: "inner") { rating maker { city } } } } }"#;
    let pending = parts(query, DeferForm::Pending, json!(5.0)).await;
    assert_eq!(
        pending.iter().map(|(at, part)| (*at, part["pending"].clone())).collect::<Vec<_>>(),
        [
            (0, json!([{ "id": "0", "path": ["product"], "label": "outer" }])),
            (0, json!([{ "id": "1", "path": ["product"], "label": "inner" }])),
            (1, Value::Null),
        ]
    );
    assert_eq!(pending[1].1["completed"], json!([{ "id": "0" }]));
    let fragments = parts(query, DeferForm::Fragments, json!(5.0)).await;
    let labels: Vec<&Value> = fragments[1..].iter().map(|(_, part)| &part["incremental"][0]["label"]).collect();
    assert_eq!(labels, ["outer", "inner"]);
}

#[tokio::test(start_paused = true)]
async fn each_field_is_told_once_and_each_fragment_whole() {
    // The name is not deferred, and the maker's city only below what is not.
    let query = r#"{ product { name maker { __typename } ... @defer(label: "l") { name maker { city } rating } } }"#;
    let pending = parts(query, DeferForm::Pending, json!(5.0)).await;
    assert_eq!(
        pending[1].1["incremental"],
        json!([{ "id": "0", "data": { "rating": 5.0 } }, { "id": "0", "subPath": ["maker"], "data": { "city": "Lyon" } }])
    );
    let fragments = parts(query, DeferForm::Fragments, json!(5.0)).await;
    assert_eq!(
        fragments[1].1["incremental"],
        json!([{ "path": ["product"], "label": "l", "data": { "name": "product 1", "maker": { "city": "Lyon" }, "rating": 5.0 } }])
    );
}

#[tokio::test(start_paused = true)]
async fn what_two_fragments_select_comes_with_the_first() {
    let query = r#"{ product { ... @defer(label: "a") { name } ... @defer(label: "b") { name rating } } }"#;
    let parts = parts(query, DeferForm::Pending, json!(5.0)).await;
    let told: Vec<_> = parts[1..].iter().map(|(at, part)| (*at, &part["incremental"], &part["completed"])).collect();
    assert_eq!(
        told,
        [
            (0, &json!([{ "id": "0", "data": { "name": "product 1" } }]), &json!([{ "id": "0" }])),
            (1, &json!([{ "id": "1", "data": { "rating": 5.0 } }]), &json!([{ "id": "1" }])),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn null_ends_at_the_fragment() {
    let query = r#"{ products { id ... @defer(label: "l") { rating ... @defer { name } } } }"#;
    let pending = parts(query, DeferForm::Pending, Value::Null).await;
    let all: Vec<&Value> =
        pending.iter().flat_map(|(_, part)| part["completed"].as_array().into_iter().flatten()).collect();
    let failed: Vec<&&Value> = all.iter().filter(|completed| completed.get("errors").is_some()).collect();
    assert_eq!(failed.len(), 1, "{pending:?}");
    assert_eq!(failed[0]["id"], "0");
    assert_eq!(failed[0]["errors"][0]["path"], json!(["products", 0, "rating"]));
    // The other item has its value, and what is in the fragment that failed never comes.
    assert_eq!(all.len(), 3, "{pending:?}");
    assert!(pending.iter().all(|(_, part)| part.get("errors").is_none()));
    let fragments = parts(query, DeferForm::Fragments, Value::Null).await;
    let increments: Vec<&Value> =
        fragments.iter().flat_map(|(_, part)| part["incremental"].as_array().into_iter().flatten()).collect();
    assert_eq!(increments[0]["data"], Value::Null);
    assert_eq!(increments[0]["path"], json!(["products", 0]));
    assert_eq!(increments[0]["errors"][0]["path"], json!(["products", 0, "rating"]));
    assert_eq!(increments[1]["data"], json!({ "rating": 4.5 }));
}

#[tokio::test(start_paused = true)]
async fn mutations_defer_below_their_fields() {
    let parts = parts("mutation { add { name ... @defer { rating } } }", DeferForm::Pending, json!(5.0)).await;
    assert_eq!(
        parts[0],
        (
            0,
            json!({ "data": { "add": { "name": "product 1" } }, "hasNext": true, "pending": [{ "id": "0", "path": ["add"] }] })
        )
    );
    assert_eq!(parts[1].1["incremental"], json!([{ "id": "0", "data": { "rating": 5.0 } }]));
}

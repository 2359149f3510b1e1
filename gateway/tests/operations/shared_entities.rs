//! Entities that stand in many places: what is below them is asked for once, and is right in each place.

use std::time::Duration;

use selvedge_gateway::schema::ServedSchema;
use serde_json::{Value, json};

use crate::support::{Reply, entities, representations, run, run_within, served, shop, subgraph};

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"]) "#;

fn reviews() -> ServedSchema {
    served(&[
        subgraph(
            "catalog",
            &format!("{LINK} type Query {{ products: [Product!] }} type Product @key(fields: \"id\") {{ id: ID! }}"),
        ),
        subgraph(
            "reviews",
            &format!(
                "{LINK} type Product @key(fields: \"id\") {{ id: ID! reviews: [Review!] }}
                 type Review {{ body: String author: User }} type User @key(fields: \"id\") {{ id: ID! }}"
            ),
        ),
        subgraph(
            "accounts",
            &format!("{LINK} type User @key(fields: \"id\") {{ id: ID! name: String email: String }}"),
        ),
    ])
}

fn review(author: u32) -> Value {
    json!({ "body": "b", "author": { "__typename": "User", "id": author.to_string() } })
}

fn answer(subgraph: &str, body: &Value) -> Value {
    match subgraph {
        "catalog" => {
            let products = ["1", "2", "1"].map(|id| json!({ "__typename": "Product", "id": id }));
            json!({ "data": { "products": products } })
        }
        "reviews" => entities(body, |product| match product["id"].as_str() {
            Some("1") => json!({ "reviews": [review(7), review(8)] }),
            _ => json!({ "reviews": [review(8)] }),
        }),
        _ => entities(body, |user| json!({ "name": format!("n{}", user["id"].as_str().unwrap()) })),
    }
}

#[tokio::test]
async fn what_is_below_an_entity_is_asked_for_once_and_written_everywhere() {
    let query = "{ products { reviews { body author { name } } } }";
    let outcome = run(&reviews(), query, Value::Null, answer).await;
    let one = json!({ "reviews": [{ "body": "b", "author": { "name": "n7" } }, { "body": "b", "author": { "name": "n8" } }] });
    let two = json!({ "reviews": [{ "body": "b", "author": { "name": "n8" } }] });
    assert_eq!(outcome.response, json!({ "data": { "products": [one, two, one] } }));
    assert_eq!(representations(&outcome.log.to("reviews")[0]).len(), 2);
    assert_eq!(representations(&outcome.log.to("accounts")[0]).len(), 2);
}

#[tokio::test]
async fn an_error_below_an_entity_is_reported_at_all_its_places() {
    let query = "{ products { reviews { author { name email } } } }";
    let outcome = run(&reviews(), query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "accounts" => {
            let mut answer =
                entities(
                    body,
                    |user| if user["id"] == "7" { Value::Null } else { json!({ "name": "n", "email": "e" }) },
                );
            answer["errors"] = json!([{ "message": "gone", "path": ["_entities", 0, "name"] }, { "message": "slow" }]);
            answer
        }
        _ => answer(subgraph, body),
    })
    .await;
    let paths: Vec<&Value> =
        outcome.response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    let at = |product: u32| json!(["products", product, "reviews", 0, "author", "name"]);
    assert_eq!(paths, [&at(0), &at(2), &json!(["products"])]);
    let nobody = json!({ "name": null, "email": null });
    assert_eq!(outcome.response["data"]["products"][0]["reviews"][0]["author"], nobody);
    assert_eq!(outcome.response["data"]["products"][2]["reviews"][0]["author"], nobody);
    assert_eq!(outcome.response["data"]["products"][1]["reviews"][0]["author"]["name"], "n");
}

#[tokio::test]
async fn a_null_where_none_may_be_is_reported_at_all_its_places() {
    let schema = served(&[
        subgraph(
            "catalog",
            &format!("{LINK} type Query {{ products: [Product!] }} type Product @key(fields: \"id\") {{ id: ID! }}"),
        ),
        subgraph(
            "reviews",
            &format!(
                "{LINK} type Product @key(fields: \"id\") {{ id: ID! best: Review }} type Review {{ body: String! }}"
            ),
        ),
    ]);
    let outcome =
        run(&schema, "{ products { best { body } } }", Value::Null, |subgraph: &str, body: &Value| match subgraph {
            "reviews" => entities(body, |_| json!({ "best": { "body": null } })),
            _ => answer(subgraph, body),
        })
        .await;
    assert_eq!(outcome.response["data"], json!({ "products": [{ "best": null }, { "best": null }, { "best": null }] }));
    let paths: Vec<&Value> =
        outcome.response["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    let at = |product: u32| json!(["products", product, "best", "body"]);
    assert_eq!(paths, [&at(0), &at(1), &at(2)]);
}

#[tokio::test]
async fn each_of_two_types_with_the_same_entity_gets_what_it_asks_for() {
    let keyed = |fields: &str| {
        format!(
            "type Shirt @key(fields: \"id\") {{ id: ID! {fields} }} type Shoe @key(fields: \"id\") {{ id: ID! {fields} }}"
        )
    };
    let items = format!("{LINK} type Query {{ items: [Item!] }} union Item = Shirt | Shoe {}", keyed(""));
    let owners = format!(
        "{LINK} {} type Owner @key(fields: \"id\") {{ id: ID! team: Team }} type Team @key(fields: \"id\") {{ id: ID! }}",
        keyed("owner: Owner")
    );
    let names = format!("{LINK} type Team @key(fields: \"id\") {{ id: ID! name: String title: String }}");
    let schema = served(&[subgraph("items", &items), subgraph("owners", &owners), subgraph("names", &names)]);
    let query = "{ items { ... on Shirt { owner { team { n: name } } } ... on Shoe { owner { team { t: title } } } } }";
    let outcome = run(&schema, query, Value::Null, |subgraph: &str, body: &Value| match subgraph {
        "items" => {
            let item = |ty: &str| json!({ "__typename": ty, "id": "1" });
            json!({ "data": { "items": [item("Shirt"), item("Shoe"), item("Shirt")] } })
        }
        "owners" => entities(body, |_| json!({ "owner": { "team": { "__typename": "Team", "id": "t" } } })),
        _ => entities(body, |_| json!({ "n": "name", "t": "title" })),
    })
    .await;
    let item = |key: &str, n: &str| json!({ "owner": { "team": { key: n } } });
    assert_eq!(
        outcome.response,
        json!({ "data": { "items": [item("n", "name"), item("t", "title"), item("n", "name")] } })
    );
}

#[tokio::test]
async fn a_fetch_waits_only_for_what_it_needs() {
    let query = "{ products { isWishlisted similar { product { badge { available } } } } }";
    let product = json!({ "__typename": "Product", "id": "1" });
    let script = move |subgraph: &str, body: &Value| match (subgraph, representations(body).is_empty()) {
        ("preferences", _) => Reply::Hang,
        ("inventory", true) => Reply::Json(json!({ "data": { "products": [product] } })),
        ("inventory", false) => Reply::Json(entities(body, |_| json!({ "badge": { "available": 3 } }))),
        _ => Reply::Json(entities(body, |_| json!({ "similar": [{ "product": product }] }))),
    };
    let outcome = run_within(&shop(), query, Value::Null, (Duration::from_millis(300), script)).await;
    assert_eq!(outcome.log.to("inventory").len(), 2, "the badges were not asked for: {:?}", outcome.log.all());
}

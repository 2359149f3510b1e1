//! A subgraph dies while the shop is open.

use std::time::Duration;

use serde_json::json;

use crate::support::{Column, Shop, eventually};

#[tokio::test]
async fn without_preferences_the_rest_is_served_and_it_recovers_by_itself_on_postgres_redis_mongodb() {
    let test = "without_preferences_the_rest_is_served_and_it_recovers_by_itself_on_postgres_redis_mongodb";
    let Some(mut shop) = Shop::own((Column::PostgresRedisMongodb, &[]), test, 24).await else { return };
    let customer = shop.sign_in("outage").await;
    let query = "{ me { id } products(first: 5) { nodes { title similar(first: 2) { product { title } } } } }";
    assert_eq!(customer.ask(query, json!({})).await["me"]["id"], "outage");

    let (distributed, _) = shop.distributed();
    distributed.subgraph("preferences").process.crash();
    let answer = customer.answer(query, json!({})).await;
    assert_eq!(answer.status, 200);
    let products = answer.data["products"]["nodes"].as_array().unwrap();
    assert_eq!(products.len(), 5);
    assert!(products.iter().all(|product| product["similar"][0]["product"]["title"].is_string()), "{products:?}");
    assert!(answer.data["me"].is_null());
    let [error] = &answer.errors[..] else { panic!("one error: {:#?}", answer.errors) };
    assert_eq!(error["path"], json!(["me"]));
    assert_eq!(error["extensions"]["serviceName"], "preferences");
    assert!(error["message"].as_str().unwrap().contains("preferences"), "{error}");

    // A field of it inside of another subgraph's object takes nothing else away.
    let wished = "{ products(first: 2) { nodes { title isWishlisted } } }";
    let answer = customer.answer(wished, json!({})).await;
    let products = answer.data["products"]["nodes"].as_array().unwrap();
    assert!(products.iter().all(|product| product["title"].is_string() && product["isWishlisted"].is_null()));
    assert_eq!(answer.errors[0]["extensions"]["serviceName"], "preferences", "{answer:?}");
    assert!(answer.errors[0]["path"].to_string().starts_with("[\"products\",\"nodes\""), "{answer:?}");

    // What does not need it has no error at all.
    customer.ask("{ products(first: 5) { nodes { title } } feed(first: 3) { items { score } } }", json!({})).await;

    let (distributed, folder) = shop.distributed();
    distributed.restart(folder, "preferences").await;
    eventually("preferences is back", Duration::from_secs(10), || async {
        let answer = customer.answer(query, json!({})).await;
        answer.errors.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_recommendation_products_are_served_on_postgres_redis_mongodb() {
    let test = "without_recommendation_products_are_served_on_postgres_redis_mongodb";
    let Some(mut shop) = Shop::own((Column::PostgresRedisMongodb, &[]), test, 24).await else { return };
    let (distributed, _) = shop.distributed();
    distributed.subgraph("recommendation").process.crash();
    let shopper = shop.anonymous();
    shopper.ask("{ products(first: 5) { nodes { title isWishlisted } } }", json!({})).await;
    let answer = shopper.answer("{ feed(first: 1) { items { score } } }", json!({})).await;
    assert_eq!(answer.errors[0]["extensions"]["serviceName"], "recommendation", "{answer:?}");

    let (distributed, folder) = shop.distributed();
    distributed.restart(folder, "recommendation").await;
    eventually("recommendation is back and knows the catalog", Duration::from_secs(20), || async {
        let answer = shopper.answer("{ feed(first: 1) { items { score } } }", json!({})).await;
        (!answer.data["feed"]["items"].as_array()?.is_empty()).then_some(())
    })
    .await;
}

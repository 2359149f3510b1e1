//! What clients may ask for.

use crate::shop::{Shop, catalog};

#[tokio::test]
async fn in_process_lists_have_a_maximum() {
    let shop = Shop::open(catalog()).await;
    for first in [0, 51, -3] {
        let answer = shop.answer(None, &format!("{{ feed(first: {first}) {{ degraded }} }}")).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer["errors"][0]["message"], format!("`first` is {first}, it must be 1 to 50"));
    }
}

#[tokio::test]
async fn in_process_many_products_are_answered_in_one_request_and_unknown_ones_are_empty() {
    let shop = Shop::open(catalog()).await;
    let query = r#"{ _entities(representations: [
        { __typename: "Product", id: "shirt-1" }, { __typename: "Product", id: "unknown" }, { __typename: "Product", id: "boots-1" }
    ]) { ... on Product { id similar(first: 2) { product { id } score reason { text } } boughtTogether { score } } } }"#;
    let data = shop.ask(None, query).await;
    assert_eq!(data["_entities"][0]["similar"].as_array().unwrap().len(), 2);
    assert_eq!(data["_entities"][1]["similar"].as_array().unwrap().len(), 0);
    assert_eq!(data["_entities"][2]["id"], "boots-1");
    let reason = data["_entities"][0]["similar"][0]["reason"]["text"].as_str().unwrap();
    assert_eq!(reason, "Similar to Linen Shirt: linen, minimal and shirts");
    let score = data["_entities"][0]["similar"][0]["score"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&score), "{score}");
}

//! What the gateway asks for entities.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, anonymous, customer, with_scope},
};

on_both_engines!(products_know_whether_they_are_wished, customers_are_entities_for_those_who_may_see_them);

const ENTITIES: &str = "query($representations: [_Any!]!) { _entities(representations: $representations) {
    __typename ... on Product { id isWishlisted } ... on Customer { id displayName } } }";

async fn products_know_whether_they_are_wished(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    shop.ask(&anna, r#"mutation { addToWishlist(productId: "p7") { userErrors { code } } }"#, json!({})).await;
    let representations: Value =
        (0..200).map(|number| json!({ "__typename": "Product", "id": format!("p{number}") })).collect();
    let variables = json!({ "representations": representations });
    for (identity, expected) in [(&anna, vec!["p7"]), (&customer("bert"), vec![]), (&anonymous(), vec![])] {
        let data = shop.ask(identity, ENTITIES, variables.clone()).await;
        let products = data["_entities"].as_array().unwrap();
        assert_eq!(products.len(), 200);
        let wished: Vec<&str> = products
            .iter()
            .filter(|product| product["isWishlisted"] == true)
            .map(|product| product["id"].as_str().unwrap())
            .collect();
        assert_eq!(wished, expected);
    }
}

async fn customers_are_entities_for_those_who_may_see_them(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    for id in ["anna", "bert"] {
        shop.ask(&customer(id), "{ me { id } }", json!({})).await;
    }
    let representations = json!([
        { "__typename": "Customer", "id": "anna" },
        { "__typename": "Customer", "id": "bert" },
        { "__typename": "Customer", "id": "unknown" },
        { "__typename": "Product", "id": "p1" },
    ]);
    let variables = json!({ "representations": representations });
    let staff = shop.ask(&with_scope("staff", "customers:read"), ENTITIES, variables.clone()).await;
    let ids: Vec<&Value> = staff["_entities"].as_array().unwrap().iter().map(|entity| &entity["id"]).collect();
    assert_eq!(ids, [&json!("anna"), &json!("bert"), &json!(null), &json!("p1")]);
    let own = shop.respond(&customer("anna"), ENTITIES, variables).await;
    assert_eq!(own["data"]["_entities"][0]["id"], "anna");
    assert_eq!(own["data"]["_entities"][1], json!(null));
    assert_eq!(own["data"]["_entities"][3]["id"], "p1");
    assert_eq!(own["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

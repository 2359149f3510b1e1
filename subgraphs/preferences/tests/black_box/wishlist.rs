//! Wishing products.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, anonymous, customer, text},
};

on_both_engines!(wishing_and_unwishing_are_idempotent, a_wishlist_is_a_connection, a_bad_wish_is_refused);

const ADD: &str = "mutation($id: ID!) { addToWishlist(productId: $id) {
    product { id isWishlisted } customer { wishlist { totalCount } } userErrors { field code } } }";
const REMOVE: &str = "mutation($id: ID!) { removeFromWishlist(productId: $id) {
    product { id isWishlisted } customer { wishlist { totalCount } } userErrors { field code } } }";

fn payload(is_wishlisted: bool, total: i32) -> Value {
    json!({ "product": { "id": "p1", "isWishlisted": is_wishlisted },
        "customer": { "wishlist": { "totalCount": total } }, "userErrors": [] })
}

async fn wishing_and_unwishing_are_idempotent(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    let id = json!({ "id": "p1" });
    for _ in 0..2 {
        assert_eq!(shop.ask(&anna, ADD, id.clone()).await["addToWishlist"], payload(true, 1));
    }
    for _ in 0..2 {
        assert_eq!(shop.ask(&anna, REMOVE, id.clone()).await["removeFromWishlist"], payload(false, 0));
    }
    let both = r#"mutation { a: addToWishlist(productId: "p1") { customer { wishlist { nodes { product { isWishlisted } } } } }
        b: removeFromWishlist(productId: "p1") { product { isWishlisted } } }"#;
    let data = shop.ask(&anna, both, json!({})).await;
    assert_eq!(data["a"]["customer"]["wishlist"]["nodes"], json!([{ "product": { "isWishlisted": true } }]));
    assert_eq!(data["b"]["product"]["isWishlisted"], false);
}

async fn a_wishlist_is_a_connection(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    for number in 1..=5 {
        shop.ask(&anna, ADD, json!({ "id": format!("p{number}") })).await;
        shop.clock.advance(TimeDelta::seconds(1));
    }
    let page = "query($first: Int, $after: String, $last: Int, $before: String) { me {
        wishlist(first: $first, after: $after, last: $last, before: $before) { totalCount nodes { addedAt }
        edges { cursor node { product { id } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
    let mut seen = Vec::new();
    let mut variables = json!({ "first": 2 });
    loop {
        let list = shop.ask(&anna, page, variables).await["me"]["wishlist"].take();
        assert_eq!(list["totalCount"], 5);
        seen.extend(list["edges"].as_array().unwrap().iter().map(|edge| text(&edge["node"]["product"]["id"])));
        if list["pageInfo"]["hasNextPage"] == false {
            break;
        }
        variables = json!({ "first": 2, "after": list["pageInfo"]["endCursor"] });
    }
    assert_eq!(seen, ["p5", "p4", "p3", "p2", "p1"]);
    let last = shop.ask(&anna, page, json!({ "last": 1 })).await;
    assert_eq!(last["me"]["wishlist"]["edges"][0]["node"]["product"]["id"], "p1");
    for variables in [json!({ "first": 0 }), json!({ "first": 1, "last": 1 }), json!({ "after": "?" })] {
        let refused = shop.respond(&anna, page, variables).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
    }
}

async fn a_bad_wish_is_refused(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let refused = shop.ask(&customer("anna"), ADD, json!({ "id": "" })).await["addToWishlist"].take();
    assert_eq!(
        refused,
        json!({ "product": null, "customer": null, "userErrors": [{ "field": ["productId"], "code": "INVALID_ID" }] })
    );
    let refused = shop.ask(&anonymous(), REMOVE, json!({ "id": "p1" })).await["removeFromWishlist"].take();
    assert_eq!(refused["userErrors"], json!([{ "field": null, "code": "NOT_SIGNED_IN" }]));
}

//! Signing in and wishing.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Shop, on_both_columns};

on_both_columns!(a_customer_wishes_and_nobody_else_sees_it);

async fn a_customer_wishes_and_nobody_else_sees_it(shop: Arc<Shop>) {
    let (ada, ben) = (shop.sign_in("ada").await, shop.sign_in("ben").await);
    let products = [shop.take_product().await, shop.take_product().await];
    let add = "mutation($id: ID!) { addToWishlist(productId: $id) { product { id title isWishlisted } userErrors { code } } }";
    for product in &products {
        // The second time changes nothing.
        for _ in 0..2 {
            let added = ada.ask(add, json!({ "id": product["id"] })).await;
            let expected = json!({ "id": product["id"], "title": product["title"], "isWishlisted": true });
            assert_eq!(added["addToWishlist"]["product"], expected);
        }
    }
    let mine = "{ me { id wishlist(first: 10) { totalCount nodes { product { id title } } } } }";
    let list = ada.ask(mine, json!({})).await["me"]["wishlist"].take();
    assert_eq!(list["totalCount"], 2);
    assert_eq!(list["nodes"][0]["product"], json!({ "id": products[1]["id"], "title": products[1]["title"] }));

    let page = "query($handle: String!) { product(handle: $handle) { isWishlisted } }";
    let handle = json!({ "handle": products[0]["handle"] });
    assert_eq!(ada.ask(page, handle.clone()).await["product"]["isWishlisted"], true);
    assert_eq!(ben.ask(page, handle.clone()).await["product"]["isWishlisted"], false);
    assert_eq!(shop.anonymous().ask(page, handle.clone()).await["product"]["isWishlisted"], false);
    assert_eq!(ben.ask(mine, json!({})).await["me"]["wishlist"]["totalCount"], 0);

    let remove =
        "mutation($id: ID!) { removeFromWishlist(productId: $id) { product { isWishlisted } userErrors { code } } }";
    let removed = ada.ask(remove, json!({ "id": products[0]["id"] })).await;
    assert_eq!(removed["removeFromWishlist"]["product"]["isWishlisted"], false);
    assert_eq!(ada.ask(mine, json!({})).await["me"]["wishlist"]["totalCount"], 1);

    let refused = shop.anonymous().ask(add, json!({ "id": products[0]["id"] })).await;
    assert_eq!(refused["addToWishlist"]["userErrors"][0]["code"], "NOT_SIGNED_IN");
}

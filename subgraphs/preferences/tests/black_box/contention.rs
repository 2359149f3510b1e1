//! Many at once on one customer.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::join_all;
use serde_json::json;

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, customer, opening_time, text, view},
};

on_both_engines!(no_wish_is_lost_when_many_are_made_at_once, one_event_sent_by_many_counts_once);

async fn no_wish_is_lost_when_many_are_made_at_once(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    let add = "mutation($id: ID!) { addToWishlist(productId: $id) { userErrors { code } } }";
    let wishes = (0..32).map(|number| shop.ask(&anna, add, json!({ "id": format!("p{number}") })));
    join_all(wishes).await;
    let me = shop.ask(&anna, "{ me { wishlist(first: 100) { nodes { product { id } } } } }", json!({})).await;
    let wished: BTreeSet<String> =
        me["me"]["wishlist"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["product"]["id"])).collect();
    assert_eq!(wished, (0..32).map(|number| format!("p{number}")).collect());
}

/// FerretDB 1.x does not replace documents in one step, so this runs on the embedded store alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wish_is_lost_between_two_processes_embedded() {
    crate::engines::on_embedded(|engine| async move {
        let shops = [Shop::open(&engine).await, Shop::open(&engine).await];
        let anna = customer("anna");
        let add = "mutation($id: ID!) { addToWishlist(productId: $id) { userErrors { code } } }";
        let wishes = (0..32).map(|number| shops[number % 2].ask(&anna, add, json!({ "id": format!("p{number}") })));
        join_all(wishes).await;
        for shop in &shops {
            let me = shop.ask(&anna, "{ me { wishlist { totalCount } } }", json!({})).await;
            assert_eq!(me["me"]["wishlist"]["totalCount"], 32);
        }
    })
    .await;
}

async fn one_event_sent_by_many_counts_once(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    shop.consent(&anna, true).await;
    let sent = (0..16).map(|_| shop.record(&anna, json!([view("e1", "p1", opening_time())])));
    let reports = join_all(sent).await;
    let accepted: i64 = reports.iter().map(|report| report["accepted"].as_i64().unwrap()).sum();
    let duplicates: i64 = reports.iter().map(|report| report["duplicates"].as_i64().unwrap()).sum();
    assert_eq!((accepted, duplicates), (1, 15));
}

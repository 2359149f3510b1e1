//! Nobody is shown what cannot be bought.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Shop, Shopper, eventually, on_both_columns};

on_both_columns!(what_sells_out_is_no_longer_recommended);

/// From the last sale to lists without the product.
const GONE_WITHIN: Duration = Duration::from_secs(1);
/// From a delivery to lists with the product again.
const BACK_WITHIN: Duration = Duration::from_secs(4);

const SIMILAR: &str =
    "query($id: ID!) { product(id: $id) { similar(first: 8) { product { id handle availableForSale } } }
    feed(first: 50) { items { product { id availableForSale } } } }";

fn has(answer: &Value, id: &Value) -> bool {
    let lists = [&answer["product"]["similar"], &answer["feed"]["items"]];
    lists.into_iter().flat_map(|list| list.as_array().unwrap()).any(|item| item["product"]["id"] == *id)
}

/// Every level of the product with stock.
async fn levels(shopper: &Shopper, id: &Value) -> Vec<Value> {
    let query = "query($id: ID!) { product(id: $id) { variants { sku levels(first: 250) { nodes {
        location { id } quantities { available } } } } } }";
    let page = shopper.ask(query, json!({ "id": id })).await["product"].take();
    let variants = page["variants"].as_array().unwrap().clone();
    let changes = variants.iter().flat_map(|variant| {
        let nodes = variant["levels"]["nodes"].as_array().unwrap().iter();
        nodes.map(|level| {
            let delta = -level["quantities"]["available"].as_i64().unwrap();
            json!({ "sku": variant["sku"], "locationId": level["location"]["id"], "delta": delta })
        })
    });
    changes.filter(|change| change["delta"] != 0).collect()
}

/// Applies `changes`, as many as one call takes at a time.
async fn adjust(staff: &Shopper, changes: &[Value], key: &str) {
    let adjust = "mutation($changes: [InventoryChangeInput!]!, $key: String!) { inventoryAdjustQuantities(
        input: { reason: CORRECTION, changes: $changes }, idempotencyKey: $key) { userErrors { message } } }";
    for (number, some) in changes.chunks(250).enumerate() {
        let done = staff.ask(adjust, json!({ "changes": some, "key": format!("{key} {number}") })).await;
        assert_eq!(done["inventoryAdjustQuantities"]["userErrors"], json!([]));
    }
}

async fn what_sells_out_is_no_longer_recommended(shop: Arc<Shop>) {
    let (shopper, staff) = (shop.anonymous(), shop.staff("inventory:write"));
    let product = shop.take_product().await;
    let id = json!({ "id": product["id"] });
    let before = shopper.ask(SIMILAR, id.clone()).await;
    let alike = before["product"]["similar"][0]["product"]["id"].clone();
    let mut sold = levels(&shopper, &alike).await;

    adjust(&staff, &sold, "sold out").await;
    let began = Instant::now();
    eventually("what is sold out is gone from the lists", GONE_WITHIN, || async {
        (!has(&shopper.ask(SIMILAR, id.clone()).await, &alike)).then_some(())
    })
    .await;
    println!("sold out → not recommended: {} ms", began.elapsed().as_millis());
    let page = "query($id: ID!) { product(id: $id) { availableForSale totalAvailable } }";
    let page = shopper.ask(page, json!({ "id": alike })).await["product"].take();
    assert_eq!(page, json!({ "availableForSale": false, "totalAvailable": 0 }));

    for change in &mut sold {
        change["delta"] = json!(-change["delta"].as_i64().unwrap());
    }
    adjust(&staff, &sold, "delivered").await;
    eventually("what was delivered is back", BACK_WITHIN, || async {
        has(&shopper.ask(SIMILAR, id.clone()).await, &alike).then_some(())
    })
    .await;
}

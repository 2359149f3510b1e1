//! More buyers than units: nobody gets what is not there, whatever number of processes sells it.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Shop, Shopper, on_own_shops};

const BUYERS: usize = 64;
const UNITS: i64 = 50;

on_own_shops!(12 => sixty_four_buyers_get_exactly_fifty_units);

async fn sixty_four_buyers_get_exactly_fifty_units(mut shop: Shop) {
    let second = match &mut shop.parts {
        crate::support::Parts::One(_) => None,
        crate::support::Parts::Four(_) => {
            let (distributed, folder): (_, &Path) = shop.distributed();
            Some(distributed.second_inventory(folder).await)
        }
    };
    let doors = [shop.url.clone(), second.as_ref().map_or_else(|| shop.url.clone(), |(_, _, url)| url.clone())];
    let (sku, location) = put_on_sale(&shop).await;

    let buyers: Vec<_> = (0..BUYERS)
        .map(|buyer| {
            let shopper = Shopper::new(&doors[buyer % doors.len()], None);
            tokio::spawn(buy(shopper, sku.clone(), location.clone(), buyer))
        })
        .collect();
    let mut reserved = 0;
    for buyer in buyers {
        match buyer.await.unwrap() {
            Ok(()) => reserved += 1,
            Err(code) => assert_eq!(code, "INSUFFICIENT_STOCK"),
        }
    }
    assert_eq!(reserved, UNITS);

    for door in doors {
        let badge = Shopper::new(&door, None)
            .ask("query($sku: String!) { variant(sku: $sku) { badge { state available } } }", json!({ "sku": sku }))
            .await;
        assert_eq!(badge["variant"]["badge"], json!({ "state": "OUT_OF_STOCK", "available": 0 }));
    }
    let (status, said, problems) = shop.tool(&["ledger", "verify"]);
    assert_eq!(status, Some(0), "{said}{problems}");
    assert!(said.contains("everything agrees"), "{said}");
}

/// Leaves exactly [`UNITS`] of one SKU, all at one location.
async fn put_on_sale(shop: &Shop) -> (String, String) {
    let sku = shop.take_sku().await;
    let staff = shop.staff("inventory:write");
    let levels = "query($sku: String!) { variant(sku: $sku) { levels(first: 250) { nodes {
        location { id } quantities { available } } } } }";
    let levels = staff.ask(levels, json!({ "sku": sku })).await["variant"]["levels"]["nodes"].take();
    let levels: Vec<(String, i64)> = levels
        .as_array()
        .unwrap()
        .iter()
        .map(|level| {
            let location = level["location"]["id"].as_str().unwrap();
            (location.to_owned(), level["quantities"]["available"].as_i64().unwrap())
        })
        .collect();
    let kept = levels.iter().find(|(_, available)| *available > 0).unwrap().0.clone();
    let changes: Vec<Value> = levels
        .iter()
        .map(|(location, available)| (location, if *location == kept { UNITS - available } else { -available }))
        .filter(|(_, delta)| *delta != 0)
        .map(|(location, delta)| json!({ "sku": sku, "locationId": location, "delta": delta }))
        .collect();
    let adjust = "mutation($changes: [InventoryChangeInput!]!) { inventoryAdjustQuantities(
        input: { reason: CORRECTION, changes: $changes }, idempotencyKey: \"put on sale\") { userErrors { message } } }";
    let done = staff.ask(adjust, json!({ "changes": changes })).await;
    assert_eq!(done["inventoryAdjustQuantities"]["userErrors"], json!([]));
    (sku, kept)
}

async fn buy(shopper: Shopper, sku: String, location: String, buyer: usize) -> Result<(), String> {
    let reserve = "mutation($lines: [ReserveLineInput!]!, $key: String!) { reserveStock(input: { lines: $lines },
        idempotencyKey: $key) { reservation { id } userErrors { code } } }";
    let line = json!({ "sku": sku, "quantity": 1, "locationId": location });
    let variables = json!({ "lines": [line], "key": format!("buyer {buyer}") });
    let done = shopper.ask(reserve, variables).await["reserveStock"].take();
    match done["userErrors"][0]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => {
            assert!(done["reservation"]["id"].is_string(), "{done}");
            Ok(())
        }
    }
}

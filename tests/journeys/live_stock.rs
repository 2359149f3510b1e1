//! Badges that move while people look.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::support::{Shop, Socket, on_both_columns};

on_both_columns!(a_reservation_moves_the_badge_of_everyone_who_looks, an_event_carries_fields_of_other_subgraphs);

const BADGES: &str = "subscription($skus: [String!]!) { stockBadges(skus: $skus) { sku state available revision } }";

/// The badge of `sku`, from the next event of each socket.
async fn next_of_both(sockets: &mut [Socket; 2], sku: &str) -> (i64, i64) {
    let mut badges = Vec::new();
    for socket in sockets {
        let badge = socket.event().await["stockBadges"].take();
        assert_eq!(badge["sku"], sku);
        badges.push((badge["revision"].as_i64().unwrap(), badge["available"].as_i64().unwrap()));
    }
    assert_eq!(badges[0], badges[1]);
    badges[0]
}

async fn a_reservation_moves_the_badge_of_everyone_who_looks(shop: Arc<Shop>) {
    let (sku, other) = (shop.take_sku().await, shop.take_sku().await);
    let shopper = shop.anonymous();
    let mut sockets = [shop.socket(&shopper).await, shop.socket(&shopper).await];
    let mut snapshots: Vec<Vec<Value>> = Vec::new();
    for socket in &mut sockets {
        socket.subscribe("badges", BADGES, json!({ "skus": [sku, other] })).await;
        snapshots.push(vec![socket.event().await["stockBadges"].take(), socket.event().await["stockBadges"].take()]);
    }
    let first = snapshots[0].iter().find(|badge| badge["sku"] == sku.as_str()).unwrap().clone();
    assert!(snapshots.iter().all(|badges| badges.contains(&first) && badges[0]["sku"] != badges[1]["sku"]));
    let (revision, available) = (first["revision"].as_i64().unwrap(), first["available"].as_i64().unwrap());

    let reserve =
        "mutation($sku: String!, $key: String!) { reserveStock(input: { lines: [{ sku: $sku, quantity: 2 }] },
        idempotencyKey: $key) { reservation { id status } userErrors { message } } }";
    let reserved = shopper.ask(reserve, json!({ "sku": sku, "key": "live" })).await["reserveStock"].take();
    assert_eq!(reserved["reservation"]["status"], "ACTIVE", "{reserved}");
    let (held_revision, held) = next_of_both(&mut sockets, &sku).await;
    assert!(held_revision > revision);
    assert_eq!(held, available - 2);

    let release = "mutation($id: ID!) { releaseReservation(id: $id, idempotencyKey: \"live back\") {
        reservation { status } userErrors { message } } }";
    let released = shopper.ask(release, json!({ "id": reserved["reservation"]["id"] })).await;
    assert_eq!(released["releaseReservation"]["reservation"]["status"], "RELEASED", "{released}");
    let (back_revision, back) = next_of_both(&mut sockets, &sku).await;
    assert!(back_revision > held_revision);
    assert_eq!(back, available);

    // Who comes late gets what is true now, and nothing twice.
    let mut late = shop.socket(&shopper).await;
    late.subscribe("late", BADGES, json!({ "skus": [sku] })).await;
    let now = late.event().await["stockBadges"].take();
    assert_eq!((now["revision"].as_i64(), now["available"].as_i64()), (Some(back_revision), Some(available)));
    for socket in sockets.iter_mut().chain([&mut late]) {
        assert!(socket.is_silent(Duration::from_millis(150)).await);
    }
}

async fn an_event_carries_fields_of_other_subgraphs(shop: Arc<Shop>) {
    let customer = shop.sign_in("watcher").await;
    let product = shop.take_product().await;
    let sku = product["variants"][0]["sku"].as_str().unwrap();
    let add = "mutation($id: ID!) { addToWishlist(productId: $id) { userErrors { code } } }";
    customer.ask(add, json!({ "id": product["id"] })).await;
    let query = "subscription($skus: [String!]!) { stockBadges(skus: $skus) { sku revision
        variant { size product { title isWishlisted similar(first: 1) { product { title } } } } } }";
    let mut socket = shop.socket(&customer).await;
    socket.subscribe("rich", query, json!({ "skus": [sku] })).await;
    let badge = socket.event().await["stockBadges"].take();
    let seen = &badge["variant"]["product"];
    assert_eq!((&seen["title"], &seen["isWishlisted"]), (&product["title"], &json!(true)), "{badge}");
    assert!(seen["similar"][0]["product"]["title"].is_string(), "{badge}");

    let staff = shop.staff("inventory:write");
    let location = "query($sku: String!) { variant(sku: $sku) { levels(first: 1) { nodes { location { id } } } } }";
    let location =
        staff.ask(location, json!({ "sku": sku })).await["variant"]["levels"]["nodes"][0]["location"]["id"].take();
    let adjust = "mutation($sku: String!, $location: ID!) { inventoryAdjustQuantities(input: { reason: RECEIVED,
        changes: [{ sku: $sku, locationId: $location, delta: 7 }] }, idempotencyKey: \"delivery\") {
        levels { quantities { onHand } } userErrors { message } } }";
    let adjusted = staff.ask(adjust, json!({ "sku": sku, "location": location })).await;
    assert_eq!(adjusted["inventoryAdjustQuantities"]["userErrors"], json!([]));
    assert_eq!(socket.event().await["stockBadges"]["variant"]["product"]["isWishlisted"], true);
}

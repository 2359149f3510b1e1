//! Reserving and releasing as a shopper does.

use selvedge_kit::identity::Identity;
use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

const RESERVE: &str = "mutation($key: String!, $lines: [ReserveLineInput!]!, $ttl: Int) {
    reserveStock(idempotencyKey: $key, input: {lines: $lines, ttlSeconds: $ttl, reference: \"cart-1\"}) {
        reservation { id status reference expiresAt createdAt
            lines { quantity location { code } variant { sku badge { available revision } } } }
        userErrors { field code message } } }";
const RELEASE: &str = "mutation($id: ID!, $key: String!) { releaseReservation(id: $id, idempotencyKey: $key) {
    reservation { status lines { variant { badge { available } } } } userErrors { field code } } }";
const READ: &str = "query($id: ID!) { reservation(id: $id) { status lines { quantity } } }";

fn customer(name: &str) -> Identity {
    Identity { subject: Some(name.to_owned()), ..Identity::default() }
}

async fn reserve(shop: &Shop, who: Identity, key: &str, quantity: i32) -> Value {
    let variables = json!({"key": key, "lines": [{"sku": sku(1, 1), "quantity": quantity}]});
    shop.data_for(who, RESERVE, variables).await["reserveStock"].take()
}

async fn a_reservation_takes_from_the_badge_and_gives_back(shop: Shop) {
    let made = reserve(&shop, customer("ann"), "k1", 2).await;
    assert_eq!(made["userErrors"], json!([]));
    let reservation = &made["reservation"];
    assert_eq!((&reservation["status"], &reservation["reference"]), (&json!("ACTIVE"), &json!("cart-1")));
    let variant = json!({"sku": sku(1, 1), "badge": {"available": 5, "revision": 2}});
    assert_eq!(reservation["lines"], json!([{"quantity": 2, "location": {"code": "L1"}, "variant": variant}]));

    let again = reserve(&shop, customer("ann"), "k1", 2).await;
    assert_eq!(again["reservation"]["id"], reservation["id"]);

    let release = json!({"id": reservation["id"], "key": "k2"});
    let done = shop.data_for(customer("ann"), RELEASE, release).await["releaseReservation"].take();
    let released = json!({"status": "RELEASED", "lines": [{"variant": {"badge": {"available": 7}}}]});
    assert_eq!(done, json!({"reservation": released, "userErrors": []}));
}

async fn refusals_name_the_argument_and_change_nothing(shop: Shop) {
    let refused = reserve(&shop, Identity::default(), "k1", 8).await;
    assert_eq!(refused["reservation"], Value::Null);
    let error = &refused["userErrors"][0];
    assert_eq!(error["code"], "INSUFFICIENT_STOCK");
    assert_eq!(error["field"], json!(["input", "lines", "0", "quantity"]));
    let badge = shop.data("{ stockBadges(skus: [\"SKU-01-1\"]) { available revision } }", json!({})).await;
    assert_eq!(badge["stockBadges"], json!([{"available": 7, "revision": 1}]));
    let variables = json!({"key": "k2", "ttl": 9, "lines": [{"sku": sku(1, 1), "quantity": 1}]});
    let refused = shop.data(RESERVE, variables).await["reserveStock"]["userErrors"].take();
    assert_eq!(refused[0]["code"], "INVALID_TTL");
}

async fn a_reservation_is_seen_by_its_maker_and_by_staff(shop: Shop) {
    let made = reserve(&shop, customer("ann"), "k1", 1).await;
    let id = json!({"id": made["reservation"]["id"]});
    let seen = json!({"reservation": {"status": "ACTIVE", "lines": [{"quantity": 1}]}});
    assert_eq!(shop.data_for(customer("ann"), READ, id.clone()).await, seen);
    assert_eq!(shop.data_for(staff(&["inventory:read"]), READ, id.clone()).await, seen);
    assert_eq!(shop.data_for(customer("bob"), READ, id.clone()).await, json!({"reservation": null}));
    assert_eq!(shop.data(READ, id.clone()).await, json!({"reservation": null}));
    let entity =
        "query($id: ID!) { _entities(representations: [{__typename: \"Reservation\", id: $id}]) { __typename } }";
    assert_eq!(shop.data_for(customer("bob"), entity, id.clone()).await, json!({"_entities": [null]}));
    let release = json!({"id": made["reservation"]["id"], "key": "k2"});
    let refused = shop.data_for(customer("bob"), RELEASE, release).await["releaseReservation"]["userErrors"].take();
    assert_eq!(refused, json!([{"field": ["id"], "code": "RESERVATION_NOT_FOUND"}]));
}

/// What one mutation field has read must not be shown as the result of the next.
async fn two_mutations_of_one_request_each_show_what_is_true_after_them(shop: Shop) {
    let query = "mutation {
        one: reserveStock(idempotencyKey: \"a\", input: {lines: [{sku: \"SKU-01-1\", quantity: 1}]}) { ...left }
        two: reserveStock(idempotencyKey: \"b\", input: {lines: [{sku: \"SKU-01-1\", quantity: 2}]}) { ...left } }
        fragment left on ReserveStockPayload { reservation { lines { variant { badge { available } } } } }";
    let data = shop.data(query, json!({})).await;
    let left = |name: &str| data[name]["reservation"]["lines"][0]["variant"]["badge"]["available"].clone();
    assert_eq!((left("one"), left("two")), (json!(6), json!(4)));
}

on_each_engine!(
    a_reservation_takes_from_the_badge_and_gives_back,
    refusals_name_the_argument_and_change_nothing,
    a_reservation_is_seen_by_its_maker_and_by_staff,
    two_mutations_of_one_request_each_show_what_is_true_after_them,
);

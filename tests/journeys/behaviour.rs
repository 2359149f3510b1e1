//! What a customer does changes what the customer is shown, when the customer allows it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::support::{Shop, Shopper, eventually, on_both_columns};

on_both_columns!(
    views_change_the_feed_with_consent,
    without_consent_behaviour_is_dropped,
    baskets_tell_what_goes_together
);

/// From behaviour to feed, over the bus.
const FEED_WITHIN: Duration = Duration::from_secs(5);

const FEED: &str =
    "{ feed(first: 20) { degraded items { score reason { code text because { id title } } product { id title } } } }";

const RECORD: &str = "mutation($events: [BehaviourEventInput!]!) { recordBehaviour(events: $events) {
    accepted duplicates dropped rejected { index message } userErrors { code message } } }";

fn event(kind: &str, product: &Value, visit: &str) -> Value {
    let now = chrono_now();
    json!({ "id": uuid::Uuid::new_v4().to_string(), "kind": kind, "productId": product["id"], "sessionId": visit,
        "sku": product["variants"][0]["sku"], "occurredAt": now })
}

#[allow(clippy::disallowed_methods, reason = "the shop compares it with the wall clock")]
fn chrono_now() -> String {
    chrono::Utc::now().to_rfc3339()
}

async fn allow(customer: &Shopper, personalisation: bool) {
    let consent = "mutation($yes: Boolean) { setConsent(input: { personalisation: $yes }) {
        customer { consent { personalisation } } userErrors { code } } }";
    let set = customer.ask(consent, json!({ "yes": personalisation })).await;
    assert_eq!(set["setConsent"]["customer"]["consent"]["personalisation"], personalisation);
}

async fn views_change_the_feed_with_consent(shop: Arc<Shop>) {
    let customer = shop.sign_in("viewer").await;
    allow(&customer, true).await;
    let before = customer.ask(FEED, json!({})).await["feed"].take();
    let product = shop.take_product().await;
    let events: Vec<Value> = (0..5).map(|_| event("VIEW", &product, "visit-of-viewer")).collect();
    let recorded = customer.ask(RECORD, json!({ "events": events })).await["recordBehaviour"].take();
    assert_eq!(recorded["accepted"], 5, "{recorded}");
    let again = customer.ask(RECORD, json!({ "events": events })).await["recordBehaviour"].take();
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(5)));

    let after = eventually("the feed says why", FEED_WITHIN, || async {
        let feed = customer.ask(FEED, json!({})).await["feed"].take();
        let items = feed["items"].as_array().unwrap();
        items.iter().any(|item| item["reason"]["because"]["id"] == product["id"]).then_some(feed)
    })
    .await;
    assert_ne!(before["items"], after["items"]);
    assert_eq!(after["degraded"], false);
    for item in after["items"].as_array().unwrap() {
        let text = item["reason"]["text"].as_str().unwrap();
        assert!(!text.is_empty() && item["product"]["title"].is_string(), "{item}");
    }
    let other = shop.anonymous().ask(FEED, json!({})).await["feed"].take();
    let others = other["items"].as_array().unwrap();
    assert!(others.iter().all(|item| item["reason"]["because"]["id"] != product["id"]), "{others:#?}");
}

async fn without_consent_behaviour_is_dropped(shop: Arc<Shop>) {
    let customer = shop.sign_in("private").await;
    let product = shop.take_product().await;
    let events = json!([event("VIEW", &product, "visit-of-private")]);
    let recorded = customer.ask(RECORD, json!({ "events": events })).await["recordBehaviour"].take();
    assert_eq!((&recorded["accepted"], &recorded["dropped"]), (&json!(0), &json!(1)), "{recorded}");
    let recent = "{ me { recentlyViewed { id } consent { personalisation } } }";
    let me = customer.ask(recent, json!({})).await["me"].take();
    assert_eq!(me, json!({ "recentlyViewed": [], "consent": { "personalisation": false } }));

    allow(&customer, true).await;
    let events = json!([event("VIEW", &product, "visit-of-private")]);
    customer.ask(RECORD, json!({ "events": events })).await;
    let me = customer.ask(recent, json!({})).await["me"].take();
    assert_eq!(me["recentlyViewed"][0]["id"], product["id"]);
    allow(&customer, false).await;
    let me = customer.ask(recent, json!({})).await["me"].take();
    assert_eq!(me["recentlyViewed"], json!([]));
}

async fn baskets_tell_what_goes_together(shop: Arc<Shop>) {
    let (one, other) = (shop.take_product().await, shop.take_product().await);
    // Several visits: one basket alone is no pattern.
    for visit in 0..6 {
        let visit = format!("basket-{visit}");
        let events = json!([event("PURCHASE", &one, &visit), event("PURCHASE", &other, &visit)]);
        let recorded = shop.anonymous().ask(RECORD, json!({ "events": events })).await["recordBehaviour"].take();
        assert_eq!(recorded["accepted"], 2, "{recorded}");
    }
    let together =
        "query($id: ID!) { product(id: $id) { boughtTogether(first: 10) { reason { code } product { id } } } }";
    let shopper = shop.anonymous();
    eventually("the two are bought together", FEED_WITHIN, || async {
        let found = shopper.ask(together, json!({ "id": one["id"] })).await;
        let items = found["product"]["boughtTogether"].as_array().unwrap();
        let item = items.iter().find(|item| item["product"]["id"] == other["id"])?;
        assert_eq!(item["reason"]["code"], "BOUGHT_TOGETHER");
        Some(())
    })
    .await;
}

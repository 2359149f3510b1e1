//! Taking behaviour in.

use std::sync::Arc;

use chrono::TimeDelta;
use selvedge_preferences::Config;
use serde_json::{Value, json};

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, anonymous, customer, opening_time, view},
};

on_both_engines!(
    with_consent_behaviour_is_kept_and_published_under_the_customer,
    without_consent_nothing_leads_to_the_person,
    an_anonymous_session_is_published_as_it_is,
    bad_events_are_rejected_one_by_one,
    a_call_takes_1_to_500_events,
    behaviour_expires,
);

fn counts(accepted: i32, duplicates: i32, dropped: i32) -> Value {
    json!({ "accepted": accepted, "duplicates": duplicates, "dropped": dropped, "rejected": [], "userErrors": [] })
}

async fn with_consent_behaviour_is_kept_and_published_under_the_customer(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    shop.consent(&anna, true).await;
    let now = opening_time();
    let events = json!([
        view("e1", "p1", now - TimeDelta::seconds(30)),
        view("e2", "p2", now - TimeDelta::seconds(20)),
        view("e3", "p1", now - TimeDelta::seconds(10)),
        view("e3", "p1", now - TimeDelta::seconds(10)),
        { "id": "e4", "kind": "PURCHASE", "productId": "p3", "sku": "p3-M", "sessionId": "visit-1",
          "occurredAt": now, "quantity": 2 },
    ]);
    assert_eq!(shop.record(&anna, events.clone()).await, counts(4, 1, 0));
    assert_eq!(shop.record(&anna, events).await, counts(0, 5, 0));
    assert_eq!(shop.recently_viewed(&anna).await, ["p1", "p2"]);
    assert!(shop.recently_viewed(&customer("bert")).await.is_empty());

    let events = shop.events(5).await;
    assert_eq!(events[0].event_type, "com.selvedge.preferences.consent_changed.v1");
    let ids: Vec<&str> = events[1..].iter().map(|event| event.data["eventId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["e1", "e2", "e3", "e4"]);
    let purchase = &events[4];
    assert_eq!(purchase.event_type, "com.selvedge.preferences.behaviour_recorded.v1");
    assert_eq!(purchase.subject, "anna");
    assert_eq!(
        purchase.data,
        json!({ "eventId": "e4", "kind": "PURCHASE", "productId": "p3", "sku": "p3-M", "sessionId": "visit-1",
            "customerId": "anna", "quantity": 2, "occurredAt": "2026-11-20T10:00:00.000Z" })
    );
    assert!(events.windows(2).all(|pair| pair[0].revision < pair[1].revision));
}

async fn without_consent_nothing_leads_to_the_person(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    let now = opening_time();
    assert_eq!(shop.record(&anna, json!([view("e1", "p1", now), view("e2", "p2", now)])).await, counts(0, 0, 2));
    assert!(shop.recently_viewed(&anna).await.is_empty());
    let events = shop.events(2).await;
    for event in &events {
        assert_eq!(event.data["customerId"], json!(null));
        assert!(!serde_json::to_string(&event.data).unwrap().contains("visit-1"));
        assert!(event.subject.starts_with("session:") && !event.subject.contains("visit-1"));
        assert_ne!(event.correlationid, anna.correlation_id, "what else the request did is under the person's name");
    }
    assert_eq!(events[0].data["sessionId"], events[1].data["sessionId"], "the basket stays together");
    // Consent that comes later does not bring back what was done before.
    shop.consent(&anna, true).await;
    assert!(shop.recently_viewed(&anna).await.is_empty());
}

async fn an_anonymous_session_is_published_as_it_is(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    assert_eq!(shop.record(&anonymous(), json!([view("e1", "p1", opening_time())])).await, counts(1, 0, 0));
    let event = shop.events(1).await.remove(0);
    assert_eq!(event.subject, "session:visit-1");
    assert_eq!((&event.data["customerId"], &event.data["sessionId"]), (&json!(null), &json!("visit-1")));
}

async fn bad_events_are_rejected_one_by_one(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let now = opening_time();
    let mut bad = view("e2", "p1", now);
    bad["quantity"] = json!(0);
    let events = json!([view("e1", "p1", now), bad, view("", "p1", now), view("e3", "p1", now + TimeDelta::hours(1))]);
    let report = shop.record(&anonymous(), events).await;
    assert_eq!((&report["accepted"], &report["userErrors"]), (&json!(1), &json!([])));
    assert_eq!(
        report["rejected"],
        json!([
            { "index": 1, "message": "`quantity` must be 1 to 10000.", "code": "INVALID_EVENT" },
            { "index": 2, "message": "`id` must have 1 to 128 visible ASCII characters.", "code": "INVALID_ID" },
            { "index": 3, "message": "`occurredAt` lies in the future.", "code": "INVALID_EVENT" },
        ])
    );
}

async fn a_call_takes_1_to_500_events(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let events = |count: usize| -> Value { (0..count).map(|n| view(&format!("e{n}"), "p1", opening_time())).collect() };
    let errors = |code: &str| json!([{ "field": ["events"], "code": code }]);
    assert_eq!(shop.record(&anonymous(), events(501)).await["userErrors"], errors("TOO_MANY_EVENTS"));
    assert_eq!(shop.record(&anonymous(), events(0)).await["userErrors"], errors("INVALID_EVENT"));
    assert_eq!(shop.record(&anonymous(), events(500)).await, counts(500, 0, 0));
    assert_eq!(shop.events(500).await.len(), 500);
}

async fn behaviour_expires(engine: Arc<Engine>) {
    let config = Config { behaviour_retention_days: 1, sweep_interval_s: 1, ..Config::default() };
    let shop = Shop::open_with(&engine, config).await;
    let anna = customer("anna");
    shop.consent(&anna, true).await;
    shop.record(&anna, json!([view("e1", "p1", opening_time())])).await;
    assert_eq!(shop.recently_viewed(&anna).await, ["p1"]);
    shop.clock.advance(TimeDelta::days(2));
    for _ in 0..100 {
        if shop.recently_viewed(&anna).await.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("behaviour did not expire");
}

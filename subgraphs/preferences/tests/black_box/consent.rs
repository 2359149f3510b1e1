//! Giving and withdrawing consent.

use std::sync::Arc;

use chrono::TimeDelta;
use selvedge_preferences::store::CustomerDocument;
use serde_json::json;

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, anonymous, customer, opening_time, view},
};

on_both_engines!(
    consent_is_set_by_purpose_and_published,
    withdrawing_deletes_behaviour_for_good,
    an_erasure_that_a_crash_left_is_finished,
    what_was_withdrawn_is_not_in_the_files,
);

async fn consent_is_set_by_purpose_and_published(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    let set = "mutation($input: ConsentInput!) { setConsent(input: $input) {
        customer { consent { personalisation analytics marketing updatedAt } } userErrors { code } } }";
    shop.ask(&anna, set, json!({ "input": { "personalisation": true } })).await;
    shop.clock.advance(TimeDelta::seconds(5));
    let data = shop.ask(&anna, set, json!({ "input": { "marketing": true } })).await;
    assert_eq!(
        data["setConsent"]["customer"]["consent"],
        json!({ "personalisation": true, "analytics": false, "marketing": true, "updatedAt": "2026-11-20T10:00:05+00:00" })
    );
    let events = shop.events(2).await;
    assert_eq!(
        events[1].data,
        json!({ "customerId": "anna", "personalisation": true, "analytics": false, "marketing": true,
            "revision": events[1].revision })
    );
    let refused = shop.ask(&anonymous(), set, json!({ "input": {} })).await;
    assert_eq!(refused["setConsent"], json!({ "customer": null, "userErrors": [{ "code": "NOT_SIGNED_IN" }] }));
}

/// Only what the embedded engine keeps is in files of ours.
async fn what_was_withdrawn_is_not_in_the_files(engine: Arc<Engine>) {
    let Some(path) = engine.store_url.strip_prefix("sqlite://").and_then(|url| url.split('?').next()) else { return };
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    let is_in_the_files = || {
        let folder = std::path::Path::new(path).parent().unwrap();
        std::fs::read_dir(folder).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(14).any(|window| window == b"product-secret")
        })
    };
    shop.consent(&anna, true).await;
    shop.record(&anna, json!([view("e1", "product-secret", opening_time())])).await;
    assert!(is_in_the_files());
    shop.events(2).await;
    shop.consent(&anna, false).await;
    assert!(!is_in_the_files());
}

async fn withdrawing_deletes_behaviour_for_good(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let (anna, bert) = (customer("anna"), customer("bert"));
    for (identity, event) in [(&anna, "e1"), (&bert, "e2")] {
        shop.consent(identity, true).await;
        shop.record(identity, json!([view(event, "p1", opening_time())])).await;
    }
    shop.consent(&anna, false).await;
    assert!(shop.recently_viewed(&anna).await.is_empty());
    shop.consent(&anna, true).await;
    assert!(shop.recently_viewed(&anna).await.is_empty(), "what was deleted stays deleted");
    assert_eq!(shop.recently_viewed(&bert).await, ["p1"]);
    let store = engine.open().await;
    assert_eq!(store.delete_behaviour_of("anna").await.unwrap(), 0);
    let document = store.customers(&["anna".to_owned()]).await.unwrap().remove(0);
    assert!(!document.erasure_due);
    let history: Vec<bool> = document.customer().consent.history.iter().map(|entry| entry.personalisation).collect();
    assert_eq!(history, [true, false, true]);
}

async fn an_erasure_that_a_crash_left_is_finished(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    let anna = customer("anna");
    shop.consent(&anna, true).await;
    shop.record(&anna, json!([view("e1", "p1", opening_time())])).await;
    shop.events(2).await;
    shop.close().await;

    // What a process leaves that dies right after the withdrawal was written.
    let store = engine.open().await;
    let document: CustomerDocument = store.customers(&["anna".to_owned()]).await.unwrap().remove(0);
    let mut withdrawn = document.customer();
    withdrawn.consent.personalisation = false;
    withdrawn.revision += 1;
    let left = document.followed_by(&withdrawn, Vec::new(), opening_time());
    assert!(left.erasure_due);
    assert!(store.replace_customer(&left).await.unwrap());
    assert_eq!(store.viewed_products("anna", 10).await.unwrap(), ["p1"]);

    let shop = Shop::open(&engine).await;
    for _ in 0..100 {
        let document = store.customers(&["anna".to_owned()]).await.unwrap().remove(0);
        if !document.erasure_due {
            assert!(store.viewed_products("anna", 10).await.unwrap().is_empty());
            shop.close().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the erasure was not finished");
}

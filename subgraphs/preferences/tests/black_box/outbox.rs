//! What waits for the bus, what it has, and what is put back after a restart.

use std::sync::Arc;

use chrono::TimeDelta;
use selvedge_kit::{clock::ManualClock, outbox::Outbox};
use selvedge_preferences::{
    announce::{Cause, EventIds, announce},
    domain::{Announcement, Customer},
    store::{CustomerDocument, StoreOutbox},
};
use serde_json::json;

use crate::{
    engines::{Engine, on_both_engines},
    shop::{Shop, anonymous, customer, opening_time, view},
};

on_both_engines!(what_the_bus_forgot_is_put_back, only_one_relay_sees_what_is_pending);

async fn what_the_bus_forgot_is_put_back(engine: Arc<Engine>) {
    let shop = Shop::open(&engine).await;
    for id in ["anna", "bert", "carl"] {
        shop.consent(&customer(id), true).await;
        shop.consent(&customer(id), false).await;
        shop.consent(&customer(id), true).await;
    }
    shop.record(&customer("anna"), json!([view("e1", "p1", opening_time()), view("e2", "p1", opening_time())])).await;
    shop.record(&anonymous(), json!([view("e3", "p1", opening_time())])).await;
    let published = shop.events(12).await;
    shop.close().await;

    let outbox = StoreOutbox::new(engine.open().await, Arc::new(ManualClock::starting_at(opening_time())));
    let mut retained = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = outbox.retained(after.as_deref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.token.clone());
        retained.extend(page.into_iter().map(|entry| entry.event));
    }
    // The newest consent of each customer says all that the older ones said.
    let newest = published.iter().filter(|event| event.data["personalisation"] == true && event.revision > 2);
    let behaviour = published.iter().filter(|event| event.data.get("eventId").is_some());
    let mut expected: Vec<_> = newest.chain(behaviour).map(|event| event.id.clone()).collect();
    let mut found: Vec<_> = retained.iter().map(|event| event.id.clone()).collect();
    assert!(retained[..3].iter().all(|event| event.data.get("personalisation").is_some()), "consent comes first");
    expected.sort();
    found.sort();
    assert_eq!(found, expected);

    let shop = Shop::open(&engine).await;
    // The process before has given its lease back: what is new goes out although no time has passed.
    shop.record(&anonymous(), json!([view("e4", "p1", opening_time())])).await;
    assert_eq!(shop.events(7).await[6].data["eventId"], "e4");
    let again: Vec<_> = shop.events(6).await.into_iter().map(|event| event.id).collect();
    assert_eq!(again, retained.iter().map(|event| event.id.clone()).collect::<Vec<_>>());
}

async fn only_one_relay_sees_what_is_pending(engine: Arc<Engine>) {
    let store = engine.open().await;
    let clock = Arc::new(ManualClock::starting_at(opening_time()));
    let one = StoreOutbox::new(Arc::clone(&store), clock.clone());
    let other = StoreOutbox::new(Arc::clone(&store), clock.clone());
    let document = CustomerDocument::first(&Customer::new("anna", opening_time()));
    let ids = EventIds::new(clock.clone());
    let event = |revision: i64| {
        let cause = Cause { stamp: ids.stamp(), correlation_id: "r".to_owned() };
        announce(Announcement::ConsentChanged, &Customer { revision, ..document.customer() }, &cause)
    };
    store.insert_customer(&document).await.unwrap();
    let waiting = document.followed_by(&document.customer(), vec![event(1)], opening_time());
    assert!(store.replace_customer(&waiting).await.unwrap());

    let pending = one.pending(10).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert!(other.pending(10).await.unwrap().is_empty());
    one.confirm(&[pending[0].token.clone()]).await.unwrap();
    assert!(one.pending(10).await.unwrap().is_empty());
    let published = store.customers(&["anna".to_owned()]).await.unwrap().remove(0);
    assert_eq!(one.retained(None, 10).await.unwrap().len(), 1);
    assert!(one.confirm(&["foreign".to_owned()]).await.is_err());

    // One dies; the other takes over when the lease has run out.
    let next = published.followed_by(&document.customer(), vec![event(2)], opening_time());
    assert!(store.replace_customer(&next).await.unwrap());
    clock.advance(TimeDelta::seconds(4));
    assert!(other.pending(10).await.unwrap().is_empty());
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(other.pending(10).await.unwrap().len(), 1);
}

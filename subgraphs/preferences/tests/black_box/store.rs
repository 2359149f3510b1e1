//! What every engine of the store keeps to.

use std::sync::Arc;

use chrono::TimeDelta;
use selvedge_preferences::{
    domain::{BehaviourEvent, BehaviourKind, Customer, GarmentSize, RecordedBehaviour, WishlistItem},
    store::{BehaviourDocument, CustomerDocument, LeaseRequest},
};

use crate::{
    engines::{Engine, on_both_engines},
    shop::opening_time,
};

on_both_engines!(
    a_customer_comes_back_as_it_was_kept,
    only_the_writer_who_read_the_newest_version_wins,
    behaviour_is_kept_once_and_found_by_what_it_is_needed_for,
    a_lease_has_one_holder_until_it_runs_out,
    a_store_keeps_what_it_has_when_it_is_opened_again,
);

async fn a_customer_comes_back_as_it_was_kept(engine: Arc<Engine>) {
    let store = engine.open().await;
    let now = opening_time() + TimeDelta::milliseconds(123);
    let mut customer = Customer::new("anna/'\"$ü.", now);
    customer.display_name = Some("Änna \u{1F9E5}".to_owned());
    customer.style_profile.sizes.push(GarmentSize { garment: "jeans".to_owned(), size: "32".to_owned() });
    customer.wishlist.push(WishlistItem { product_id: "p1".to_owned(), added_at: now });
    customer.consent.updated_at = Some(now);
    let document = CustomerDocument::first(&customer);
    assert!(store.insert_customer(&document).await.unwrap());
    assert!(!store.insert_customer(&document).await.unwrap());
    let found = store.customers(&[customer.id.clone(), "nobody".to_owned()]).await.unwrap();
    assert_eq!(found, [document]);
    assert_eq!(found[0].customer(), customer);
    assert!(store.customers(&[]).await.unwrap().is_empty());
    store.check().await.unwrap();
}

async fn only_the_writer_who_read_the_newest_version_wins(engine: Arc<Engine>) {
    let store = engine.open().await;
    let customer = Customer::new("anna", opening_time());
    let first = CustomerDocument::first(&customer);
    store.insert_customer(&first).await.unwrap();
    let next = first.followed_by(&Customer { revision: 2, ..customer }, Vec::new(), opening_time());
    assert!(store.replace_customer(&next).await.unwrap());
    assert!(!store.replace_customer(&next).await.unwrap());
    assert_eq!(store.customers(&["anna".to_owned()]).await.unwrap().first(), Some(&next));
    let mut unknown = next;
    unknown.id = "nobody".to_owned();
    assert!(!store.replace_customer(&unknown).await.unwrap());
}

fn viewed(number: u32, product_id: &str, customer_id: Option<&str>) -> BehaviourDocument {
    let at = opening_time() + TimeDelta::seconds(i64::from(number));
    BehaviourDocument::of(RecordedBehaviour {
        event: BehaviourEvent {
            id: format!("e{number}"),
            kind: BehaviourKind::View,
            product_id: product_id.to_owned(),
            sku: None,
            session_id: "visit".to_owned(),
            occurred_at: at,
            dwell_ms: Some(5),
            quantity: 1,
        },
        customer_id: customer_id.map(str::to_owned),
        published_id: format!("0000-{number:04}"),
        recorded_at: at,
        revision: i64::from(number),
        correlation_id: "request".to_owned(),
        expires_at: at + TimeDelta::days(1),
    })
}

async fn behaviour_is_kept_once_and_found_by_what_it_is_needed_for(engine: Arc<Engine>) {
    let store = engine.open().await;
    let anna = Some("anna");
    let documents = [viewed(1, "p1", anna), viewed(2, "p2", anna), viewed(3, "p1", anna), viewed(4, "p9", None)];
    assert_eq!(store.insert_behaviour(&documents[..2]).await.unwrap().len(), 2);
    let new = store.insert_behaviour(&documents).await.unwrap();
    assert_eq!(new, ["e3".to_owned(), "e4".to_owned()].into());
    assert!(store.insert_behaviour(&[]).await.unwrap().is_empty());
    assert_eq!(store.viewed_products("anna", 10).await.unwrap(), ["p1", "p2"]);
    assert_eq!(store.viewed_products("anna", 1).await.unwrap(), ["p1"]);

    assert_eq!(store.pending_behaviour(10).await.unwrap(), documents);
    store.mark_behaviour_published(&["0000-0002".to_owned(), "0000-0004".to_owned()]).await.unwrap();
    let ids = |documents: Vec<BehaviourDocument>| -> Vec<String> {
        documents.into_iter().map(|document| document.id).collect()
    };
    assert_eq!(ids(store.pending_behaviour(10).await.unwrap()), ["e1", "e3"]);
    assert_eq!(ids(store.published_behaviour(None, 10).await.unwrap()), ["e2", "e4"]);
    assert_eq!(ids(store.published_behaviour(Some("0000-0002"), 10).await.unwrap()), ["e4"]);

    let until_second = opening_time() + TimeDelta::days(1) + TimeDelta::seconds(2);
    assert_eq!(store.delete_expired_behaviour(until_second).await.unwrap(), 2);
    assert_eq!(store.delete_behaviour_of("anna").await.unwrap(), 1);
    assert_eq!(ids(store.published_behaviour(None, 10).await.unwrap()), ["e4"]);
}

async fn a_lease_has_one_holder_until_it_runs_out(engine: Arc<Engine>) {
    let store = engine.open().await;
    let take = async |holder: &str, second: i64| {
        let now = opening_time() + TimeDelta::seconds(second);
        let request = LeaseRequest { name: "outbox", holder, now, until: now + TimeDelta::seconds(10) };
        store.take_lease(request).await.unwrap()
    };
    assert!(take("a", 0).await);
    assert!(!take("b", 5).await);
    assert!(take("a", 5).await);
    assert!(!take("b", 14).await);
    assert!(take("b", 15).await);
    assert!(!take("a", 16).await);
}

async fn a_store_keeps_what_it_has_when_it_is_opened_again(engine: Arc<Engine>) {
    let document = CustomerDocument::first(&Customer::new("anna", opening_time()));
    engine.open().await.insert_customer(&document).await.unwrap();
    assert_eq!(engine.open().await.customers(&["anna".to_owned()]).await.unwrap(), [document]);
}

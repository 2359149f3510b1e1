//! The relay killed over and over.

use std::sync::Arc;

use selvedge_kit::{
    bus::{EventBus, InProcessBus, RedisBus},
    clock::SystemClock,
    outbox::Outbox,
};
use selvedge_preferences::{
    TOPIC,
    announce::{Cause, EventIds, announce},
    domain::{Announcement, Customer},
    store::{CustomerDocument, CustomerStore, StoreOutbox},
};

use crate::{
    engines::{Engine, on_both_engines},
    relay_kills::{assert_whole_and_in_order, hear, kill_relays, pause, relay},
    shop::opening_time,
};

on_both_engines!(
    a_relay_killed_a_hundred_times_loses_nothing_in_process,
    a_relay_killed_a_hundred_times_loses_nothing_over_redis,
);

const CUSTOMERS: usize = 6;
const LAST: i64 = 40;

/// Changes one customer so many times; the relay changes the same document meanwhile.
async fn change(store: Arc<dyn CustomerStore>, ids: Arc<EventIds>, customer_id: String) {
    store.insert_customer(&CustomerDocument::first(&Customer::new(&customer_id, opening_time()))).await.unwrap();
    for revision in 1..=LAST {
        loop {
            let document = store.customers(std::slice::from_ref(&customer_id)).await.unwrap().remove(0);
            let customer = Customer { revision, ..document.customer() };
            let cause = Cause { stamp: ids.stamp(), correlation_id: "r".to_owned() };
            let event = announce(Announcement::ConsentChanged, &customer, &cause);
            if store.replace_customer(&document.followed_by(&customer, vec![event], opening_time())).await.unwrap() {
                break;
            }
        }
        pause(20).await;
    }
}

async fn killed_over(engine: Arc<Engine>, bus: Arc<dyn EventBus>) {
    let (store, clock) = (engine.open().await, Arc::new(SystemClock));
    let ids = Arc::new(EventIds::new(clock.clone()));
    let outbox: Arc<dyn Outbox> = Arc::new(StoreOutbox::new(Arc::clone(&store), clock));
    let changing: Vec<_> = (0..CUSTOMERS)
        .map(|number| tokio::spawn(change(Arc::clone(&store), Arc::clone(&ids), format!("customer-{number}"))))
        .collect();
    kill_relays(&outbox, &bus, TOPIC).await;
    for task in changing {
        task.await.unwrap();
    }
    let last = relay(Arc::clone(&outbox), Arc::clone(&bus), TOPIC);
    let heard = hear(&*bus, TOPIC, CUSTOMERS * usize::try_from(LAST).unwrap()).await;
    assert_whole_and_in_order(&heard, CUSTOMERS, LAST);
    while outbox.waiting().await.unwrap().entries > 0 {
        pause(20).await;
    }
    last.abort();
}

async fn a_relay_killed_a_hundred_times_loses_nothing_in_process(engine: Arc<Engine>) {
    killed_over(engine, Arc::new(InProcessBus::default())).await;
}

async fn a_relay_killed_a_hundred_times_loses_nothing_over_redis(engine: Arc<Engine>) {
    let test = "relay_killed::a_relay_killed_a_hundred_times_loses_nothing_over_redis";
    let Ok(url) = std::env::var("TEST_REDIS_URL") else {
        println!("NOT RUN: {test} needs TEST_REDIS_URL (start `redis-server`, then set it to redis://127.0.0.1:6379)");
        assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_REDIS_URL");
        return;
    };
    let prefix = format!("preferences-test-{}", uuid::Uuid::now_v7());
    killed_over(engine, Arc::new(RedisBus::connect(&url, &prefix).await.unwrap())).await;
}

//! Relay and consumer killed over and over.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use rand::Rng;
use selvedge_kit::bus::{BusSettings, Delivery, EventBus, Handle, Handled, Topic, work};
use tokio::{task::JoinHandle, time::Instant};

use crate::{
    bus::on_both_buses,
    support::{event, hasty},
};

const TOPIC: Topic = Topic::INVENTORY;
const SUBJECTS: usize = 7;
const PER_SUBJECT: i64 = 150;

on_both_buses! {
    a_consumer_that_is_killed_a_hundred_times_misses_nothing_and_keeps_the_order(patient());
}

/// Kills cost deliveries; so many attempts that none is given up for them.
fn patient() -> BusSettings {
    BusSettings { max_attempts: 1_000, ..hasty() }
}

/// Stands for a store: the id of the event and its effect change together or not at all.
#[derive(Default)]
struct Store {
    seen: HashSet<String>,
    effects: HashMap<String, Vec<i64>>,
    duplicates: usize,
}

struct Slow(Arc<Mutex<Store>>);

#[async_trait]
impl Handle for Slow {
    async fn handle(&self, delivery: &Delivery) -> Handled {
        pause().await;
        {
            let (mut store, event) = (self.0.lock(), &delivery.event);
            if store.seen.insert(event.id.clone()) {
                store.effects.entry(event.subject.clone()).or_default().push(event.revision);
            } else {
                store.duplicates += 1;
            }
        }
        pause().await;
        if rand::rng().random_ratio(1, 50) { Handled::Retry("a bad moment".to_owned()) } else { Handled::Done }
    }
}

async fn pause() {
    let micros = rand::rng().random_range(0..1_500);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

async fn start(bus: &dyn EventBus, store: &Arc<Mutex<Store>>) -> JoinHandle<()> {
    let consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let handler = Slow(Arc::clone(store));
    tokio::spawn(async move { work(consumer, &handler).await })
}

async fn a_consumer_that_is_killed_a_hundred_times_misses_nothing_and_keeps_the_order(bus: Arc<dyn EventBus>) {
    let store = Arc::new(Mutex::new(Store::default()));
    let publisher = Arc::clone(&bus);
    let publishing = tokio::spawn(async move {
        for revision in 1..=PER_SUBJECT {
            let batch: Vec<_> = (0..SUBJECTS).map(|n| event(&format!("sku-{n}"), revision)).collect();
            publisher.publish(TOPIC, &batch).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    for _ in 0..100 {
        let working = start(&*bus, &store).await;
        let lifetime_ms = rand::rng().random_range(1..40);
        tokio::time::sleep(Duration::from_millis(lifetime_ms)).await;
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());
    }
    publishing.await.unwrap();
    let working = start(&*bus, &store).await;
    let all = SUBJECTS * usize::try_from(PER_SUBJECT).unwrap();
    let started = Instant::now();
    while store.lock().seen.len() < all {
        assert!(started.elapsed() < Duration::from_secs(60), "{} of {all}", store.lock().seen.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    working.abort();
    assert_eq!(bus.count_dead_letters(TOPIC).await.unwrap(), 0);
    let store = store.lock();
    assert!(store.duplicates > 0, "no kill fell between an effect and its acknowledgement");
    for (subject, revisions) in &store.effects {
        assert_eq!(revisions, &(1..=PER_SUBJECT).collect::<Vec<_>>(), "{subject}");
    }
}

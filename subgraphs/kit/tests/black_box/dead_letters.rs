//! Failing, waiting, giving up, and what of the order that leaves.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use selvedge_kit::{
    bus::{Burial, Delivery, EventBus, Handle, Handled, Topic, work},
    event::Event,
};
use tokio::time::Instant;

use crate::{
    bus::{next, nothing_comes, on_both_buses, positions, revisions},
    support::{event, events, hasty},
};

const TOPIC: Topic = Topic::INVENTORY;

on_both_buses! {
    what_failed_comes_again_after_a_growing_pause(hasty());
    what_failed_holds_up_its_subject_and_no_other(hasty());
    what_was_delivered_behind_a_failure_is_taken_back(hasty());
    what_fails_every_time_is_given_up_with_its_reason_and_frees_its_subject(hasty());
    what_no_repetition_helps_is_given_up_at_once(hasty());
    a_reader_without_a_group_buries_once(hasty());
    a_poison_event_does_not_stop_a_worker(hasty());
}

async fn what_failed_comes_again_after_a_growing_pause(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 1)]).await.unwrap();
    let first = next(&mut consumer).await;
    let failed_at = Instant::now();
    consumer.fail(&first[0].position, "the database is away").await.unwrap();
    let second = next(&mut consumer).await;
    assert_eq!((second[0].attempt, revisions(&second)), (2, vec![1]));
    assert!(failed_at.elapsed() >= Duration::from_millis(50));
    let failed_at = Instant::now();
    consumer.fail(&second[0].position, "the database is away").await.unwrap();
    let third = next(&mut consumer).await;
    assert_eq!(third[0].attempt, 3);
    assert!(failed_at.elapsed() >= Duration::from_millis(100));
    consumer.acknowledge(&positions(&third)).await.unwrap();
    nothing_comes(&mut consumer, Duration::from_millis(400)).await;
    assert!(bus.dead_letters(TOPIC, 5).await.unwrap().is_empty());
}

async fn what_failed_holds_up_its_subject_and_no_other(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 1)]).await.unwrap();
    let first = next(&mut consumer).await;
    consumer.fail(&first[0].position, "not now").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 2), event("sku-2", 7), event("sku-1", 3)]).await.unwrap();
    let mut came = Vec::new();
    while came.len() < 4 {
        let batch = next(&mut consumer).await;
        consumer.acknowledge(&positions(&batch)).await.unwrap();
        came.extend(batch.iter().map(|delivery| (delivery.event.subject.clone(), delivery.event.revision)));
    }
    let of_one: Vec<i64> =
        came.iter().filter(|(subject, _)| subject == "sku-1").map(|(_, revision)| *revision).collect();
    assert_eq!(of_one, [1, 2, 3]);
    assert_eq!(came[0], ("sku-2".to_owned(), 7), "another subject does not wait");
}

async fn what_was_delivered_behind_a_failure_is_taken_back(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 1), event("sku-1", 2), event("sku-2", 1)]).await.unwrap();
    let batch = next(&mut consumer).await;
    assert_eq!(batch.len(), 3);
    consumer.fail(&batch[0].position, "not now").await.unwrap();
    consumer.acknowledge(&[batch[2].position.clone()]).await.unwrap();
    let mut again = next(&mut consumer).await;
    while again.len() < 2 {
        again.extend(next(&mut consumer).await);
    }
    assert_eq!(revisions(&again), [1, 2]);
    assert_eq!((again[0].attempt, again[1].attempt), (2, 1), "what was not tried has lost no attempt");
}

async fn what_fails_every_time_is_given_up_with_its_reason_and_frees_its_subject(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let poison = event("sku-1", 1);
    bus.publish(TOPIC, &[poison.clone(), event("sku-1", 2)]).await.unwrap();
    for attempt in 1..=3 {
        let batch = next(&mut consumer).await;
        assert_eq!((batch[0].event.revision, batch[0].attempt), (1, attempt));
        consumer.fail(&batch[0].position, &format!("no such variant, try {attempt}")).await.unwrap();
    }
    let later = next(&mut consumer).await;
    assert_eq!(revisions(&later), [2], "its subject goes on");
    consumer.acknowledge(&positions(&later)).await.unwrap();
    let letters = bus.dead_letters(TOPIC, 5).await.unwrap();
    assert_eq!((letters.len(), bus.count_dead_letters(TOPIC).await.unwrap()), (1, 1));
    let letter = &letters[0];
    assert_eq!((letter.group.as_str(), letter.attempts), ("g", 3));
    assert_eq!(letter.reason, "no such variant, try 3");
    assert_eq!(letter.id, format!("g:{}", poison.id));
    assert_eq!(letter.event(), Some(poison));
    nothing_comes(&mut consumer, Duration::from_millis(400)).await;
}

async fn what_no_repetition_helps_is_given_up_at_once(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1..=2)).await.unwrap();
    let batch = next(&mut consumer).await;
    consumer.reject(&batch[0].position, "it has no quantity").await.unwrap();
    consumer.acknowledge(&[batch[1].position.clone()]).await.unwrap();
    let letters = bus.dead_letters(TOPIC, 5).await.unwrap();
    assert_eq!((letters.len(), letters[0].attempts, letters[0].reason.as_str()), (1, 1, "it has no quantity"));
    nothing_comes(&mut consumer, Duration::from_millis(400)).await;
}

async fn a_reader_without_a_group_buries_once(bus: Arc<dyn EventBus>) {
    let entry = serde_json::to_string(&event("sku-1", 1)).unwrap();
    let (group, reason) = ("recommendation".to_owned(), "no price".to_owned());
    let burial = Burial { group, position: "7".to_owned(), attempts: 1, reason, entry };
    bus.bury(TOPIC, burial.clone()).await.unwrap();
    bus.bury(TOPIC, burial).await.unwrap();
    let no_event = Burial {
        group: "recommendation".to_owned(),
        position: "8".to_owned(),
        attempts: 1,
        reason: "not JSON".to_owned(),
        entry: "{".to_owned(),
    };
    bus.bury(TOPIC, no_event).await.unwrap();
    let ids: Vec<String> = bus.dead_letters(TOPIC, 5).await.unwrap().into_iter().map(|letter| letter.id).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(ids.contains(&"recommendation:8".to_owned()));
}

/// Fails for a while on some events, and for ever on one subject.
#[derive(Default)]
struct Moody {
    done: Mutex<HashMap<String, Vec<i64>>>,
    calls: AtomicUsize,
}

#[async_trait]
impl Handle for Moody {
    async fn handle(&self, delivery: &Delivery) -> Handled {
        let event = &delivery.event;
        if event.subject == "poison" {
            return Handled::Retry("it never works".to_owned());
        }
        if delivery.attempt == 1 && self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
            return Handled::Retry("it does not work now".to_owned());
        }
        self.done.lock().entry(event.subject.clone()).or_default().push(event.revision);
        Handled::Done
    }
}

async fn a_poison_event_does_not_stop_a_worker(bus: Arc<dyn EventBus>) {
    let (moody, poison) = (Arc::new(Moody::default()), event("poison", 1));
    let mut all: Vec<Event> =
        (1..=20).flat_map(|revision| (0..5).map(move |n| event(&format!("sku-{n}"), revision))).collect();
    all.insert(7, poison.clone());
    let consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let handler = Arc::clone(&moody);
    let working = tokio::spawn(async move { work(consumer, &*handler).await });
    bus.publish(TOPIC, &all).await.unwrap();
    let count = || moody.done.lock().values().map(Vec::len).sum::<usize>();
    let started = Instant::now();
    while count() < 100 || bus.count_dead_letters(TOPIC).await.unwrap() < 1 {
        assert!(started.elapsed() < Duration::from_secs(20), "{} done", count());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    working.abort();
    for (subject, revisions) in &*moody.done.lock() {
        assert_eq!(revisions, &(1..=20).collect::<Vec<i64>>(), "{subject}");
    }
    let letters = bus.dead_letters(TOPIC, 5).await.unwrap();
    assert_eq!((letters.len(), letters[0].event(), letters[0].attempts), (1, Some(poison), 3));
    assert_eq!(letters[0].reason, "it never works");
}

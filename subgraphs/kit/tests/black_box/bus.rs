//! What every bus does, once per adapter.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use selvedge_kit::bus::{BusSettings, Consumer, Delivery, EventBus, Followed, InProcessBus, TailFrom, Topic};
use tokio::time::timeout;

use crate::support::{event, events, hasty};

const TOPIC: Topic = Topic("inventory");
const SOON: Duration = Duration::from_secs(5);

/// The suite, for each adapter: the name of the function is the name of the test.
macro_rules! on_both_buses {
    ($($name:ident($settings:expr);)*) => {
        mod in_process {
            use super::*;
            $(#[tokio::test] async fn $name() {
                super::$name(Arc::new(selvedge_kit::bus::InProcessBus::with_settings($settings))).await;
            })*
        }
        mod redis {
            use super::*;
            $(#[tokio::test] async fn $name() {
                if let Some(bus) = crate::support::redis_bus(concat!(module_path!(), "::", stringify!($name)), $settings).await {
                    super::$name(bus).await;
                }
            })*
        }
    };
}

pub(crate) use on_both_buses;

on_both_buses! {
    a_group_shares_all_events_and_each_comes_once(BusSettings::default());
    every_group_gets_everything(BusSettings::default());
    one_member_reads_in_order(BusSettings::default());
    what_is_not_acknowledged_comes_again(hasty());
    another_member_takes_over(hasty());
    what_fails_too_often_goes_to_the_dead_letters(hasty());
    a_member_that_comes_back_gets_its_own_at_once(BusSettings::default());
    giving_up_waiting_loses_nothing(BusSettings::default());
    a_tail_from_the_start_reads_old_and_new(BusSettings::default());
    a_tail_from_now_reads_only_new(BusSettings::default());
    a_follower_hears_what_is_new_and_that_nothing_is_late(BusSettings::default());
    topics_do_not_mix(BusSettings::default());
    the_bus_can_be_checked(BusSettings::default());
}

pub(crate) fn revisions(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.event.revision).collect()
}

pub(crate) fn positions(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| delivery.position.clone()).collect()
}

pub(crate) async fn next(consumer: &mut Box<dyn Consumer>) -> Vec<Delivery> {
    timeout(SOON, consumer.next(100)).await.expect("nothing came").unwrap()
}

pub(crate) async fn nothing_comes(consumer: &mut Box<dyn Consumer>, within: Duration) {
    let came = timeout(within, consumer.next(100)).await;
    assert!(came.is_err(), "came: {came:?}");
}

async fn a_group_shares_all_events_and_each_comes_once(bus: Arc<dyn EventBus>) {
    let mut one = bus.consume(TOPIC, "recommendation", "one").await.unwrap();
    let mut two = bus.consume(TOPIC, "recommendation", "two").await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1..=600)).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 600 {
        let (consumer, limit) = if seen.len() % 2 == 0 { (&mut one, 50) } else { (&mut two, 33) };
        let batch = timeout(SOON, consumer.next(limit)).await.expect("nothing came").unwrap();
        assert!(!batch.is_empty() && batch.len() <= limit);
        assert!(batch.iter().all(|delivery| delivery.attempt == 1));
        consumer.acknowledge(&positions(&batch)).await.unwrap();
        seen.extend(revisions(&batch));
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=600).collect::<Vec<_>>());
}

async fn every_group_gets_everything(bus: Arc<dyn EventBus>) {
    bus.publish(TOPIC, &events("sku-1", 1..=3)).await.unwrap();
    for group in ["badges", "recommendation"] {
        let mut consumer = bus.consume(TOPIC, group, "one").await.unwrap();
        assert_eq!(revisions(&next(&mut consumer).await), [1, 2, 3], "{group}");
    }
}

async fn one_member_reads_in_order(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let publisher = bus.clone();
    let publishing = tokio::spawn(async move {
        for revision in 1..=200 {
            publisher.publish(TOPIC, &[event("sku-1", revision)]).await.unwrap();
        }
    });
    let (mut seen, mut places) = (Vec::new(), Vec::new());
    while seen.len() < 200 {
        let batch = next(&mut consumer).await;
        consumer.acknowledge(&positions(&batch)).await.unwrap();
        seen.extend(revisions(&batch));
        places.extend(positions(&batch));
    }
    publishing.await.unwrap();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>());
    places.dedup();
    assert_eq!(places.len(), 200, "positions are unique");
}

async fn what_is_not_acknowledged_comes_again(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1..=3)).await.unwrap();
    let first = next(&mut consumer).await;
    consumer.acknowledge(&positions(&first[..1])).await.unwrap();
    let again = next(&mut consumer).await;
    assert_eq!(revisions(&again), [2, 3]);
    assert!(again.iter().all(|delivery| delivery.attempt == 2));
    assert_eq!(again[0].event.id, first[1].event.id);
    assert_eq!(again[0].position, first[1].position);
    consumer.acknowledge(&positions(&again)).await.unwrap();
    nothing_comes(&mut consumer, Duration::from_millis(500)).await;
}

async fn another_member_takes_over(bus: Arc<dyn EventBus>) {
    let mut dies = bus.consume(TOPIC, "g", "dies").await.unwrap();
    let mut lives = bus.consume(TOPIC, "g", "lives").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 7)]).await.unwrap();
    assert_eq!(revisions(&next(&mut dies).await), [7]);
    drop(dies);
    let taken = next(&mut lives).await;
    assert_eq!((revisions(&taken), taken[0].attempt), (vec![7], 2));
}

async fn what_fails_too_often_goes_to_the_dead_letters(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let bad = event("sku-bad", 1);
    bus.publish(TOPIC, std::slice::from_ref(&bad)).await.unwrap();
    for attempt in 1..=3 {
        let tried = next(&mut consumer).await;
        assert_eq!((tried.len(), tried[0].attempt), (1, attempt));
    }
    assert!(bus.dead_letters(TOPIC, 10).await.unwrap().is_empty());
    nothing_comes(&mut consumer, Duration::from_millis(600)).await;
    let dead = bus.dead_letters(TOPIC, 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].group.as_str(), dead[0].attempts), ("g", 3));
    assert_eq!(serde_json::from_str::<selvedge_kit::event::Event>(&dead[0].entry).unwrap(), bad);
    bus.publish(TOPIC, &[event("sku-1", 2)]).await.unwrap();
    assert_eq!(revisions(&next(&mut consumer).await), [2], "the group goes on");
}

async fn a_member_that_comes_back_gets_its_own_at_once(bus: Arc<dyn EventBus>) {
    bus.publish(TOPIC, &events("sku-1", 1..=5)).await.unwrap();
    let mut before = bus.consume(TOPIC, "g", "one").await.unwrap();
    let batch = timeout(SOON, before.next(3)).await.unwrap().unwrap();
    before.acknowledge(&positions(&batch[..1])).await.unwrap();
    drop(before);
    let mut after = bus.consume(TOPIC, "g", "one").await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 4 {
        seen.extend(revisions(&next(&mut after).await));
    }
    assert_eq!(seen, [2, 3, 4, 5]);
}

async fn giving_up_waiting_loses_nothing(bus: Arc<dyn EventBus>) {
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    for revision in 1..=5 {
        nothing_comes(&mut consumer, Duration::from_millis(30)).await;
        bus.publish(TOPIC, &[event("sku-1", revision)]).await.unwrap();
        // The event arrives while nobody waits for it.
        tokio::time::sleep(Duration::from_millis(30)).await;
        let came = next(&mut consumer).await;
        assert_eq!((revisions(&came), came[0].attempt), (vec![revision], 1));
        consumer.acknowledge(&positions(&came)).await.unwrap();
    }
}

async fn a_tail_from_the_start_reads_old_and_new(bus: Arc<dyn EventBus>) {
    bus.publish(TOPIC, &events("sku-1", 1..=300)).await.unwrap();
    let tail = bus.tail(TOPIC, TailFrom::Start).await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 301..=600)).await.unwrap();
    let seen: Vec<i64> = timeout(SOON, tail.take(600).map(|delivery| delivery.event.revision).collect()).await.unwrap();
    assert_eq!(seen, (1..=600).collect::<Vec<_>>());
}

async fn a_tail_from_now_reads_only_new(bus: Arc<dyn EventBus>) {
    let mut empty = bus.tail(TOPIC, TailFrom::Now).await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1..=3)).await.unwrap();
    let mut later = bus.tail(TOPIC, TailFrom::Now).await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 4)]).await.unwrap();
    assert_eq!(timeout(SOON, later.next()).await.unwrap().unwrap().event.revision, 4);
    assert_eq!(timeout(SOON, empty.next()).await.unwrap().unwrap().event.revision, 1);
    assert!(timeout(Duration::from_millis(50), later.next()).await.is_err());
    bus.publish(TOPIC, &[event("sku-1", 5)]).await.unwrap();
    assert_eq!(timeout(SOON, later.next()).await.unwrap().unwrap().event.revision, 5);
}

async fn topics_do_not_mix(bus: Arc<dyn EventBus>) {
    let mut inventory = bus.consume(TOPIC, "g", "one").await.unwrap();
    let mut preferences = bus.consume(Topic("preferences"), "g", "one").await.unwrap();
    bus.publish(Topic("preferences"), &[event("customer-1", 1)]).await.unwrap();
    assert_eq!(next(&mut preferences).await[0].event.subject, "customer-1");
    nothing_comes(&mut inventory, Duration::from_millis(100)).await;
}

async fn the_bus_can_be_checked(bus: Arc<dyn EventBus>) {
    bus.check().await.unwrap();
    bus.publish(TOPIC, &[]).await.unwrap();
    assert!(bus.dead_letters(TOPIC, 5).await.unwrap().is_empty());
}

async fn a_follower_hears_what_is_new_and_that_nothing_is_late(bus: Arc<dyn EventBus>) {
    bus.publish(TOPIC, &events("sku-1", 1..=3)).await.unwrap();
    let mut followed = bus.follow(TOPIC).await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 4..=400)).await.unwrap();
    let (mut caught_up, mut revisions) = (0, Vec::new());
    while revisions.len() < 397 || caught_up == 0 {
        match timeout(SOON, followed.next()).await.expect("nothing came").unwrap() {
            Followed::CaughtUp => caught_up += 1,
            Followed::Lost => panic!("the bus was never away"),
            Followed::Event(delivery) => revisions.push(delivery.event.revision),
        }
    }
    assert_eq!((caught_up, revisions), (1, (4..=400).collect()));
}

#[tokio::test]
async fn a_follower_hears_that_the_bus_forgot_what_it_had_not_read() {
    let bus = InProcessBus::with_settings(BusSettings { in_process_events: 10, ..BusSettings::default() });
    let mut followed = bus.follow(TOPIC).await.unwrap();
    assert!(matches!(followed.next().await, Some(Followed::CaughtUp)));
    bus.publish(TOPIC, &events("sku-1", 1..=1)).await.unwrap();
    assert!(matches!(followed.next().await, Some(Followed::Event(_))));
    bus.publish(TOPIC, &events("sku-1", 2..=30)).await.unwrap();
    assert!(matches!(followed.next().await, Some(Followed::Lost)));
    assert!(matches!(followed.next().await, Some(Followed::CaughtUp)));
    let Some(Followed::Event(delivery)) = followed.next().await else { panic!("no event") };
    assert_eq!(delivery.event.revision, 21);
}

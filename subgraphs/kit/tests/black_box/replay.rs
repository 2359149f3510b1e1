//! Looking into a topic on Redis, publishing again, taking dead letters back.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use selvedge_kit::bus::{BusError, BusSettings, EventArchive, EventBus, Origin, ReadFrom, RedisBus, Topic};

use crate::{
    bus::{next, nothing_comes, positions, revisions},
    support::{event, events, hasty, redis_bus, redis_url, unique_prefix},
};

const TOPIC: Topic = Topic::INVENTORY;

#[tokio::test]
async fn redis_kept_events_are_read_by_position_and_by_time() {
    let name = "replay::redis_kept_events_are_read_by_position_and_by_time";
    let Some(bus) = redis_bus(name, BusSettings::default()).await else { return };
    bus.publish(TOPIC, &events("sku-1", 1..=5)).await.unwrap();
    let all = bus.read(TOPIC, &ReadFrom::Oldest, 3).await.unwrap();
    let revision = |kept: &selvedge_kit::bus::Kept| kept.event.as_ref().unwrap().revision;
    assert_eq!(all.iter().map(revision).collect::<Vec<_>>(), [1, 2, 3]);
    let after = bus.read(TOPIC, &ReadFrom::After(all[2].position.clone()), 10).await.unwrap();
    assert_eq!(after.iter().map(revision).collect::<Vec<_>>(), [4, 5]);
    let from = bus.read(TOPIC, &ReadFrom::At(all[2].position.clone()), 10).await.unwrap();
    assert_eq!(from.len(), 3);
    let soon = ReadFrom::About(Utc::now() - TimeDelta::minutes(1));
    assert_eq!(bus.read(TOPIC, &soon, 10).await.unwrap().len(), 5);
    let later = ReadFrom::About(Utc::now() + TimeDelta::hours(1));
    assert!(bus.read(TOPIC, &later, 10).await.unwrap().is_empty());
    let wrong = bus.read(TOPIC, &ReadFrom::At("yesterday".to_owned()), 10).await.unwrap_err();
    assert!(matches!(wrong, BusError::UnknownPosition { .. }));
}

#[tokio::test]
async fn redis_replayed_events_come_again_and_say_so() {
    let name = "replay::redis_replayed_events_come_again_and_say_so";
    let Some(bus) = redis_bus(name, BusSettings::default()).await else { return };
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1..=2)).await.unwrap();
    let first = next(&mut consumer).await;
    assert!(first.iter().all(|delivery| delivery.origin == Origin::Relayed));
    consumer.acknowledge(&positions(&first)).await.unwrap();
    bus.replay(TOPIC, &[Arc::clone(&first[0].event)]).await.unwrap();
    let again = next(&mut consumer).await;
    assert_eq!((again[0].event.id.as_str(), &again[0].origin), (first[0].event.id.as_str(), &Origin::Replayed));
}

#[tokio::test]
async fn redis_a_redriven_letter_comes_to_its_group_alone_and_is_gone() {
    let name = "replay::redis_a_redriven_letter_comes_to_its_group_alone_and_is_gone";
    let Some(bus) = redis_bus(name, hasty()).await else { return };
    let mut mine = bus.consume(TOPIC, "mine", "one").await.unwrap();
    let mut other = bus.consume(TOPIC, "other", "one").await.unwrap();
    bus.publish(TOPIC, &[event("sku-1", 1), event("sku-2", 1)]).await.unwrap();
    let batch = next(&mut mine).await;
    for delivery in &batch {
        mine.reject(&delivery.position, "not understood yet").await.unwrap();
    }
    let of_other = next(&mut other).await;
    other.acknowledge(&positions(&of_other)).await.unwrap();
    let letters = bus.read_dead_letters(TOPIC, None, 10).await.unwrap();
    assert_eq!(letters.len(), 2);
    assert_eq!(bus.read_dead_letters(TOPIC, Some(&letters[0]), 10).await.unwrap(), letters[1..]);
    assert!(letters[0].at.is_some());

    assert!(bus.redrive(TOPIC, &letters[0]).await.unwrap());
    assert!(!bus.redrive(TOPIC, &letters[0]).await.unwrap(), "once");
    let again = next(&mut mine).await;
    assert_eq!((again[0].event.subject.as_str(), again[0].attempt), ("sku-1", 1));
    assert_eq!(again[0].origin, Origin::Redriven { group: "mine".to_owned() });
    mine.acknowledge(&positions(&again)).await.unwrap();
    nothing_comes(&mut other, Duration::from_millis(300)).await;
    assert_eq!(bus.read_dead_letters(TOPIC, None, 10).await.unwrap(), letters[1..]);

    // What is given up again after it was redriven is a letter again.
    assert!(bus.redrive(TOPIC, &letters[1]).await.unwrap());
    let again = next(&mut mine).await;
    mine.reject(&again[0].position, "still not").await.unwrap();
    let letters = bus.read_dead_letters(TOPIC, None, 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].reason.as_str()), (1, "still not"));
    assert!(bus.purge(TOPIC, &letters[0]).await.unwrap());
    assert!(!bus.purge(TOPIC, &letters[0]).await.unwrap());
    assert_eq!(bus.count_dead_letters(TOPIC).await.unwrap(), 0);
}

#[tokio::test]
async fn redis_old_events_are_forgotten_by_number_and_by_age() {
    let name = "replay::redis_old_events_are_forgotten_by_number_and_by_age";
    let Some(url) = redis_url(name) else { return };
    let few = BusSettings { redis_events: 100, ..BusSettings::default() };
    let bus = RedisBus::connect_with(&url, &unique_prefix(), few).await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1..=1_000)).await.unwrap();
    let kept = bus.read(TOPIC, &ReadFrom::Oldest, 10_000).await.unwrap().len();
    assert!((100..400).contains(&kept), "about 100, as Redis forgets whole nodes of 100: {kept}");

    let brief = BusSettings { redis_keep: Some(Duration::from_secs(1)), ..BusSettings::default() };
    let prefix = unique_prefix();
    let before = RedisBus::connect_with(&url, &prefix, BusSettings::default()).await.unwrap();
    before.publish(TOPIC, &events("sku-1", 1..=1_000)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let bus = RedisBus::connect_with(&url, &prefix, brief).await.unwrap();
    bus.publish(TOPIC, &events("sku-1", 1_001..=1_001)).await.unwrap();
    let kept = bus.read(TOPIC, &ReadFrom::Oldest, 10_000).await.unwrap();
    assert!(kept.len() < 200, "{} of 1001 are kept", kept.len());
    assert_eq!(kept.last().unwrap().event.as_ref().unwrap().revision, 1_001);
}

#[tokio::test]
async fn redis_what_brings_its_consumer_down_does_not_take_its_neighbours_along() {
    let name = "replay::redis_what_brings_its_consumer_down_does_not_take_its_neighbours_along";
    let Some(bus) = redis_bus(name, BusSettings { max_attempts: 5, ..hasty() }).await else { return };
    bus.publish(TOPIC, &[event("poison", 1), event("sku-1", 1), event("sku-2", 1)]).await.unwrap();
    let mut handled = Vec::new();
    // A consumer that dies with the first event, and comes back.
    for _ in 0..20 {
        let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
        while let Ok(batch) = tokio::time::timeout(Duration::from_millis(300), consumer.next(10)).await {
            let batch = batch.unwrap();
            if batch[0].event.subject == "poison" {
                break;
            }
            consumer.acknowledge(&positions(&batch)).await.unwrap();
            handled.extend(batch.iter().map(|delivery| delivery.event.subject.clone()));
            assert_eq!(revisions(&batch)[0], 1);
        }
        if handled.len() == 2 {
            break;
        }
    }
    assert_eq!(handled, ["sku-1", "sku-2"]);
    let letters = bus.dead_letters(TOPIC, 5).await.unwrap();
    assert_eq!((letters.len(), letters[0].event().unwrap().subject.as_str()), (1, "poison"));
    assert!(letters[0].reason.contains("never acknowledged"), "{}", letters[0].reason);
}

//! What an in-process bus keeps in files.

use std::{sync::Arc, time::Duration};

use selvedge_kit::bus::{BusSettings, EventBus, EventsFolder, InProcessBus, Origin, Topic, run_spool};
use tokio_util::sync::CancellationToken;

use crate::{
    bus::{next, nothing_comes, positions},
    support::{event, events, hasty},
};

const TOPIC: Topic = Topic::INVENTORY;

fn folder() -> (tempfile::TempDir, EventsFolder) {
    let place = tempfile::tempdir().unwrap();
    let folder = EventsFolder::at(place.path().join("events"));
    (place, folder)
}

#[tokio::test]
async fn dead_letters_outlive_the_process_and_are_redriven_by_another() {
    let (_place, folder) = folder();
    let bus = InProcessBus::with_settings(hasty()).with_folder(folder.clone());
    let poison = event("sku/../1", 1);
    bus.publish(TOPIC, &[poison.clone(), event("sku-2", 1)]).await.unwrap();
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let batch = next(&mut consumer).await;
    for delivery in &batch {
        consumer.reject(&delivery.position, "not understood yet").await.unwrap();
    }
    drop((consumer, bus));

    let letters = folder.dead_letters(TOPIC).unwrap();
    assert_eq!(letters.len(), 2);
    let letter = letters.iter().find(|letter| letter.event() == Some(poison.clone())).unwrap();
    assert_eq!((letter.group.as_str(), letter.reason.as_str()), ("g", "not understood yet"));
    assert!(letter.at.is_some());
    let origin = Origin::Redriven { group: letter.group.clone() };
    folder.request(TOPIC, &[Arc::new(letter.event().unwrap())], &origin).unwrap();
    assert!(folder.remove_dead_letter(TOPIC, &letter.id).unwrap());
    assert!(!folder.remove_dead_letter(TOPIC, &letter.id).unwrap());

    let bus = Arc::new(InProcessBus::with_settings(BusSettings::default()).with_folder(folder.clone()));
    assert_eq!(bus.count_dead_letters(TOPIC).await.unwrap(), 1);
    let (mut mine, mut other) =
        (bus.consume(TOPIC, "g", "one").await.unwrap(), bus.consume(TOPIC, "other", "one").await.unwrap());
    let shutdown = CancellationToken::new();
    let spool = tokio::spawn(run_spool(folder.clone(), Arc::clone(&bus), shutdown.clone()));
    let again = next(&mut mine).await;
    assert_eq!((&*again[0].event, &again[0].origin), (&poison, &origin));
    mine.acknowledge(&positions(&again)).await.unwrap();
    nothing_comes(&mut other, Duration::from_millis(300)).await;
    nothing_comes(&mut mine, Duration::from_millis(300)).await;
    shutdown.cancel();
    spool.await.unwrap();
}

#[tokio::test]
async fn a_replay_that_was_asked_for_is_published_in_order() {
    let (_place, folder) = folder();
    for chunk in events("sku-1", 1..=30).chunks(10) {
        let chunk: Vec<_> = chunk.iter().cloned().map(Arc::new).collect();
        folder.request(TOPIC, &chunk, &Origin::Replayed).unwrap();
    }
    let bus = InProcessBus::default();
    assert_eq!(folder.serve_requests(&bus).unwrap(), 30);
    assert_eq!(folder.serve_requests(&bus).unwrap(), 0);
    let mut consumer = bus.consume(TOPIC, "g", "one").await.unwrap();
    let came = next(&mut consumer).await;
    let revisions: Vec<i64> = came.iter().map(|delivery| delivery.event.revision).collect();
    assert_eq!(revisions, (1..=30).collect::<Vec<_>>());
    assert!(came.iter().all(|delivery| delivery.origin == Origin::Replayed));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_put_aside() {
    let (place, folder) = folder();
    let spool = place.path().join("events/spool");
    std::fs::create_dir_all(&spool).unwrap();
    std::fs::write(spool.join("0.jsonl"), "{\"topic\":\"invntory\"}\n").unwrap();
    folder.request(TOPIC, &[Arc::new(event("sku-1", 1))], &Origin::Replayed).unwrap();
    assert_eq!(folder.serve_requests(&InProcessBus::default()).unwrap(), 1);
    let left: Vec<_> = std::fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["0.unreadable"]);
}

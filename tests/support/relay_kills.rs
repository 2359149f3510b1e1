//! A relay that is killed over and over, on a bus that fails halfway. Included by the tests of every outbox.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use rand::Rng;
use selvedge_kit::{
    bus::{Burial, BusError, Consumer, DeadLetter, Delivery, EventBus, Followed, TailFrom, Topic},
    event::Event,
    outbox::{Outbox, Relay, RelaySignal},
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

/// Publishes a part of a batch now and then and says that it failed, and takes its time afterwards, so that a kill falls
/// between publishing and confirming.
pub(crate) struct Flaky(pub(crate) Arc<dyn EventBus>);

#[async_trait]
impl EventBus for Flaky {
    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), BusError> {
        if rand::rng().random_ratio(1, 10) {
            let part = rand::rng().random_range(0..=events.len());
            self.0.publish(topic, &events[..part]).await?;
            return Err(BusError::Unavailable { reason: "it failed halfway".to_owned() });
        }
        pause(2).await;
        self.0.publish(topic, events).await?;
        pause(4).await;
        Ok(())
    }
    async fn consume(&self, topic: Topic, group: &str, member: &str) -> Result<Box<dyn Consumer>, BusError> {
        self.0.consume(topic, group, member).await
    }
    async fn tail(&self, topic: Topic, from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError> {
        self.0.tail(topic, from).await
    }
    async fn follow(&self, topic: Topic) -> Result<BoxStream<'static, Followed>, BusError> {
        self.0.follow(topic).await
    }
    async fn dead_letters(&self, topic: Topic, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.0.dead_letters(topic, limit).await
    }
    async fn count_dead_letters(&self, topic: Topic) -> Result<u64, BusError> {
        self.0.count_dead_letters(topic).await
    }
    async fn bury(&self, topic: Topic, burial: Burial) -> Result<(), BusError> {
        self.0.bury(topic, burial).await
    }
    async fn check(&self) -> Result<(), BusError> {
        self.0.check().await
    }
}

/// Sleeps up to `most_ms`.
pub(crate) async fn pause(most_ms: u64) {
    let micros = rand::rng().random_range(0..most_ms * 1_000);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

/// Starts a relay.
pub(crate) fn relay(outbox: Arc<dyn Outbox>, bus: Arc<dyn EventBus>, topic: Topic) -> JoinHandle<()> {
    let relay = Relay { outbox, bus, topic, signal: RelaySignal::default(), refill: false };
    tokio::spawn(relay.run(CancellationToken::new()))
}

/// Kills the relay of `outbox` a hundred times at random moments.
pub(crate) async fn kill_relays(outbox: &Arc<dyn Outbox>, bus: &Arc<dyn EventBus>, topic: Topic) {
    for _ in 0..100 {
        let running = relay(Arc::clone(outbox), Arc::new(Flaky(Arc::clone(bus))), topic);
        pause(25).await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
    }
}

/// Waits until `count` different events have come, and gives all that came, repetitions included.
pub(crate) async fn hear(bus: &dyn EventBus, topic: Topic, count: usize) -> Vec<Arc<Event>> {
    let mut tail = bus.tail(topic, TailFrom::Start).await.unwrap();
    let (mut heard, mut ids) = (Vec::new(), HashSet::new());
    let deadline = Instant::now() + Duration::from_secs(120);
    while ids.len() < count {
        let next = tokio::time::timeout_at(deadline, tail.next()).await;
        let delivery = next.unwrap_or_else(|_| panic!("{} of {count} events came", ids.len())).unwrap();
        ids.insert(delivery.event.id.clone());
        heard.push(delivery.event);
    }
    heard
}

/// Fails unless each subject has said 1 to `last`, each for the first time in this order; gives the repetitions.
pub(crate) fn assert_whole_and_in_order(heard: &[Arc<Event>], subjects: usize, last: i64) -> usize {
    let mut seen: HashMap<&str, Vec<i64>> = HashMap::new();
    let (mut ids, mut repetitions) = (HashSet::new(), 0);
    for event in heard {
        if ids.insert(&event.id) {
            seen.entry(&event.subject).or_default().push(event.revision);
        } else {
            repetitions += 1;
        }
    }
    assert_eq!(seen.len(), subjects);
    for (subject, revisions) in seen {
        assert_eq!(revisions, (1..=last).collect::<Vec<_>>(), "{subject}");
    }
    repetitions
}

//! The bus inside one process.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use super::{
    BusError, BusSettings, Consumer, DeadLetter, Delivery, EventBus, Followed, TailFrom, Topic,
    topic_log::{Taker, TopicLog},
};
use crate::event::Event;

/// Events read at once by a tail.
const TAIL_BATCH: usize = 256;

/// A bus within the process; its durability is the outbox's (see `Relay::refill`).
#[derive(Debug, Default)]
pub struct InProcessBus {
    settings: BusSettings,
    topics: Mutex<HashMap<Topic, Arc<SharedTopic>>>,
}

#[derive(Debug, Default)]
struct SharedTopic {
    log: Mutex<TopicLog>,
    /// The end of the log; readers wait for it to move.
    end: watch::Sender<u64>,
}

impl InProcessBus {
    /// A bus with other settings than the usual.
    #[must_use]
    pub fn with_settings(settings: BusSettings) -> Self {
        Self { settings, topics: Mutex::default() }
    }

    fn topic(&self, topic: Topic) -> Arc<SharedTopic> {
        self.topics.lock().entry(topic).or_default().clone()
    }

    /// Batches of events, each with how many were forgotten before it.
    fn read_on(&self, topic: Topic, from: TailFrom) -> impl Stream<Item = (Vec<Delivery>, u64)> + Send + use<> {
        let name = topic.0;
        let topic = self.topic(topic);
        let end = topic.end.subscribe();
        let position = match from {
            TailFrom::Start => 0,
            TailFrom::Now => topic.log.lock().end(),
        };
        stream::unfold((topic, end, position), move |(topic, mut end, position)| async move {
            loop {
                end.mark_unchanged();
                let (batch, forgotten) = topic.log.lock().read(position, TAIL_BATCH);
                // Who starts at the start has not missed what was forgotten before.
                let forgotten_since = if position > 0 { forgotten } else { 0 };
                if forgotten_since > 0 {
                    tracing::warn!(topic = name, forgotten, "the bus forgot events before a reader got to them");
                }
                if batch.is_empty() {
                    end.changed().await.ok()?;
                    continue;
                }
                let position = position + forgotten + batch.len() as u64;
                return Some(((batch, forgotten_since), (topic, end, position)));
            }
        })
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), BusError> {
        let topic = self.topic(topic);
        let end = {
            let mut log = topic.log.lock();
            log.append(events, &self.settings);
            log.end()
        };
        // Two publishers may get here in either order; readers only need the larger number.
        topic.end.send_if_modified(|known| {
            let moved = end > *known;
            *known = end.max(*known);
            moved
        });
        Ok(())
    }

    async fn consume(&self, topic: Topic, group: &str, member: &str) -> Result<Box<dyn Consumer>, BusError> {
        let topic = self.topic(topic);
        topic.log.lock().join(group, member, Instant::now());
        let end = topic.end.subscribe();
        let (group, member) = (group.to_owned(), member.to_owned());
        Ok(Box::new(InProcessConsumer { settings: self.settings, topic, end, group, member }))
    }

    async fn tail(&self, topic: Topic, from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError> {
        let batches = self.read_on(topic, from).map(|(batch, _)| stream::iter(batch));
        Ok(batches.flatten().boxed())
    }

    async fn follow(&self, topic: Topic) -> Result<BoxStream<'static, Followed>, BusError> {
        let batches = self.read_on(topic, TailFrom::Now).map(|(batch, forgotten)| {
            let gap = if forgotten > 0 { vec![Followed::Lost, Followed::CaughtUp] } else { Vec::new() };
            stream::iter(gap.into_iter().chain(batch.into_iter().map(Followed::Event)))
        });
        Ok(stream::once(async { Followed::CaughtUp }).chain(batches.flatten()).boxed())
    }

    async fn dead_letters(&self, topic: Topic, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        Ok(self.topic(topic).log.lock().dead_letters(limit))
    }

    async fn check(&self) -> Result<(), BusError> {
        Ok(())
    }
}

struct InProcessConsumer {
    settings: BusSettings,
    topic: Arc<SharedTopic>,
    end: watch::Receiver<u64>,
    group: String,
    member: String,
}

#[async_trait]
impl Consumer for InProcessConsumer {
    async fn next(&mut self, limit: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            self.end.mark_unchanged();
            let next_due = {
                let taker = Taker { group: &self.group, member: &self.member, settings: &self.settings };
                let mut log = self.topic.log.lock();
                let taken = log.take(&taker, limit.max(1), Instant::now());
                if !taken.is_empty() {
                    return Ok(taken);
                }
                log.next_due(&self.group)
            };
            let look_again = next_due.unwrap_or_else(|| Instant::now() + self.settings.redeliver_after);
            tokio::select! {
                // Cannot fail: the sender lives in `self.topic`.
                _ = self.end.changed() => {}
                () = tokio::time::sleep_until(look_again) => {}
            }
        }
    }

    async fn acknowledge(&mut self, positions: &[String]) -> Result<(), BusError> {
        self.topic.log.lock().acknowledge(&self.group, positions);
        Ok(())
    }
}

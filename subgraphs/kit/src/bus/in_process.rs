//! The bus inside one process.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use super::{
    Burial, BusError, BusSettings, Consumer, DeadLetter, Delivery, EventBus, EventsFolder, Followed, Origin, TailFrom,
    Topic,
    topic_log::{Taker, TopicLog},
};
use crate::event::Event;

/// Events read at once by a tail.
const TAIL_BATCH: usize = 256;

/// Dead letters kept per topic in memory.
const MAX_DEAD_LETTERS: usize = 10_000;

/// A bus within the process; its durability is the outbox's (see `Relay::refill`). Dead letters are kept in a folder
/// where it has one, else in memory.
#[derive(Debug, Default)]
pub struct InProcessBus {
    settings: BusSettings,
    folder: Option<EventsFolder>,
    topics: Mutex<HashMap<Topic, Arc<SharedTopic>>>,
}

#[derive(Debug)]
struct SharedTopic {
    name: Topic,
    folder: Option<EventsFolder>,
    log: Mutex<TopicLog>,
    dead_letters: Mutex<VecDeque<DeadLetter>>,
    /// The end of the log; readers wait for it to move.
    end: watch::Sender<u64>,
}

impl InProcessBus {
    /// A bus with other settings than the usual.
    #[must_use]
    pub fn with_settings(settings: BusSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Keeps dead letters in `folder`, where they outlive the process.
    #[must_use]
    pub fn with_folder(self, folder: EventsFolder) -> Self {
        Self { folder: Some(folder), ..self }
    }

    /// Publishes events that were published before, or come back from the dead letters.
    pub fn publish_again(&self, topic: Topic, events: Vec<Arc<Event>>, origin: &Origin) {
        self.topic(topic).append(events, origin, &self.settings);
    }

    fn topic(&self, topic: Topic) -> Arc<SharedTopic> {
        let new = || {
            let (log, dead_letters, end) = (Mutex::default(), Mutex::default(), watch::Sender::default());
            Arc::new(SharedTopic { name: topic, folder: self.folder.clone(), log, dead_letters, end })
        };
        self.topics.lock().entry(topic).or_insert_with(new).clone()
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

impl SharedTopic {
    fn append(&self, events: impl IntoIterator<Item = Arc<Event>>, origin: &Origin, settings: &BusSettings) {
        let end = {
            let mut log = self.log.lock();
            log.append(events, origin, settings.in_process_events);
            log.end()
        };
        // Two publishers may get here in either order; readers only need the larger number.
        self.end.send_if_modified(|known| {
            let moved = end > *known;
            *known = end.max(*known);
            moved
        });
    }

    fn bury(&self, burial: Burial) -> Result<(), BusError> {
        burial.announce(self.name.0);
        if let Some(folder) = &self.folder {
            return folder.put_dead_letter(self.name, &burial.into_letter(None));
        }
        let letter = burial.into_letter(None);
        let mut letters = self.dead_letters.lock();
        if letters.iter().all(|known| known.id != letter.id) {
            letters.push_front(letter);
            letters.truncate(MAX_DEAD_LETTERS);
        }
        Ok(())
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), BusError> {
        self.topic(topic).append(events.iter().cloned().map(Arc::new), &Origin::Relayed, &self.settings);
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
        if let Some(folder) = &self.folder {
            let mut letters = folder.dead_letters(topic)?;
            letters.reverse();
            letters.truncate(limit);
            return Ok(letters);
        }
        Ok(self.topic(topic).dead_letters.lock().iter().take(limit).cloned().collect())
    }

    async fn count_dead_letters(&self, topic: Topic) -> Result<u64, BusError> {
        match &self.folder {
            Some(folder) => folder.count_dead_letters(topic),
            None => Ok(self.topic(topic).dead_letters.lock().len() as u64),
        }
    }

    async fn bury(&self, topic: Topic, burial: Burial) -> Result<(), BusError> {
        self.topic(topic).bury(burial)
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

impl InProcessConsumer {
    fn taker(&self) -> Taker<'_> {
        Taker { topic: self.topic.name.0, group: &self.group, member: &self.member, settings: &self.settings }
    }
}

#[async_trait]
impl Consumer for InProcessConsumer {
    async fn next(&mut self, limit: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            self.end.mark_unchanged();
            let (taken, buried) = self.topic.log.lock().take(&self.taker(), limit.max(1), Instant::now());
            for burial in buried {
                self.topic.bury(burial)?;
            }
            if !taken.is_empty() {
                return Ok(taken);
            }
            let next_due = self.topic.log.lock().next_due(&self.group);
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

    async fn fail(&mut self, position: &str, reason: &str) -> Result<(), BusError> {
        let burial = self.topic.log.lock().fail(&self.taker(), position, reason, Instant::now());
        burial.map_or(Ok(()), |burial| self.topic.bury(burial))
    }

    async fn reject(&mut self, position: &str, reason: &str) -> Result<(), BusError> {
        let burial = self.topic.log.lock().reject(&self.taker(), position, reason);
        burial.map_or(Ok(()), |burial| self.topic.bury(burial))
    }
}

//! What every bus adapter offers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::event::Event;

/// A stream of events with one owner: `Topic("inventory")`, `Topic("preferences")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic(pub &'static str);

/// Where a tail starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailFrom {
    /// The oldest event that the bus still has.
    Start,
    /// Only events published after the call returned.
    Now,
}

/// An event as it came from the bus.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event, shared by all readers of the process.
    pub event: Arc<Event>,
    /// Place in the topic, opaque; grows. Hand it to [`Consumer::acknowledge`].
    pub position: String,
    /// 1 for the first try of this consumer group.
    pub attempt: u32,
}

/// What a follower hears.
#[derive(Debug, Clone)]
pub enum Followed {
    /// Every event from now on will come, as soon as it is published.
    CaughtUp,
    /// Events may have been missed, or come late from now on, until the next [`Self::CaughtUp`].
    Lost,
    /// An event, perhaps not for the first time.
    Event(Delivery),
}

/// How deliveries are tried again, and how much a bus keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusSettings {
    /// An event that was not acknowledged for this long is delivered again.
    pub redeliver_after: Duration,
    /// After this many deliveries without an acknowledgement an event goes to the dead letters.
    pub max_attempts: u32,
    /// Events kept per topic by the in-process bus; older ones are forgotten.
    pub in_process_events: usize,
    /// Events kept per topic by Redis, about.
    pub redis_events: usize,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            redeliver_after: Duration::from_secs(30),
            max_attempts: 5,
            in_process_events: 200_000,
            redis_events: 1_000_000,
        }
    }
}

/// An entry that a consumer group gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The group that could not handle it.
    pub group: String,
    /// Its place in the topic.
    pub position: String,
    /// How often it was delivered.
    pub attempts: u32,
    /// The event's JSON, or what lay there instead.
    pub entry: String,
}

/// Why the bus could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The server behind the bus is away.
    #[error("the event bus is not reachable: {reason}")]
    Unavailable {
        /// What the driver said.
        reason: String,
    },
    /// What lay on the bus is no event.
    #[error("entry {position} of topic `{topic}` is not an event: {reason}")]
    Malformed {
        /// The topic.
        topic: &'static str,
        /// The entry.
        position: String,
        /// What was wrong.
        reason: String,
    },
    /// An event has no JSON form.
    #[error("event {event_id} cannot be written as JSON: {reason}")]
    NotWritten {
        /// The event.
        event_id: String,
        /// What was wrong.
        reason: String,
    },
}

/// Publishes and delivers events.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Appends `events` in order; they are durable (as far as the adapter is) when this returns.
    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), BusError>;

    /// Joins the consumer group `group`: each event goes to one member, again until it is acknowledged
    /// ([`BusSettings::redeliver_after`]). After [`BusSettings::max_attempts`] an event goes to the topic's dead letters.
    /// A new group begins with the oldest event. A member that comes back gets what it left unacknowledged at once.
    ///
    /// Events come in the order of the topic, save that one delivered again comes after newer ones, also of its own
    /// subject: drop what is not newer by its revision. Where order matters, run one member.
    async fn consume(&self, topic: Topic, group: &str, member: &str) -> Result<Box<dyn Consumer>, BusError>;

    /// Every event from `from` on, to this reader alone; nothing to acknowledge. Lost connections are reopened from
    /// the last position, so that nothing is skipped while the bus still has it. Subscribed when this returns.
    async fn tail(&self, topic: Topic, from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError>;

    /// As [`Self::tail`] from now on, for a reader to whom an event that comes late is as bad as one that never comes:
    /// it hears when the bus is away. Subscribed when this returns; what it has missed while it was lost it must find
    /// out elsewhere.
    async fn follow(&self, topic: Topic) -> Result<BoxStream<'static, Followed>, BusError>;

    /// The newest dead letters of `topic`, newest first, at most `limit`.
    async fn dead_letters(&self, topic: Topic, limit: usize) -> Result<Vec<DeadLetter>, BusError>;

    /// Whether the bus can be used now.
    async fn check(&self) -> Result<(), BusError>;
}

/// A member of a consumer group.
#[async_trait]
pub trait Consumer: Send {
    /// The next events, waiting until there is at least one; at most `limit`. After an error it waits by itself before
    /// it tries again, so a caller may simply call it in a loop.
    ///
    /// # Errors
    ///
    /// [`BusError::Unavailable`] while the bus is away.
    ///
    /// # Cancellation
    ///
    /// Safe: an unfinished read goes on with the next call.
    async fn next(&mut self, limit: usize) -> Result<Vec<Delivery>, BusError>;

    /// Says that these are handled.
    async fn acknowledge(&mut self, positions: &[String]) -> Result<(), BusError>;
}

//! What every bus adapter offers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::{Burial, DeadLetter};
use crate::event::Event;

/// A stream of events with one owner: `Topic("inventory")`, `Topic("preferences")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic(pub &'static str);

impl Topic {
    /// What inventory announces.
    pub const INVENTORY: Self = Self("inventory");
    /// What preferences announces.
    pub const PREFERENCES: Self = Self("preferences");
    /// Every topic of the shop.
    pub const ALL: [Self; 2] = [Self::INVENTORY, Self::PREFERENCES];

    /// The topic of the shop with that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.0 == name)
    }
}

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
    /// Why it was put on the bus.
    pub origin: Origin,
}

/// Why an event was put on the bus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// Something has happened.
    #[default]
    Relayed,
    /// An operator published it once more, under the same id. Whoever was told before has it already.
    Replayed,
    /// It came back from the dead letters of one group; other groups are not given it.
    Redriven {
        /// The group.
        group: String,
    },
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
    /// An event that was neither acknowledged nor failed for this long is delivered again.
    pub redeliver_after: Duration,
    /// After this many deliveries without an acknowledgement an event goes to the dead letters.
    pub max_attempts: u32,
    /// The pause after the first failure of an event; it doubles with each further one.
    pub retry_first: Duration,
    /// The longest such pause.
    pub retry_longest: Duration,
    /// Events kept per topic by the in-process bus; older ones are forgotten.
    pub in_process_events: usize,
    /// Events kept per topic by Redis, about.
    pub redis_events: usize,
    /// For how long Redis keeps an event, about; `None`: the number alone decides.
    pub redis_keep: Option<Duration>,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            redeliver_after: Duration::from_secs(30),
            max_attempts: 5,
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_secs(30),
            in_process_events: 200_000,
            redis_events: 1_000_000,
            redis_keep: None,
        }
    }
}

impl BusSettings {
    /// The pause after `attempts` failed deliveries.
    pub(super) fn pause_after(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(20);
        self.retry_first.saturating_mul(1 << doublings).min(self.retry_longest)
    }
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
    /// Files of the bus could not be read or written.
    #[error("`{path}` cannot be used: {reason}")]
    Files {
        /// Which.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// There is no such place.
    #[error("topic `{topic}` has no event at position `{position}`; `selvedge events list` shows those that it has")]
    UnknownPosition {
        /// The topic.
        topic: &'static str,
        /// What was asked for.
        position: String,
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
    /// ([`BusSettings::redeliver_after`], or a growing pause after [`Consumer::fail`]). After
    /// [`BusSettings::max_attempts`] an event goes to the topic's dead letters. A new group begins with the oldest event.
    /// A member that comes back gets what it left unacknowledged at once.
    ///
    /// Events come in the order of the topic. While one waits to be tried again, later ones of its subject wait behind
    /// it and other subjects go on; when it is given up, those behind it come. A member that dies or says nothing leaves
    /// its events to be delivered again after newer ones: drop what is not newer by its revision. Where order matters,
    /// run one member: Redis gives each member the next event, whatever its subject.
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

    /// How many dead letters `topic` has.
    async fn count_dead_letters(&self, topic: Topic) -> Result<u64, BusError>;

    /// Puts an entry among the dead letters of `topic`, once: for readers without a group who cannot use it.
    async fn bury(&self, topic: Topic, burial: Burial) -> Result<(), BusError>;

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

    /// Says that this one could not be handled now. It comes again after a pause, or goes to the dead letters with
    /// `reason` when it has used up its attempts. What was delivered of its subject after it is taken back and comes
    /// behind it: leave that alone.
    async fn fail(&mut self, position: &str, reason: &str) -> Result<(), BusError>;

    /// Says that no repetition will help: to the dead letters at once.
    async fn reject(&mut self, position: &str, reason: &str) -> Result<(), BusError>;
}

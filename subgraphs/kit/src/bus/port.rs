//! What every bus adapter offers.

use std::sync::Arc;

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
}

/// Publishes and delivers events.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Appends `events` in order; they are durable (as far as the adapter is) when this returns.
    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), BusError>;

    /// Joins the consumer group `group`: each event goes to one member, again until it is acknowledged. After five
    /// failed attempts an event goes to the topic's dead letters.
    async fn consume(&self, topic: Topic, group: &str, member: &str) -> Result<Box<dyn Consumer>, BusError>;

    /// Every event from `from` on, to this reader alone; nothing to acknowledge. Lost connections are reopened from
    /// the last position, so that nothing is skipped while the bus still has it. Subscribed when this returns.
    async fn tail(&self, topic: Topic, from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError>;

    /// Whether the bus can be used now.
    async fn check(&self) -> Result<(), BusError>;
}

/// A member of a consumer group.
#[async_trait]
pub trait Consumer: Send {
    /// The next events, waiting until there is at least one; at most `limit`.
    ///
    /// # Cancellation
    ///
    /// Safe: what was not returned is delivered again.
    async fn next(&mut self, limit: usize) -> Result<Vec<Delivery>, BusError>;

    /// Says that these are handled.
    async fn acknowledge(&mut self, positions: &[String]) -> Result<(), BusError>;
}

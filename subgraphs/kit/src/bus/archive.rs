//! What operators do with a topic: look into it, publish again, take dead letters out.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{BusError, DeadLetter, Origin, Topic};
use crate::event::Event;

/// Where reading starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadFrom {
    /// The oldest event that is kept.
    Oldest,
    /// The event at this position.
    At(String),
    /// The first event behind this position.
    After(String),
    /// An event not later than the first that happened at this time; earlier ones may come too.
    About(DateTime<Utc>),
}

/// An entry that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its place in the topic.
    pub position: String,
    /// Why it was put there.
    pub origin: Origin,
    /// The event, or what lay there instead.
    pub event: Result<Arc<Event>, String>,
}

/// The kept events and dead letters of a bus.
#[async_trait]
pub trait EventArchive: Send + Sync {
    /// At most `limit` entries in the order of the topic; none at the end.
    async fn read(&self, topic: Topic, from: &ReadFrom, limit: usize) -> Result<Vec<Kept>, BusError>;

    /// At most `limit` dead letters, oldest first, behind the letter `after`.
    async fn read_dead_letters(
        &self,
        topic: Topic,
        after: Option<&DeadLetter>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BusError>;

    /// Publishes kept events once more, in order, marked as replayed.
    async fn replay(&self, topic: Topic, events: &[Arc<Event>]) -> Result<(), BusError>;

    /// Puts the letter's event back on its topic for its group, and takes the letter away after that; false when it is
    /// not there any more.
    async fn redrive(&self, topic: Topic, letter: &DeadLetter) -> Result<bool, BusError>;

    /// Takes the letter away; false when it is not there any more.
    async fn purge(&self, topic: Topic, letter: &DeadLetter) -> Result<bool, BusError>;
}

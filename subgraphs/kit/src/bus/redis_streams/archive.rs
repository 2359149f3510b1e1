//! Looking into the streams, and publishing again.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use redis::streams::StreamRangeReply;

use super::{
    super::{BusError, DeadLetter, EventArchive, Kept, ReadFrom, Topic},
    RedisBus, entry, unavailable,
};
use crate::event::Event;

/// By how much the clocks of publishers may be ahead of Redis's.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

#[async_trait]
impl EventArchive for RedisBus {
    async fn read(&self, topic: Topic, from: &ReadFrom, limit: usize) -> Result<Vec<Kept>, BusError> {
        let start = match from {
            ReadFrom::Oldest => "-".to_owned(),
            ReadFrom::At(position) => checked(topic, position)?.to_owned(),
            ReadFrom::After(position) => format!("({}", checked(topic, position)?),
            // An event is published after it happened, and its place tells when.
            ReadFrom::About(time) => (*time - CLOCK_TOLERANCE).timestamp_millis().max(0).to_string(),
        };
        let mut command = redis::cmd("XRANGE");
        command.arg(self.key(topic)).arg(start).arg("+").arg("COUNT").arg(limit);
        let reply: StreamRangeReply = command.query_async(&mut self.manager.clone()).await.map_err(unavailable)?;
        let kept = |id: &redis::streams::StreamId| Kept {
            position: id.id.clone(),
            origin: entry::origin(id),
            event: entry::read(topic, id).map_err(|error| error.to_string()),
        };
        Ok(reply.ids.iter().map(kept).collect())
    }

    async fn read_dead_letters(
        &self,
        topic: Topic,
        after: Option<&DeadLetter>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BusError> {
        self.letters(topic).read(&self.manager, after, limit).await
    }

    async fn replay(&self, topic: Topic, events: &[Arc<Event>]) -> Result<(), BusError> {
        self.append(topic, events.iter().map(|event| &**event), true).await
    }

    async fn redrive(&self, topic: Topic, letter: &DeadLetter) -> Result<bool, BusError> {
        self.letters(topic).redrive(&self.manager, letter, self.settings.redis_events).await
    }

    async fn purge(&self, topic: Topic, letter: &DeadLetter) -> Result<bool, BusError> {
        self.letters(topic).purge(&self.manager, letter).await
    }
}

/// A position is two numbers, or the first of them.
fn checked(topic: Topic, position: &str) -> Result<&str, BusError> {
    let mut parts = position.splitn(2, '-');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.all(is_number) {
        return Ok(position);
    }
    Err(BusError::UnknownPosition { topic: topic.0, position: position.to_owned() })
}

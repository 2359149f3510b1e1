//! Reading as a member of a consumer group.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use redis::aio::MultiplexedConnection;
use tokio::time::Instant;

use super::{
    super::{BusError, Consumer, Delivery},
    BLOCK,
    member::{Claim, Member},
    open_reader,
};
use crate::backoff::Backoff;

pub(super) struct RedisConsumer {
    member: Arc<Member>,
    /// Delivered to this member, not yet returned.
    ready: VecDeque<Delivery>,
    /// Where reading stands; taken by the read that is under way.
    progress: Option<Progress>,
    /// Kept when the caller gives up waiting: Redis may already have handed entries to it.
    reading: Option<Reading>,
    backoff: Backoff,
}

/// A read under way; gives back where reading stands.
type Reading = BoxFuture<'static, (Progress, Result<Vec<Delivery>, BusError>)>;

#[derive(Default)]
struct Progress {
    reader: Option<MultiplexedConnection>,
    recovery: Recovery,
    overdue_at: Option<Instant>,
}

/// What the member left behind is read once, before anything else.
#[derive(Default)]
enum Recovery {
    #[default]
    Begin,
    After(String),
    Done,
}

impl RedisConsumer {
    pub(super) fn new(member: Member) -> Self {
        Self {
            member: Arc::new(member),
            ready: VecDeque::new(),
            progress: None,
            reading: None,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)),
        }
    }

    fn note(&mut self, result: &Result<Vec<Delivery>, BusError>) {
        let (topic, group) = (self.member.topic.0, self.member.group.as_str());
        match result {
            Ok(_) => {
                if self.backoff.succeed() {
                    tracing::info!(topic, group, "the event bus can be read again");
                }
            }
            Err(error) => {
                if self.backoff.fail() {
                    tracing::warn!(topic, group, %error, "cannot read the event bus, trying again");
                }
            }
        }
    }
}

#[async_trait]
impl Consumer for RedisConsumer {
    async fn next(&mut self, limit: usize) -> Result<Vec<Delivery>, BusError> {
        let limit = limit.max(1);
        while self.ready.is_empty() {
            let (member, progress, delay) = (&self.member, &mut self.progress, self.backoff.delay());
            let reading = self
                .reading
                .get_or_insert_with(|| read(member.clone(), progress.take().unwrap_or_default(), limit, delay).boxed());
            let (progress, result) = reading.await;
            self.reading = None;
            self.progress = Some(progress);
            self.note(&result);
            self.ready.extend(result?);
        }
        let count = limit.min(self.ready.len());
        Ok(self.ready.drain(..count).collect())
    }

    async fn acknowledge(&mut self, positions: &[String]) -> Result<(), BusError> {
        self.member.acknowledge(positions).await
    }
}

async fn read(
    member: Arc<Member>,
    mut progress: Progress,
    limit: usize,
    delay: Duration,
) -> (Progress, Result<Vec<Delivery>, BusError>) {
    tokio::time::sleep(delay).await;
    let result = read_once(&member, &mut progress, limit).await;
    if result.is_err() {
        progress.reader = None;
    }
    (progress, result)
}

async fn read_once(member: &Member, progress: &mut Progress, limit: usize) -> Result<Vec<Delivery>, BusError> {
    if progress.reader.is_none() {
        // Again after every loss: a server that came back empty has forgotten the group.
        member.create_group().await?;
        progress.reader = Some(open_reader(&member.client).await?);
    }
    loop {
        let after = match &progress.recovery {
            Recovery::Begin => None,
            Recovery::After(position) => Some(position.as_str()),
            Recovery::Done => break,
        };
        let claimed = member.claim(&Claim::Own { after }, limit).await?;
        progress.recovery = claimed.last.map_or(Recovery::Done, Recovery::After);
        if !claimed.deliveries.is_empty() {
            return Ok(claimed.deliveries);
        }
    }
    let redeliver_after = member.settings.redeliver_after;
    let now = Instant::now();
    let overdue_at = *progress.overdue_at.get_or_insert(now);
    if overdue_at <= now {
        let claimed = member.claim(&Claim::Overdue, limit).await?;
        if claimed.last.is_none() {
            progress.overdue_at = Some(now + (redeliver_after / 4).min(Duration::from_secs(5)));
        }
        if !claimed.deliveries.is_empty() {
            return Ok(claimed.deliveries);
        }
    }
    let until_overdue = progress.overdue_at.map_or(BLOCK, |at| at.saturating_duration_since(now));
    match &mut progress.reader {
        Some(reader) => member.read_new(reader, limit, until_overdue.min(BLOCK)).await,
        None => Ok(Vec::new()),
    }
}

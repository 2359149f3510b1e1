//! Reading as a member of a consumer group.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use redis::aio::MultiplexedConnection;
use tokio::time::Instant;

use super::{
    super::{Burial, BusError, Consumer, Delivery, dead_letter::note_retry},
    BLOCK, entry,
    member::{Came, Claim, Member},
    open_reader,
    outstanding::Outstanding,
};
use crate::backoff::Backoff;

pub(super) struct RedisConsumer {
    member: Arc<Member>,
    /// Delivered to this member, not yet acknowledged.
    outstanding: Outstanding,
    /// Where reading stands; taken by the read that is under way.
    progress: Option<Progress>,
    /// Kept when the caller gives up waiting: Redis may already have handed entries to it.
    reading: Option<Reading>,
    backoff: Backoff,
}

/// A read under way; gives back where reading stands.
type Reading = BoxFuture<'static, (Progress, Result<Came, BusError>)>;

#[derive(Default)]
struct Progress {
    reader: Option<MultiplexedConnection>,
    recovery: Recovery,
    overdue_at: Option<Instant>,
}

/// What a read is to bring.
struct Wanted {
    limit: usize,
    /// Whether there is room for new entries.
    is_new_wanted: bool,
    /// Held here, and to be tried again now.
    due: Vec<String>,
    /// Held here, in whatever state but with the caller.
    held: HashSet<String>,
    /// When the next one is due.
    wake_at: Option<Instant>,
    /// To be waited for before, since Redis did not answer.
    delay: Duration,
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
            outstanding: Outstanding::default(),
            progress: None,
            reading: None,
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)),
        }
    }

    fn note(&mut self, result: &Result<Came, BusError>) {
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

    fn wanted(&self, limit: usize) -> Wanted {
        Wanted {
            limit,
            is_new_wanted: self.outstanding.has_room(),
            due: self.outstanding.due(Instant::now()),
            held: self.outstanding.held(),
            wake_at: self.outstanding.next_due(),
            delay: self.backoff.delay(),
        }
    }

    async fn give_up(&mut self, delivery: &Delivery, reason: &str) -> Result<(), BusError> {
        let burial = Burial {
            group: self.member.group.clone(),
            position: delivery.position.clone(),
            attempts: delivery.attempt,
            reason: reason.to_owned(),
            entry: entry::write(&delivery.event)?,
        };
        self.member.give_up(&burial).await?;
        self.outstanding.forget(std::slice::from_ref(&delivery.position));
        Ok(())
    }
}

#[async_trait]
impl Consumer for RedisConsumer {
    async fn next(&mut self, limit: usize) -> Result<Vec<Delivery>, BusError> {
        let limit = limit.max(1);
        loop {
            let ready = self.outstanding.hand_out(limit);
            if !ready.is_empty() {
                return Ok(ready);
            }
            if self.reading.is_none() {
                let (wanted, progress) = (self.wanted(limit), self.progress.take().unwrap_or_default());
                self.reading = Some(read(self.member.clone(), progress, wanted).boxed());
            }
            let Some(reading) = &mut self.reading else { continue };
            let (progress, result) = reading.await;
            self.reading = None;
            self.progress = Some(progress);
            self.note(&result);
            let came = result?;
            self.outstanding.forget(&came.gone);
            came.deliveries.into_iter().for_each(|delivery| self.outstanding.add(delivery));
        }
    }

    async fn acknowledge(&mut self, positions: &[String]) -> Result<(), BusError> {
        self.member.acknowledge(positions).await?;
        self.outstanding.forget(positions);
        Ok(())
    }

    async fn fail(&mut self, position: &str, reason: &str) -> Result<(), BusError> {
        let settings = self.member.settings;
        let Some(delivery) = self.outstanding.fail(position, |attempt| Instant::now() + settings.pause_after(attempt))
        else {
            return Ok(());
        };
        if delivery.attempt >= settings.max_attempts {
            return self.give_up(&delivery, reason).await;
        }
        note_retry(self.member.topic.0, &self.member.group);
        Ok(())
    }

    async fn reject(&mut self, position: &str, reason: &str) -> Result<(), BusError> {
        let Some(delivery) = self.outstanding.delivery(position) else { return Ok(()) };
        self.give_up(&delivery, reason).await
    }
}

async fn read(member: Arc<Member>, mut progress: Progress, wanted: Wanted) -> (Progress, Result<Came, BusError>) {
    tokio::time::sleep(wanted.delay).await;
    let result = read_once(&member, &mut progress, &wanted).await;
    if result.is_err() {
        progress.reader = None;
    }
    (progress, result)
}

async fn read_once(member: &Member, progress: &mut Progress, wanted: &Wanted) -> Result<Came, BusError> {
    if progress.reader.is_none() {
        // Again after every loss: a server that came back empty has forgotten the group.
        member.create_group().await?;
        progress.reader = Some(open_reader(&member.client).await?);
    }
    let came = recover(member, progress, wanted.limit).await?;
    if !came.deliveries.is_empty() {
        return Ok(came);
    }
    if !wanted.due.is_empty() {
        return member.retry(&wanted.due).await;
    }
    let came = take_overdue(member, progress, wanted).await?;
    if !came.deliveries.is_empty() || !came.gone.is_empty() {
        return Ok(came);
    }
    let now = Instant::now();
    let wake_at = progress.overdue_at.into_iter().chain(wanted.wake_at).min();
    let block = wake_at.map_or(BLOCK, |at| at.saturating_duration_since(now)).min(BLOCK);
    match &mut progress.reader {
        Some(reader) if wanted.is_new_wanted => member.read_new(reader, wanted.limit, block).await,
        _ => {
            tokio::time::sleep(block).await;
            Ok(Came::default())
        }
    }
}

/// What this member left behind when it went away.
async fn recover(member: &Member, progress: &mut Progress, limit: usize) -> Result<Came, BusError> {
    loop {
        let after = match &progress.recovery {
            Recovery::Begin => None,
            Recovery::After(position) => Some(position.as_str()),
            Recovery::Done => return Ok(Came::default()),
        };
        let came = member.claim(&Claim::Own { after }, limit).await?;
        progress.recovery = came.last.clone().map_or(Recovery::Done, Recovery::After);
        if !came.deliveries.is_empty() {
            return Ok(came);
        }
    }
}

/// What nobody acknowledged in time, looked for now and then.
async fn take_overdue(member: &Member, progress: &mut Progress, wanted: &Wanted) -> Result<Came, BusError> {
    let now = Instant::now();
    if *progress.overdue_at.get_or_insert(now) > now {
        return Ok(Came::default());
    }
    let came = member.claim(&Claim::Overdue { held: &wanted.held }, wanted.limit).await?;
    if came.last.is_none() {
        progress.overdue_at = Some(now + (member.settings.redeliver_after / 4).min(Duration::from_secs(5)));
    }
    Ok(came)
}

//! Carries entries from an outbox to the bus.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Outbox, OutboxEntry, OutboxError, measure};
use crate::{
    backoff::Backoff,
    bus::{Burial, BusError, EventBus, Topic},
    event::Event,
};

/// Entries per batch.
const BATCH: usize = 256;
/// How often the outbox is looked at without a signal: entries of other processes come without one.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How long the last entries may take at shutdown; they stay in the outbox and go out at the next start.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Rings when a transaction with events has committed, so that the relay need not wait for its next poll.
#[derive(Debug, Clone, Default)]
pub struct RelaySignal(Arc<Notify>);

impl RelaySignal {
    /// Wakes the relay; call it after commit.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// The relay of one outbox.
pub struct Relay {
    /// Where events wait.
    pub outbox: Arc<dyn Outbox>,
    /// Where they go.
    pub bus: Arc<dyn EventBus>,
    /// Under which topic.
    pub topic: Topic,
    /// Rung after commits.
    pub signal: RelaySignal,
    /// Whether published entries are put on the bus again at start (for a bus without memory).
    pub refill: bool,
}

/// Why a round of the relay failed.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// What the relay remembers between rounds.
struct Watch {
    backoff: Backoff,
    /// When the outbox was last measured.
    measured_at: Option<Instant>,
}

/// The group of the dead letters that the relay itself writes.
const RELAY_GROUP: &str = "relay";
/// How often the outbox is measured.
const MEASURE_INTERVAL: Duration = Duration::from_secs(2);

impl Relay {
    /// Relays until `shutdown`, then flushes what is pending.
    ///
    /// # Cancellation
    ///
    /// Safe: what was published and not confirmed is published again, under the same event ids.
    pub async fn run(self, shutdown: CancellationToken) {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        let mut watch = Watch { backoff, measured_at: None };
        let relaying = async {
            self.refill_bus(&mut watch).await;
            loop {
                let more = self.step(&mut watch).await;
                if !more {
                    self.rest(&watch).await;
                }
            }
        };
        tokio::select! {
            () = relaying => {}
            () = shutdown.cancelled() => {}
        }
        self.flush().await;
    }

    /// Puts back on the bus what it had before the process started.
    async fn refill_bus(&self, watch: &mut Watch) {
        if !self.refill {
            return;
        }
        let (mut after, mut count) = (None::<String>, 0_usize);
        loop {
            match self.refill_batch(after.as_deref()).await {
                Ok((0, _)) => break,
                Ok((length, last)) => {
                    self.note_success(watch);
                    count += length;
                    after = last.or(after);
                }
                Err(error) => {
                    self.note_failure(watch, &error);
                    tokio::time::sleep(watch.backoff.delay()).await;
                }
            }
        }
        if count > 0 {
            tracing::info!(topic = self.topic.0, count, "put retained events back on the bus");
        }
    }

    async fn refill_batch(&self, after: Option<&str>) -> Result<(usize, Option<String>), RelayError> {
        let entries = self.outbox.retained(after, BATCH).await?;
        let last = entries.last().map(|entry| entry.token.clone());
        let (_, events) = split(entries);
        self.bus.publish(self.topic, &events).await?;
        Ok((events.len(), last))
    }

    /// One batch; whether the next one may be taken at once.
    async fn step(&self, watch: &mut Watch) -> bool {
        let relayed = self.relay_batch().await;
        match &relayed {
            Ok(_) => self.note_success(watch),
            Err(error) => self.note_failure(watch, error),
        }
        if watch.measured_at.is_none_or(|at| at.elapsed() >= MEASURE_INTERVAL) {
            watch.measured_at = Some(Instant::now());
            measure::measure(self).await;
        }
        relayed.is_ok_and(|count| count == BATCH)
    }

    /// Publishes the oldest pending entries, then confirms them; gives their number.
    async fn relay_batch(&self) -> Result<usize, RelayError> {
        let entries = self.outbox.pending(BATCH).await?;
        self.bury_unreadable().await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let (tokens, events) = split(entries);
        self.bus.publish(self.topic, &events).await?;
        self.outbox.confirm(&tokens).await?;
        metrics::counter!("selvedge_relay_published_total", "topic" => self.topic.0).increment(events.len() as u64);
        Ok(events.len())
    }

    /// What is no event goes to the dead letters, so that it does not stop those behind it.
    async fn bury_unreadable(&self) -> Result<(), RelayError> {
        for entry in self.outbox.take_unreadable() {
            let (group, position) = (RELAY_GROUP.to_owned(), format!("outbox {}", entry.token));
            let burial = Burial { group, position, attempts: 1, reason: entry.reason, entry: entry.text };
            self.bus.bury(self.topic, burial).await?;
            self.outbox.confirm(&[entry.token]).await?;
        }
        Ok(())
    }

    async fn rest(&self, watch: &Watch) {
        let delay = watch.backoff.delay();
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
            return;
        }
        tokio::select! {
            () = self.signal.0.notified() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }

    async fn flush(&self) {
        let flushing = async {
            loop {
                match self.relay_batch().await {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(topic = self.topic.0, %error, "could not flush the outbox, trying again");
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                }
            }
        };
        if tokio::time::timeout(FLUSH_TIMEOUT, flushing).await.is_err() {
            let seconds = FLUSH_TIMEOUT.as_secs();
            tracing::warn!(
                topic = self.topic.0,
                "the outbox was not empty after {seconds} s, the rest goes out at the next start"
            );
        }
    }

    fn note_success(&self, watch: &mut Watch) {
        if watch.backoff.succeed() {
            tracing::info!(topic = self.topic.0, "the outbox is relayed again");
        }
    }

    fn note_failure(&self, watch: &mut Watch, error: &RelayError) {
        metrics::counter!("selvedge_relay_failures_total", "topic" => self.topic.0).increment(1);
        if watch.backoff.fail() {
            tracing::warn!(topic = self.topic.0, %error, "cannot relay the outbox, trying again");
        }
    }
}

fn split(entries: Vec<OutboxEntry>) -> (Vec<String>, Vec<Event>) {
    entries.into_iter().map(|entry| (entry.token, entry.event)).unzip()
}

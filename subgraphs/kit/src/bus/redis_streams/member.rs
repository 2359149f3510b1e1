//! The commands of one member of a consumer group.

use std::time::Duration;

use redis::{
    Client,
    aio::{ConnectionManager, MultiplexedConnection},
    streams::{StreamClaimReply, StreamId, StreamPendingCountReply, StreamReadReply},
};

use super::{
    super::{BusError, BusSettings, Delivery, Topic},
    entry, unavailable,
};

/// Dead letters kept per topic, about.
const MAX_DEAD_LETTERS: usize = 100_000;

pub(super) struct Member {
    pub(super) client: Client,
    pub(super) manager: ConnectionManager,
    pub(super) topic: Topic,
    pub(super) key: String,
    pub(super) dead_key: String,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) settings: BusSettings,
}

/// Which unacknowledged entries to take.
pub(super) enum Claim<'a> {
    /// What this member left when it went away, after this position.
    Own { after: Option<&'a str> },
    /// What nobody acknowledged in time.
    Overdue,
}

/// What a claim brought.
pub(super) struct Claimed {
    pub(super) deliveries: Vec<Delivery>,
    /// The last position looked at; `None` when there was nothing.
    pub(super) last: Option<String>,
}

impl Member {
    /// Makes the group known to Redis; fine when it already is.
    pub(super) async fn create_group(&self) -> Result<(), BusError> {
        let mut command = redis::cmd("XGROUP");
        command.arg("CREATE").arg(&self.key).arg(&self.group).arg("0").arg("MKSTREAM");
        match command.exec_async(&mut self.manager.clone()).await {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            result => result.map_err(unavailable),
        }
    }

    /// New entries, waiting at most `block`.
    pub(super) async fn read_new(
        &self,
        reader: &mut MultiplexedConnection,
        limit: usize,
        block: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        // Zero would wait for ever.
        let block_ms = block.as_millis().max(1);
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.group).arg(&self.name).arg("COUNT").arg(limit);
        command.arg("BLOCK").arg(block_ms.to_string()).arg("STREAMS").arg(&self.key).arg(">");
        let reply: Option<StreamReadReply> = command.query_async(reader).await.map_err(unavailable)?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
        let mut deliveries = Vec::new();
        for entry in entries {
            deliveries.extend(self.deliver(&entry, 1).await?);
        }
        Ok(deliveries)
    }

    /// Takes over unacknowledged entries; those that have used up their attempts go to the dead letters.
    ///
    /// `XPENDING` and `XCLAIM` in place of `XAUTOCLAIM`, because that does not say how often an entry was delivered.
    pub(super) async fn claim(&self, claim: &Claim<'_>, limit: usize) -> Result<Claimed, BusError> {
        let min_idle_ms = match claim {
            Claim::Own { .. } => 0,
            Claim::Overdue => self.settings.redeliver_after.as_millis(),
        };
        let pending = self.pending(claim, min_idle_ms, limit).await?;
        let last = pending.ids.last().map(|id| id.id.clone());
        if last.is_none() {
            return Ok(Claimed { deliveries: Vec::new(), last });
        }
        let mut command = redis::cmd("XCLAIM");
        command.arg(&self.key).arg(&self.group).arg(&self.name).arg(min_idle_ms.to_string());
        for id in &pending.ids {
            command.arg(&id.id);
        }
        // Another member may have been faster: only what comes back is ours.
        let claimed: StreamClaimReply = command.query_async(&mut self.manager.clone()).await.map_err(unavailable)?;
        let mut deliveries = Vec::new();
        for entry in claimed.ids {
            let delivered = pending.ids.iter().find(|id| id.id == entry.id).map_or(1, |id| id.times_delivered);
            let delivered = u32::try_from(delivered).unwrap_or(u32::MAX);
            if delivered >= self.settings.max_attempts {
                self.bury(&entry, delivered).await?;
            } else {
                deliveries.extend(self.deliver(&entry, delivered + 1).await?);
            }
        }
        Ok(Claimed { deliveries, last })
    }

    async fn pending(
        &self,
        claim: &Claim<'_>,
        min_idle_ms: u128,
        limit: usize,
    ) -> Result<StreamPendingCountReply, BusError> {
        let mut command = redis::cmd("XPENDING");
        command.arg(&self.key).arg(&self.group).arg("IDLE").arg(min_idle_ms.to_string());
        match claim {
            Claim::Own { after } => {
                let start = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
                command.arg(start).arg("+").arg(limit).arg(&self.name);
            }
            Claim::Overdue => {
                command.arg("-").arg("+").arg(limit);
            }
        }
        command.query_async(&mut self.manager.clone()).await.map_err(unavailable)
    }

    /// The entry as a delivery; nothing when it is no event, which no repetition would change.
    async fn deliver(&self, entry: &StreamId, attempt: u32) -> Result<Option<Delivery>, BusError> {
        match entry::read(self.topic, entry) {
            Ok(event) => Ok(Some(Delivery { event, position: entry.id.clone(), attempt })),
            Err(error) => {
                tracing::error!(%error, group = self.group, "an entry cannot be read");
                self.bury(entry, attempt).await?;
                Ok(None)
            }
        }
    }

    async fn bury(&self, entry: &StreamId, attempts: u32) -> Result<(), BusError> {
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        pipeline.cmd("XADD").arg(&self.dead_key).arg("MAXLEN").arg("~").arg(MAX_DEAD_LETTERS).arg("*");
        pipeline.arg("group").arg(&self.group).arg("position").arg(&entry.id).arg("attempts").arg(attempts);
        pipeline.arg(entry::FIELD).arg(entry::text(entry)).ignore();
        pipeline.cmd("XACK").arg(&self.key).arg(&self.group).arg(&entry.id).ignore();
        pipeline.exec_async(&mut self.manager.clone()).await.map_err(unavailable)?;
        tracing::error!(
            topic = self.topic.0,
            group = self.group,
            position = entry.id,
            attempts,
            "gave up an event, it is among the dead letters"
        );
        Ok(())
    }

    pub(super) async fn acknowledge(&self, positions: &[String]) -> Result<(), BusError> {
        if positions.is_empty() {
            return Ok(());
        }
        let mut command = redis::cmd("XACK");
        command.arg(&self.key).arg(&self.group).arg(positions);
        command.exec_async(&mut self.manager.clone()).await.map_err(unavailable)
    }
}

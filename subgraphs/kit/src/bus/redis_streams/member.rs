//! The commands of one member of a consumer group.

use std::{collections::HashSet, time::Duration};

use redis::{
    Client,
    aio::{ConnectionManager, MultiplexedConnection},
    streams::{StreamClaimReply, StreamId, StreamPendingCountReply, StreamPendingId, StreamReadReply},
};

use super::{
    super::{Burial, BusError, BusSettings, Delivery, Origin, Topic, dead_letter::silence},
    entry,
    letters::Letters,
    unavailable,
};

pub(super) struct Member {
    pub(super) client: Client,
    pub(super) manager: ConnectionManager,
    pub(super) topic: Topic,
    pub(super) key: String,
    pub(super) letters: Letters,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) settings: BusSettings,
}

/// Which unacknowledged entries to take.
pub(super) enum Claim<'a> {
    /// What this member left when it went away, after this position.
    Own { after: Option<&'a str> },
    /// What nobody acknowledged in time, save what this member holds back.
    Overdue { held: &'a HashSet<String> },
}

/// What a read brought.
#[derive(Default)]
pub(super) struct Came {
    pub(super) deliveries: Vec<Delivery>,
    /// Entries that this member need not think of any more.
    pub(super) gone: Vec<String>,
    /// The last position looked at; `None` when there was nothing.
    pub(super) last: Option<String>,
}

/// Deliveries after which an entry is handed out alone: when one of a batch brings the consumer down, it must not take
/// its neighbours to the dead letters with it.
const ALONE_AFTER: usize = 2;

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
    ) -> Result<Came, BusError> {
        // Zero would wait for ever.
        let block_ms = block.as_millis().max(1);
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(&self.group).arg(&self.name).arg("COUNT").arg(limit);
        command.arg("BLOCK").arg(block_ms.to_string()).arg("STREAMS").arg(&self.key).arg(">");
        let reply: Option<StreamReadReply> = command.query_async(reader).await.map_err(unavailable)?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
        let mut came = Came::default();
        for entry in entries {
            came.deliveries.extend(self.deliver(&entry, 1).await?);
        }
        Ok(came)
    }

    /// Takes over unacknowledged entries; those that have used up their attempts go to the dead letters.
    ///
    /// `XPENDING` and `XCLAIM` in place of `XAUTOCLAIM`, because that does not say how often an entry was delivered.
    pub(super) async fn claim(&self, claim: &Claim<'_>, limit: usize) -> Result<Came, BusError> {
        let min_idle_ms = match claim {
            Claim::Own { .. } => 0,
            Claim::Overdue { .. } => self.settings.redeliver_after.as_millis(),
        };
        let mut found = self.pending(claim, min_idle_ms, limit).await?.ids;
        if let Claim::Overdue { held } = claim {
            let (ours, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|id| held.contains(&id.id));
            self.keep(&ours).await?;
            found = others;
        }
        let alone = found.iter().position(|id| id.times_delivered >= ALONE_AFTER);
        if let Some(alone) = alone {
            found.truncate(alone.max(1));
        }
        let last = found.last().map(|id| id.id.clone());
        Ok(Came { last, ..self.take_over(&found, min_idle_ms).await? })
    }

    /// Delivers entries that this member holds once more.
    pub(super) async fn retry(&self, positions: &[String]) -> Result<Came, BusError> {
        let mut came = Came::default();
        for position in positions {
            let mut command = redis::cmd("XPENDING");
            command.arg(&self.key).arg(&self.group).arg(position).arg(position).arg(1).arg(&self.name);
            let found: StreamPendingCountReply =
                command.query_async(&mut self.manager.clone()).await.map_err(unavailable)?;
            let again = self.take_over(&found.ids, 0).await?;
            if again.deliveries.is_empty() {
                // Acknowledged, or with another member by now.
                came.gone.push(position.clone());
            }
            came.deliveries.extend(again.deliveries);
        }
        Ok(came)
    }

    async fn take_over(&self, found: &[StreamPendingId], min_idle_ms: u128) -> Result<Came, BusError> {
        let mut came = Came::default();
        if found.is_empty() {
            return Ok(came);
        }
        let mut command = redis::cmd("XCLAIM");
        command.arg(&self.key).arg(&self.group).arg(&self.name).arg(min_idle_ms.to_string());
        for id in found {
            command.arg(&id.id);
        }
        // Another member may have been faster: only what comes back is ours.
        let claimed: StreamClaimReply = command.query_async(&mut self.manager.clone()).await.map_err(unavailable)?;
        for entry in claimed.ids {
            let delivered = found.iter().find(|id| id.id == entry.id).map_or(1, |id| id.times_delivered);
            let delivered = u32::try_from(delivered).unwrap_or(u32::MAX);
            if delivered >= self.settings.max_attempts {
                self.bury(&entry, delivered, silence(delivered)).await?;
                came.gone.push(entry.id);
            } else {
                came.deliveries.extend(self.deliver(&entry, delivered + 1).await?);
            }
        }
        Ok(came)
    }

    /// Says that entries are still held here; that is no delivery.
    async fn keep(&self, held: &[StreamPendingId]) -> Result<(), BusError> {
        if held.is_empty() {
            return Ok(());
        }
        let mut command = redis::cmd("XCLAIM");
        command.arg(&self.key).arg(&self.group).arg(&self.name).arg(0);
        for id in held {
            command.arg(&id.id);
        }
        command.arg("JUSTID");
        command.exec_async(&mut self.manager.clone()).await.map_err(unavailable)
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
            Claim::Overdue { held } => {
                // Held ones may fill the whole answer.
                command.arg("-").arg("+").arg(limit + held.len());
            }
        }
        command.query_async(&mut self.manager.clone()).await.map_err(unavailable)
    }

    /// The entry as a delivery; nothing when it is no event, which no repetition would change, or is for another group.
    async fn deliver(&self, entry: &StreamId, attempt: u32) -> Result<Option<Delivery>, BusError> {
        if matches!(entry::origin(entry), Origin::Redriven { group } if group != self.group) {
            self.acknowledge(std::slice::from_ref(&entry.id)).await?;
            return Ok(None);
        }
        match entry::read_delivery(self.topic, entry, attempt) {
            Ok(delivery) => Ok(Some(delivery)),
            Err(error) => {
                self.bury(entry, attempt, error.to_string()).await?;
                Ok(None)
            }
        }
    }

    async fn bury(&self, entry: &StreamId, attempts: u32, reason: String) -> Result<(), BusError> {
        let (group, position) = (self.group.clone(), entry.id.clone());
        self.give_up(&Burial { group, position, attempts, reason, entry: entry::text(entry) }).await
    }

    /// Puts an entry of this group among the dead letters.
    pub(super) async fn give_up(&self, burial: &Burial) -> Result<(), BusError> {
        self.letters.bury(&self.manager, burial, true).await
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

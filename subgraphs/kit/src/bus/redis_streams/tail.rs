//! Following a stream from a position on.

use std::time::Duration;

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use redis::{
    Client,
    aio::{ConnectionManager, MultiplexedConnection},
    streams::{StreamRangeReply, StreamReadReply},
};

use super::{
    super::{BusError, Delivery, Topic},
    BLOCK, TAIL_BATCH, entry, open_reader, unavailable,
};
use crate::backoff::Backoff;

/// The position before the oldest entry.
pub(super) const BEGINNING: &str = "0";

/// The position of the newest entry.
pub(super) async fn newest(manager: &mut ConnectionManager, key: &str) -> Result<String, BusError> {
    let mut command = redis::cmd("XREVRANGE");
    command.arg(key).arg("+").arg("-").arg("COUNT").arg(1);
    let reply: StreamRangeReply = command.query_async(manager).await.map_err(unavailable)?;
    Ok(reply.ids.first().map_or_else(|| BEGINNING.to_owned(), |entry| entry.id.clone()))
}

struct Tail {
    client: Client,
    topic: Topic,
    key: String,
    after: String,
    reader: Option<MultiplexedConnection>,
    backoff: Backoff,
}

/// Everything after `after`, for ever; a lost connection is opened again from the last position.
pub(super) fn follow(client: Client, topic: Topic, key: String, after: String) -> BoxStream<'static, Delivery> {
    let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    let tail = Tail { client, topic, key, after, reader: None, backoff };
    stream::unfold(tail, |mut tail| async move {
        let batch = tail.next_batch().await;
        Some((stream::iter(batch), tail))
    })
    .flatten()
    .boxed()
}

impl Tail {
    async fn next_batch(&mut self) -> Vec<Delivery> {
        loop {
            tokio::time::sleep(self.backoff.delay()).await;
            match self.read().await {
                Ok(batch) => {
                    if self.backoff.succeed() {
                        tracing::info!(topic = self.topic.0, "the event bus can be followed again");
                    }
                    if !batch.is_empty() {
                        return batch;
                    }
                }
                Err(error) => {
                    self.reader = None;
                    if self.backoff.fail() {
                        tracing::warn!(topic = self.topic.0, %error, "cannot follow the event bus, trying again");
                    }
                }
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<Delivery>, BusError> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(open_reader(&self.client).await?),
        };
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(TAIL_BATCH).arg("BLOCK").arg(BLOCK.as_millis().to_string());
        command.arg("STREAMS").arg(&self.key).arg(&self.after);
        let reply: Option<StreamReadReply> = command.query_async(reader).await.map_err(unavailable)?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
        let mut batch = Vec::new();
        for entry in entries {
            match entry::read(self.topic, &entry) {
                Ok(event) => batch.push(Delivery { event, position: entry.id.clone(), attempt: 1 }),
                Err(error) => tracing::error!(%error, "an entry cannot be read, passing over it"),
            }
            self.after = entry.id;
        }
        Ok(batch)
    }
}

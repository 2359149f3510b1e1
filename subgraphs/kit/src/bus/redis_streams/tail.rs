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
    super::{BusError, Delivery, Followed, Topic},
    BLOCK, COMMAND_TIMEOUT, FOLLOWING_BLOCK, FOLLOWING_GRACE, TAIL_BATCH, entry, open_reader_within, unavailable,
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
    /// How long a read waits at the server, and how late its answer may be.
    patience: (Duration, Duration),
    reader: Option<MultiplexedConnection>,
    backoff: Backoff,
}

/// Everything after `after`, for ever; a lost connection is opened again from the last position.
pub(super) fn tail(client: Client, topic: Topic, key: String, after: String) -> BoxStream<'static, Delivery> {
    let tail = Tail::new(client, topic, (key, after), (BLOCK, COMMAND_TIMEOUT));
    stream::unfold(tail, |mut tail| async move {
        loop {
            tokio::time::sleep(tail.backoff.delay()).await;
            if let Ok(batch) = tail.read_noted().await
                && !batch.is_empty()
            {
                return Some((stream::iter(batch), tail));
            }
        }
    })
    .flatten()
    .boxed()
}

/// The same, and whether nothing can be late.
pub(super) fn follow(client: Client, topic: Topic, key: String, after: String) -> BoxStream<'static, Followed> {
    let tail = Tail::new(client, topic, (key, after), (FOLLOWING_BLOCK, FOLLOWING_GRACE));
    stream::unfold((tail, false), |(mut tail, is_caught_up)| async move {
        loop {
            tokio::time::sleep(tail.backoff.delay()).await;
            let Ok(batch) = tail.read_noted().await else {
                if is_caught_up {
                    return Some((stream::iter(vec![Followed::Lost]), (tail, false)));
                }
                continue;
            };
            // A full batch may have more behind it.
            let has_all = batch.len() < TAIL_BATCH;
            let mut heard: Vec<Followed> = batch.into_iter().map(Followed::Event).collect();
            if has_all && !is_caught_up {
                heard.push(Followed::CaughtUp);
            }
            if !heard.is_empty() {
                return Some((stream::iter(heard), (tail, is_caught_up || has_all)));
            }
        }
    })
    .flatten()
    .boxed()
}

impl Tail {
    fn new(client: Client, topic: Topic, (key, after): (String, String), patience: (Duration, Duration)) -> Self {
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        Self { client, topic, key, after, patience, reader: None, backoff }
    }

    async fn read_noted(&mut self) -> Result<Vec<Delivery>, BusError> {
        let read = self.read().await;
        match &read {
            Ok(_) => {
                if self.backoff.succeed() {
                    tracing::info!(topic = self.topic.0, "the event bus can be followed again");
                }
            }
            Err(error) => {
                self.reader = None;
                if self.backoff.fail() {
                    tracing::warn!(topic = self.topic.0, %error, "cannot follow the event bus, trying again");
                }
            }
        }
        read
    }

    async fn read(&mut self) -> Result<Vec<Delivery>, BusError> {
        let (block, grace) = self.patience;
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(open_reader_within(&self.client, block + grace).await?),
        };
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(TAIL_BATCH).arg("BLOCK").arg(block.as_millis().to_string());
        command.arg("STREAMS").arg(&self.key).arg(&self.after);
        let reply: Option<StreamReadReply> = command.query_async(reader).await.map_err(unavailable)?;
        let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
        let mut batch = Vec::new();
        for entry in entries {
            match entry::read_delivery(self.topic, &entry, 1) {
                Ok(delivery) => batch.push(delivery),
                Err(error) => tracing::error!(%error, "an entry cannot be read, passing over it"),
            }
            self.after = entry.id;
        }
        Ok(batch)
    }
}

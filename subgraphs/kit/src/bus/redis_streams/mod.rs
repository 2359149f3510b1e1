//! The bus over Redis Streams.
//!
//! A topic is the stream `{prefix}:{topic}`, one entry per event with the single field `event`; its dead letters are
//! the stream `{prefix}:{topic}:dead`. Consumer groups are Redis's own.

mod archive;
mod consumer;
mod entry;
mod letters;
mod member;
mod outstanding;
mod tail;

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Client,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
    streams::StreamRangeReply,
};
use tokio::time::Instant;

use self::{consumer::RedisConsumer, letters::Letters, member::Member};
use super::{Burial, BusError, BusSettings, Consumer, DeadLetter, Delivery, EventBus, Followed, TailFrom, Topic};
use crate::event::Event;

/// How long one command may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a read waits at the server for the next event.
const BLOCK: Duration = Duration::from_secs(2);
/// The same for a reader who must hear soon that the bus is away: it is asked that often.
const FOLLOWING_BLOCK: Duration = Duration::from_millis(250);
/// How late such an answer may be.
const FOLLOWING_GRACE: Duration = Duration::from_secs(1);
/// Events read at once by a tail.
const TAIL_BATCH: usize = 256;
/// How often events are forgotten for their age.
const TRIM_INTERVAL: Duration = Duration::from_mins(1);

/// A bus over Redis Streams.
pub struct RedisBus {
    client: Client,
    manager: ConnectionManager,
    prefix: String,
    settings: BusSettings,
    /// When this process last had old events forgotten.
    trimmed_at: Mutex<Option<Instant>>,
}

impl RedisBus {
    /// Connects to `redis_url`; streams are named `{prefix}:{topic}`.
    ///
    /// # Errors
    ///
    /// When the URL is not valid or the server does not answer.
    pub async fn connect(redis_url: &str, prefix: &str) -> Result<Self, BusError> {
        Self::connect_with(redis_url, prefix, BusSettings::default()).await
    }

    /// Connects with other settings than the usual.
    ///
    /// # Errors
    ///
    /// When the URL is not valid or the server does not answer.
    pub async fn connect_with(redis_url: &str, prefix: &str, settings: BusSettings) -> Result<Self, BusError> {
        let client = Client::open(redis_url).map_err(unavailable)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(2)
            .set_max_delay(Duration::from_millis(500))
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(COMMAND_TIMEOUT));
        let manager = ConnectionManager::new_with_config(client.clone(), config).await.map_err(unavailable)?;
        let bus = Self { client, manager, prefix: prefix.to_owned(), settings, trimmed_at: Mutex::default() };
        bus.check().await?;
        Ok(bus)
    }

    fn key(&self, topic: Topic) -> String {
        format!("{}:{}", self.prefix, topic.0)
    }

    fn letters(&self, topic: Topic) -> Letters {
        Letters::of(topic, &self.key(topic))
    }

    async fn append<'a>(
        &self,
        topic: Topic,
        events: impl IntoIterator<Item = &'a Event> + Send,
        is_replayed: bool,
    ) -> Result<(), BusError> {
        let key = self.key(topic);
        let mut pipeline = redis::pipe();
        // Atomic, so that a batch is on the stream whole or not at all, and in order.
        pipeline.atomic();
        for event in events {
            let entry = entry::write(event)?;
            pipeline.cmd("XADD").arg(&key).arg("MAXLEN").arg("~").arg(self.settings.redis_events).arg("*");
            pipeline.arg(entry::FIELD).arg(entry);
            if is_replayed {
                pipeline.arg(entry::REPLAYED).arg(1);
            }
            pipeline.ignore();
        }
        if pipeline.is_empty() {
            return Ok(());
        }
        pipeline.exec_async(&mut self.manager.clone()).await.map_err(unavailable)
    }

    /// Has events forgotten that are older than they need be, now and then. That it fails costs memory and nothing else.
    async fn trim_old(&self, topic: Topic) {
        let Some(keep) = self.settings.redis_keep else { return };
        let now = Instant::now();
        {
            let mut trimmed_at = self.trimmed_at.lock();
            if trimmed_at.is_some_and(|at| now - at < TRIM_INTERVAL) {
                return;
            }
            *trimmed_at = Some(now);
        }
        let trimming = async {
            let mut manager = self.manager.clone();
            // Places are by the clock of Redis, and so is their age.
            let (seconds, _micros): (u64, u64) = redis::cmd("TIME").query_async(&mut manager).await?;
            let oldest_ms = seconds.saturating_sub(keep.as_secs()) * 1_000;
            let mut command = redis::cmd("XTRIM");
            command.arg(self.key(topic)).arg("MINID").arg("~").arg(oldest_ms);
            command.exec_async(&mut manager).await
        };
        if let Err(error) = trimming.await {
            tracing::debug!(topic = topic.0, %error, "old events could not be forgotten");
        }
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn publish(&self, topic: Topic, events: &[Event]) -> Result<(), BusError> {
        self.append(topic, events, false).await?;
        self.trim_old(topic).await;
        Ok(())
    }

    async fn consume(&self, topic: Topic, group: &str, member: &str) -> Result<Box<dyn Consumer>, BusError> {
        let member = Member {
            client: self.client.clone(),
            manager: self.manager.clone(),
            topic,
            key: self.key(topic),
            letters: self.letters(topic),
            group: group.to_owned(),
            name: member.to_owned(),
            settings: self.settings,
        };
        member.create_group().await?;
        Ok(Box::new(RedisConsumer::new(member)))
    }

    async fn tail(&self, topic: Topic, from: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError> {
        let key = self.key(topic);
        let after = match from {
            TailFrom::Start => tail::BEGINNING.to_owned(),
            TailFrom::Now => tail::newest(&mut self.manager.clone(), &key).await?,
        };
        Ok(tail::tail(self.client.clone(), topic, key, after))
    }

    async fn follow(&self, topic: Topic) -> Result<BoxStream<'static, Followed>, BusError> {
        let key = self.key(topic);
        let after = tail::newest(&mut self.manager.clone(), &key).await?;
        Ok(tail::follow(self.client.clone(), topic, key, after))
    }

    async fn dead_letters(&self, topic: Topic, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        let mut command = redis::cmd("XREVRANGE");
        command.arg(self.letters(topic).stream).arg("+").arg("-").arg("COUNT").arg(limit);
        let reply: StreamRangeReply = command.query_async(&mut self.manager.clone()).await.map_err(unavailable)?;
        Ok(reply.ids.iter().map(entry::read_dead_letter).collect())
    }

    async fn count_dead_letters(&self, topic: Topic) -> Result<u64, BusError> {
        let mut command = redis::cmd("XLEN");
        command.arg(self.letters(topic).stream);
        command.query_async(&mut self.manager.clone()).await.map_err(unavailable)
    }

    async fn bury(&self, topic: Topic, burial: Burial) -> Result<(), BusError> {
        self.letters(topic).bury(&self.manager, &burial, false).await
    }

    async fn check(&self) -> Result<(), BusError> {
        redis::cmd("PING").exec_async(&mut self.manager.clone()).await.map_err(unavailable)
    }
}

/// A connection of its own for reads that wait at the server: they would hold up every other command.
async fn open_reader(client: &Client) -> Result<MultiplexedConnection, BusError> {
    open_reader_within(client, BLOCK + COMMAND_TIMEOUT).await
}

async fn open_reader_within(client: &Client, response_timeout: Duration) -> Result<MultiplexedConnection, BusError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(response_timeout));
    client.get_multiplexed_async_connection_with_config(&config).await.map_err(unavailable)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn unavailable(error: redis::RedisError) -> BusError {
    BusError::Unavailable { reason: error.to_string() }
}

//! The second level in Redis. What decides runs within Redis, in one step (`*.lua`).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{
    Client, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::{
    super::tag::Reading,
    store::{Eviction, Found, Record, SharedKey, SharedMoment, SharedStore, SharedStoreError},
};
use crate::config::CacheRedisConfig;

/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Numbers of Lua are exact up to here.
const MAX_REVISION: i64 = 1 << 53;

/// Pieces in Redis; all keys begin with a prefix.
pub(super) struct RedisStore {
    connection: ConnectionManager,
    prefix: String,
    timeout: Duration,
    max_marks: usize,
    find: Script,
    keep: Script,
    evict: Script,
}

impl RedisStore {
    /// Connects when it is first used. Needs a runtime.
    pub(super) fn new(config: &CacheRedisConfig, max_marks: usize) -> Result<Self, SharedStoreError> {
        let client = Client::open(config.url.as_str()).map_err(|error| unavailable(&error))?;
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(config.timeout()));
        let connection =
            ConnectionManager::new_lazy_with_config(client, settings).map_err(|error| unavailable(&error))?;
        let script = |text: &str| Script::new(&format!("{}\n{text}", include_str!("marks.lua")));
        Ok(Self {
            connection,
            prefix: config.prefix.clone(),
            timeout: config.timeout(),
            max_marks,
            find: script(include_str!("find.lua")),
            keep: script(include_str!("keep.lua")),
            evict: script(include_str!("evict.lua")),
        })
    }

    async fn run<T: redis::FromRedisValue>(
        &self,
        script: &Script,
        keys: impl Iterator<Item = &SharedKey>,
        arguments: &[Vec<u8>],
    ) -> Result<T, SharedStoreError> {
        let mut invocation = script.key(format!("{}:marks", self.prefix));
        invocation.key(format!("{}:marks:old", self.prefix));
        for key in keys {
            invocation.key(format!("{}:p:{}", self.prefix, hex(&key.0)));
        }
        for argument in arguments {
            invocation.arg(&argument[..]);
        }
        let mut connection = self.connection.clone();
        let answer = tokio::time::timeout(self.timeout, invocation.invoke_async(&mut connection)).await;
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        answer.map_err(|_| SharedStoreError::Timeout { timeout_ms })?.map_err(|error| unavailable(&error))
    }
}

/// What a piece has: what it has read, since, until, value.
type Columns = (String, u64, u64, Vec<u8>);

#[async_trait]
impl SharedStore for RedisStore {
    async fn find(&self, keys: &[SharedKey], floor: u64) -> Result<Found, SharedStoreError> {
        let arguments = [format!("{floor:x}").into_bytes()];
        let rows: Vec<redis::Value> = self.run(&self.find, keys.iter(), &arguments).await?;
        let mut rows = rows.into_iter();
        let mut number = || rows.next().and_then(|value| redis::from_redis_value::<u64>(value).ok());
        let (Some(moment), Some(now_us)) = (number(), number()) else { return Err(SharedStoreError::NotUnderstood) };
        let record = |value| {
            let columns: Option<Columns> = redis::from_redis_value(value).ok()?;
            let (readings, since_us, until_us, value) = columns?;
            let readings = read_readings(&readings)?;
            Some(Record { readings, since_us, until_us, value: Bytes::from(value) })
        };
        Ok(Found { moment, now_us, records: rows.map(record).collect() })
    }

    async fn keep(&self, began: SharedMoment, pieces: &[(SharedKey, Record)]) -> Result<usize, SharedStoreError> {
        let mut arguments = vec![began.to_string().into_bytes()];
        for (_, Record { readings, since_us, until_us, value }) in pieces {
            let readings: String = readings.iter().map(|reading| write_reading(reading) + ";").collect();
            arguments.extend([readings.into_bytes(), since_us.to_string().into(), until_us.to_string().into()]);
            arguments.push(value.to_vec());
        }
        self.run(&self.keep, pieces.iter().map(|(key, _)| key), &arguments).await
    }

    async fn evict(&self, evictions: &[Eviction]) -> Result<(), SharedStoreError> {
        let mut arguments = vec![self.max_marks.to_string().into_bytes()];
        arguments.extend(evictions.iter().map(|eviction| {
            let text = match eviction {
                Eviction::All => "A".to_owned(),
                Eviction::Floor(caller) => format!("C{caller:x}"),
                Eviction::Reading(reading) => format!("R{}", write_reading(reading)),
            };
            text.into_bytes()
        }));
        self.run::<String>(&self.evict, std::iter::empty(), &arguments).await.map(drop)
    }
}

/// `type/revision/field:entity,field:entity`, numbers in hexadecimal.
fn write_reading(reading: &Reading) -> String {
    // A revision that Lua cannot compare is as good as none.
    let revision = reading.revision.filter(|revision| (-MAX_REVISION..=MAX_REVISION).contains(revision));
    let revision = revision.map_or_else(|| "-".to_owned(), |revision| revision.to_string());
    let keys: Vec<String> = reading.keys.iter().map(|(field, entity)| format!("{field:x}:{entity:x}")).collect();
    format!("{:x}/{revision}/{}", reading.typename, keys.join(","))
}

fn read_readings(text: &str) -> Option<Vec<Reading>> {
    text.split_terminator(';').map(read_reading).collect()
}

fn read_reading(text: &str) -> Option<Reading> {
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let mut parts = text.splitn(3, '/');
    let (typename, revision, keys) = (number(parts.next()?)?, parts.next()?, parts.next()?);
    let revision = if revision == "-" { None } else { Some(revision.parse().ok()?) };
    let key = |key: &str| key.split_once(':').and_then(|(field, entity)| Some((number(field)?, number(entity)?)));
    let keys: Option<Box<[_]>> = keys.split_terminator(',').map(key).collect();
    Some(Reading { typename, keys: keys?, revision })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unavailable(error: &redis::RedisError) -> SharedStoreError {
    SharedStoreError::Unavailable { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_comes_back() {
        let any = Reading::any_of(7);
        let one = Reading { typename: u64::MAX, keys: [(1, 2), (3, u64::MAX)].into(), revision: Some(-5) };
        let text: String = [&any, &one].map(|reading| write_reading(reading) + ";").concat();
        assert_eq!(read_readings(&text), Some(vec![any, one.clone()]));
        assert_eq!(read_readings("x/-/;"), None);
        let beyond = Reading { revision: Some(i64::MAX), ..one };
        assert!(write_reading(&beyond).contains("/-/"));
    }
}

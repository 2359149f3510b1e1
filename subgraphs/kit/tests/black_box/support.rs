//! What the tests share: engines, events, a small subgraph.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, EmptyMutation, Error, ErrorExtensions, Object, Schema, Subscription};
use chrono::{DateTime, Utc};
use futures::{Stream, stream};
use selvedge_kit::{
    bus::{BusSettings, RedisBus},
    clock::{Clock, ManualClock, SystemClock},
    event::Event,
    identity::{Identity, IdentitySigner, IdentityVerifier},
    server::{NullPropagation, Readiness, RunningSubgraph, SubgraphServer},
};
use serde_json::json;

pub(crate) const SECRET: &[u8] = b"a secret that is long enough to sign";

/// The address of Redis, or `None` when the test cannot run here.
pub(crate) fn redis_url(test: &str) -> Option<String> {
    if let Ok(url) = std::env::var("TEST_REDIS_URL") {
        return Some(url);
    }
    println!("NOT RUN: {test} needs TEST_REDIS_URL (start `redis-server`, then set it to redis://127.0.0.1:6379)");
    assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_REDIS_URL");
    None
}

/// A bus of its own on the Redis server.
pub(crate) async fn redis_bus(test: &str, settings: BusSettings) -> Option<Arc<RedisBus>> {
    let url = redis_url(test)?;
    Some(Arc::new(RedisBus::connect_with(&url, &unique_prefix(), settings).await.unwrap()))
}

pub(crate) fn unique_prefix() -> String {
    format!("kit-test-{}", uuid::Uuid::new_v4())
}

/// Tries again soon and gives up early, so that tests are short.
pub(crate) fn hasty() -> BusSettings {
    BusSettings {
        redeliver_after: Duration::from_millis(200),
        max_attempts: 3,
        retry_first: Duration::from_millis(50),
        retry_longest: Duration::from_millis(100),
        ..BusSettings::default()
    }
}

pub(crate) fn event(subject: &str, revision: i64) -> Event {
    Event {
        specversion: "1.0".into(),
        id: uuid::Uuid::now_v7().to_string(),
        event_type: "com.selvedge.test.happened.v1".into(),
        source: "/selvedge/test".into(),
        subject: subject.into(),
        time: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
        datacontenttype: "application/json".into(),
        dataschema: "https://selvedge.dev/schema/events/test.v1.json".into(),
        revision,
        correlationid: "c-1".into(),
        data: json!({"n": revision}),
    }
}

pub(crate) fn events(subject: &str, revisions: std::ops::RangeInclusive<i64>) -> Vec<Event> {
    revisions.map(|revision| event(subject, revision)).collect()
}

pub(crate) struct Query;

#[Object]
impl Query {
    async fn subject(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data::<Identity>().ok()?.subject.clone()
    }
    async fn scopes(&self, ctx: &Context<'_>) -> Result<Vec<String>, Error> {
        Ok(ctx.data::<Identity>()?.scopes.clone())
    }
    async fn echo(&self, text: String) -> String {
        text
    }
    async fn broken(&self) -> Result<Option<i32>, Error> {
        Err(Error::new("password of the database is hunter2"))
    }
    async fn missing(&self) -> Result<Option<i32>, Error> {
        Err(Error::new("no such product").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }
    async fn slow(&self, ms: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        ms
    }
}

pub(crate) struct Ticks;

#[Subscription]
impl Ticks {
    async fn correlation(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = String> + use<>, Error> {
        Ok(stream::iter([ctx.data::<Identity>()?.correlation_id.clone()]))
    }
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }
    async fn forever(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = String> + use<>, Error> {
        let subject = ctx.data::<Identity>()?.subject.clone().unwrap_or_default();
        Ok(stream::unfold((), move |()| {
            let subject = subject.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Some((subject, ()))
            }
        }))
    }
}

pub(crate) fn subgraph(readiness: Readiness) -> RunningSubgraph {
    let schema = Schema::build(Query, EmptyMutation, Ticks).extension(NullPropagation).finish();
    RunningSubgraph { name: "inventory", sdl: schema.sdl(), executor: Arc::new(schema), readiness, tasks: Vec::new() }
}

pub(crate) fn server() -> SubgraphServer {
    server_of(subgraph(Readiness::default()))
}

pub(crate) fn server_of(subgraph: RunningSubgraph) -> SubgraphServer {
    SubgraphServer::new(subgraph, IdentityVerifier::new(SECRET, Arc::new(SystemClock)).unwrap())
}

pub(crate) fn signer() -> IdentitySigner {
    IdentitySigner::new(SECRET, Arc::new(SystemClock)).unwrap()
}

/// The server with a clock that the test moves.
pub(crate) fn server_by(clock: &Arc<ManualClock>) -> SubgraphServer {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    SubgraphServer::new(subgraph(Readiness::default()), IdentityVerifier::new(SECRET, clock).unwrap())
}

pub(crate) fn token(subject: &str) -> String {
    token_by(&signer(), subject)
}

/// A token of a signer with another clock.
pub(crate) fn token_by(signer: &IdentitySigner, subject: &str) -> String {
    let identity = Identity {
        subject: Some(subject.into()),
        scopes: vec!["inventory:read".into()],
        correlation_id: "c-42".into(),
    };
    signer.sign(&identity).unwrap()
}

/// The time now, for what has to be near it.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

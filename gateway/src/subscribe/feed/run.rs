//! The task of a feed: resolves events, asks for snapshots, and gives clients what comes of both.

use std::{sync::Arc, time::Duration};

use ahash::AHashMap;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

use super::{
    Feed, FeedPlan,
    batch::resolve_all,
    event::{Snapshot, read_snapshot, refusal, snapshot_body},
    state::{Arrived, Chunk},
    topic::Value,
};
use crate::{
    error::{GraphqlError, GraphqlResponse},
    operation::OperationKind,
    subgraph::{SubgraphBody, SubgraphRequest, TransportError},
    subscribe::{events::EventsState, mailbox::Key, upstream::backoff},
};

/// How many snapshots are asked for at a time.
const MOST_UNDER_WAY: usize = 4;
/// After an answer that is older than an event: it came from a copy that lags.
const OLDER_PAUSE: Duration = Duration::from_millis(25);
/// How long a snapshot, and what other subgraphs add to events, may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Something that a feed has waited for.
enum Done {
    /// Events with what other subgraphs add.
    Resolved(Vec<(Key, Value)>),
    /// What is true of some keys.
    Current(Chunk, Vec<(Key, Value)>),
    /// The subgraph refused: what clients are told.
    Refused(Chunk, Bytes),
    /// There was no answer.
    Failed(Chunk, TransportError),
}

type UnderWay = FuturesUnordered<BoxFuture<'static, Done>>;

/// What went wrong, and when it is tried again.
#[derive(Default)]
struct Trouble {
    failures: u32,
    /// Keys to ask for again, and when.
    later: Vec<Key>,
    retry_at: Option<Instant>,
}

impl Trouble {
    fn retry(&mut self, keys: impl IntoIterator<Item = Key>, after: Duration) {
        self.later.extend(keys);
        let at = Instant::now() + after;
        self.retry_at = Some(self.retry_at.map_or(at, |earlier| earlier.min(at)));
    }
}

impl Feed {
    /// Works until nobody listens any more. While `events` are not heard, what is true is asked for again and again.
    pub(in crate::subscribe) async fn run(self: Arc<Self>, events: Arc<EventsState>) {
        let mut under_way = UnderWay::new();
        let mut trouble = Trouble::default();
        let poll_every = Duration::from_millis(self.config.poll_when_deaf_ms);
        let mut next_poll = Instant::now() + poll_every;
        loop {
            self.begin(&mut under_way).await;
            let retry_at = trouble.retry_at;
            tokio::select! {
                () = self.abandoned.cancelled() => return,
                Some(done) = under_way.next(), if !under_way.is_empty() => self.settle(done, &mut trouble, &mut under_way),
                () = self.work.notified() => {}
                () = sleep_until(retry_at.unwrap_or(next_poll)), if retry_at.is_some() => {
                    trouble.retry_at = None;
                    let later = std::mem::take(&mut trouble.later);
                    self.state.lock().ask_again(&later);
                }
                () = sleep_until(next_poll), if !events.is_heard() => self.state.lock().ask_all(false),
            }
            if next_poll <= Instant::now() {
                next_poll = Instant::now() + poll_every;
            }
        }
    }

    /// Begins what there is to do and room for.
    async fn begin(&self, under_way: &mut UnderWay) {
        let plan = self.plan.load_full();
        // Without revisions only the order tells what is newer.
        let most = if plan.live.revision.is_some() { MOST_UNDER_WAY } else { 1 };
        let events = if under_way.len() < most || plan.live.revision.is_some() {
            self.state.lock().take_events()
        } else {
            Vec::new()
        };
        if !events.is_empty() {
            if plan.operation.plan().steps.is_empty() {
                let resolved = self.resolve(&plan, events).await;
                self.publish(resolved);
            } else {
                under_way.push(self.resolving(&plan, events));
            }
        }
        let chunk_keys = if plan.live.snapshot.is_list() { self.config.snapshot_keys } else { 1 };
        while under_way.len() < most {
            let chunk = self.state.lock().take_chunk(chunk_keys);
            let Some(chunk) = chunk else { break };
            under_way.push(self.asking(&plan, chunk));
        }
    }

    fn settle(&self, done: Done, trouble: &mut Trouble, under_way: &mut UnderWay) {
        match done {
            Done::Resolved(values) => self.publish(values),
            Done::Current(chunk, values) => {
                trouble.failures = 0;
                let revisions: AHashMap<Key, Option<i64>> =
                    values.iter().map(|(key, value)| (Arc::clone(key), value.revision)).collect();
                self.publish(values);
                let older = self.state.lock().answered(&chunk, &revisions);
                if !older.is_empty() {
                    trouble.retry(older, OLDER_PAUSE);
                }
            }
            Done::Refused(chunk, errors) => match chunk.keys.len() {
                0 | 1 => self.state.lock().refuse(&chunk, &errors),
                // One key may be to blame: the others are asked for without it.
                many => {
                    let plan = self.plan.load_full();
                    let mut first = chunk;
                    let keys = first.keys.split_off(many / 2);
                    let second = Chunk { number: first.number, keys };
                    under_way.extend([first, second].map(|half| self.asking(&plan, half)));
                }
            },
            Done::Failed(chunk, error) => {
                trouble.failures += 1;
                let failures = trouble.failures;
                tracing::warn!(%error, failures, keys = chunk.keys.len(), "a snapshot of a live field failed");
                if failures > self.config.upstream_attempts {
                    let told = GraphqlResponse::from_errors(vec![GraphqlError::new(error.code(), error.to_string())]);
                    self.state.lock().refuse(&chunk, &told.to_bytes());
                }
                let pause = backoff(self.config.upstream_backoff_ms, failures);
                trouble.retry(chunk.keys.into_iter().map(|(key, _)| key), pause);
            }
        }
    }

    fn publish(&self, values: Vec<(Key, Value)>) {
        let mut state = self.state.lock();
        for (key, value) in values {
            state.publish(&key, value);
        }
    }

    async fn resolve(&self, plan: &FeedPlan, events: Vec<Arrived>) -> Vec<(Key, Value)> {
        let deadline = Instant::now() + TIMEOUT;
        let call = Arc::new(self.caller.call_context(&self.signer).until(deadline).alone());
        resolve_all(plan, events, call, deadline).await
    }

    fn resolving(&self, plan: &Arc<FeedPlan>, events: Vec<Arrived>) -> BoxFuture<'static, Done> {
        let deadline = Instant::now() + TIMEOUT;
        let call = Arc::new(self.caller.call_context(&self.signer).until(deadline).alone());
        let plan = Arc::clone(plan);
        async move { Done::Resolved(resolve_all(&plan, events, call, deadline).await) }.boxed()
    }

    fn asking(&self, plan: &Arc<FeedPlan>, chunk: Chunk) -> BoxFuture<'static, Done> {
        let deadline = Instant::now() + TIMEOUT;
        let call = Arc::new(self.caller.call_context(&self.signer).until(deadline).alone());
        let plan = Arc::clone(plan);
        async move {
            let keys: Vec<_> = chunk.keys.iter().map(|(_, json)| json.clone()).collect();
            let body = snapshot_body(&plan.shape, plan.live.snapshot.is_list(), &keys, &plan.variables);
            let mut request = SubgraphRequest::new(OperationKind::Query, body, Arc::clone(&call));
            request.deadline = Some(deadline);
            metrics::counter!("selvedge_live_snapshots_total").increment(1);
            let answer = plan.graph.transports().call(&plan.subgraph, request);
            let answer = tokio::time::timeout_at(deadline, answer).await;
            let broken = |reason: String| TransportError::Interrupted { subgraph: plan.subgraph.to_string(), reason };
            let bytes = match answer {
                Ok(Ok(response)) => match response.body {
                    SubgraphBody::Complete(bytes) => bytes,
                    SubgraphBody::Stream(_) => {
                        return Done::Failed(chunk, broken("it answered with a stream".to_owned()));
                    }
                },
                Ok(Err(error)) => return Done::Failed(chunk, error),
                Err(_elapsed) => return Done::Failed(chunk, broken("it did not answer in time".to_owned())),
            };
            match read_snapshot(&plan.shape, &bytes) {
                Snapshot::Items(items) => {
                    let known =
                        |text: &str| chunk.keys.iter().find(|(key, _)| **key == *text).map(|(key, _)| Arc::clone(key));
                    let arrived =
                        items.into_iter().filter_map(|item| Some((known(&item.key)?, item.revision, item.response)));
                    let values = resolve_all(&plan, arrived.collect(), call, deadline).await;
                    Done::Current(chunk, values)
                }
                Snapshot::Refused(errors) => {
                    let refused = vec![(Key::from(""), None, refusal(&errors))];
                    let told = resolve_all(&plan, refused, call, deadline).await.pop();
                    Done::Refused(chunk, told.map(|(_, value)| value.response).unwrap_or_default())
                }
                Snapshot::Broken(reason) => Done::Failed(chunk, broken(reason)),
            }
        }
        .boxed()
    }
}

//! The task of a feed: resolves events, asks for snapshots, and gives clients what comes of both.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use ahash::AHashMap;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

use super::{
    Feed,
    ask::{Asked, Done},
    later::Later,
    state::{Again, Chunk},
    topic::Value,
};
use crate::{
    error::{GraphqlError, GraphqlResponse},
    subgraph::TransportError,
    subscribe::{
        mailbox::Key,
        upstream::{backoff, backoff_up_to},
    },
};

/// How many snapshots are asked for at a time, and how many batches of events are resolved.
const MOST_UNDER_WAY: usize = 4;
/// After an answer that is older than an event: it came from a copy that lags.
const OLDER_PAUSE: Duration = Duration::from_millis(25);
/// The longest pause before a key is asked for again of which errors are told instead.
const MOST_PAUSE: Duration = Duration::from_secs(30);

type UnderWay = FuturesUnordered<BoxFuture<'static, Done>>;

/// What is under way, and what went wrong.
#[derive(Default)]
struct Work {
    resolving: UnderWay,
    asking: UnderWay,
    /// Parts of chunks that were refused as a whole.
    parts: VecDeque<Chunk>,
    /// Rounds of failures without an answer.
    failures: u32,
    /// A failure of a snapshot up to this number is one of the round that was counted.
    counted_until: u64,
    later: Later,
}

impl Work {
    fn retry(&mut self, keys: impl IntoIterator<Item = Key>, after: Duration) {
        for key in keys {
            self.later.put(key, after);
        }
    }
}

impl Feed {
    /// Works until nobody listens any more. While events are not heard, what is true is asked for again and again.
    pub(in crate::subscribe) async fn run(&self) {
        let mut work = Work::default();
        let poll_every = Duration::from_millis(self.config.poll_when_deaf_ms);
        let mut next_poll = Instant::now() + poll_every;
        loop {
            self.begin(&mut work).await;
            tokio::select! {
                () = self.abandoned.cancelled() => return,
                Some(done) = work.resolving.next(), if !work.resolving.is_empty() => self.settle(done, &mut work),
                Some(done) = work.asking.next(), if !work.asking.is_empty() => self.settle(done, &mut work),
                () = self.work.notified() => {}
                Some(due) = work.later.next(), if !work.later.is_empty() => {
                    self.state.lock().ask_again(&due);
                }
                () = sleep_until(next_poll), if !self.events.is_heard() => self.state.lock().ask_all(),
            }
            if next_poll <= Instant::now() {
                next_poll = Instant::now() + poll_every;
            }
        }
    }

    /// Begins what there is to do and room for.
    async fn begin(&self, work: &mut Work) {
        let plan = self.plan.load_full();
        // Without revisions only the order tells what is newer: one thing is done at a time.
        let is_ordered = plan.live.revision.is_some();
        let most = if is_ordered { MOST_UNDER_WAY } else { 1 };
        let has_room = |work: &Work| match is_ordered {
            true => (work.resolving.len() < most, work.asking.len() < most),
            false => (work.resolving.len() + work.asking.len() < most, work.resolving.len() + work.asking.len() < most),
        };
        if plan.is_whole() {
            if is_ordered || has_room(work).0 {
                let (generation, events) = self.state.lock().take_events(usize::MAX);
                if !events.is_empty() {
                    let resolved = self.resolve(&plan, events).await;
                    self.publish(generation, resolved);
                }
            }
        } else {
            while has_room(work).0 {
                let (generation, events) = self.state.lock().take_events(self.config.snapshot_keys);
                if events.is_empty() {
                    break;
                }
                work.resolving.push(self.resolving(&plan, generation, events));
            }
        }
        let chunk_keys = if plan.live.snapshot.is_list() { self.config.snapshot_keys } else { 1 };
        while has_room(work).1 {
            // One place is kept for those who have not been refused.
            let part = if work.asking.len() + 1 < most.max(2) { self.next_part(work) } else { None };
            let Some(chunk) = part.or_else(|| self.state.lock().take_chunk(chunk_keys)) else { break };
            work.asking.push(self.asking(&plan, chunk));
        }
    }

    /// Gives clients what has come, where nothing is to be waited for: whoever tells an event does it, for in a gateway whose
    /// clients are all busy the task of a feed would wait for its turn behind all of them. Whether there was something.
    pub(super) fn give_now(&self) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.give_what_has_come())).unwrap_or_else(|_| {
            // As if it had happened in its task: it costs the clients of this feed their stream, and nobody else.
            self.end(Some(&failed()));
            true
        })
    }

    fn give_what_has_come(&self) -> bool {
        let plan = self.plan.load_full();
        if !plan.is_whole() || plan.live.revision.is_none() {
            return false;
        }
        let (generation, events) = self.state.lock().take_events(usize::MAX);
        let keys: Vec<Key> = events.iter().map(|(key, ..)| Arc::clone(key)).collect();
        if keys.is_empty() {
            return false;
        }
        let Some(values) = self.resolve(&plan, events).now_or_never() else {
            // It waits for something after all.
            let mut state = self.state.lock();
            keys.iter().for_each(|key| state.ask_again(key));
            return false;
        };
        self.publish(generation, values);
        true
    }

    fn next_part(&self, work: &mut Work) -> Option<Chunk> {
        while let Some(part) = work.parts.pop_back() {
            let wanted = self.state.lock().still_wanted(part);
            if wanted.is_some() {
                return wanted;
            }
        }
        None
    }

    fn settle(&self, done: Done, work: &mut Work) {
        match done {
            Done::Resolved(generation, values) => self.publish(generation, values),
            Done::Current(Asked { chunk, values, trouble }) => {
                work.failures = 0;
                let revisions: AHashMap<Key, Option<i64>> =
                    values.iter().map(|(key, value)| (Arc::clone(key), value.revision)).collect();
                self.publish(chunk.generation, values);
                let Again { older, lost } = self.state.lock().answered(&chunk, &revisions, &trouble);
                work.retry(older, OLDER_PAUSE);
                self.retry_lost(lost, work);
            }
            Done::Refused(chunk, errors) => match chunk.keys.len() {
                0 | 1 => {
                    let left = self.changing(|state| state.refuse(&chunk, &errors));
                    self.retry_lost(left, work);
                }
                // One key may be to blame: the others are asked for without it.
                many => {
                    let mut first = chunk;
                    let keys = first.keys.split_off(many / 2);
                    work.parts.push_back(Chunk { keys, ..first });
                    work.parts.push_back(first);
                }
            },
            Done::Failed(chunk, error) => self.settle_failure(chunk, &error, work),
        }
    }

    /// Asks for keys again, less and less often while it helps nothing. A key that is waiting for that already has been asked
    /// for in between because a client came: however many come, it is asked for when it was to be.
    fn retry_lost(&self, lost: Vec<Key>, work: &mut Work) {
        for key in lost {
            if !work.later.holds(&key) {
                let losses = self.state.lock().lose(&key);
                work.later.put(key, backoff_up_to(self.config.upstream_backoff_ms, losses, MOST_PAUSE));
            }
        }
    }

    fn settle_failure(&self, chunk: Chunk, error: &TransportError, work: &mut Work) {
        if chunk.number > work.counted_until {
            work.failures += 1;
            work.counted_until = self.state.lock().snapshots();
        }
        let failures = work.failures;
        tracing::warn!(%error, failures, keys = chunk.keys.len(), "a snapshot of a live field failed");
        if failures > self.config.upstream_attempts {
            let told = GraphqlResponse::from_errors(vec![GraphqlError::new(error.code(), error.to_string())]);
            self.changing(|state| state.refuse(&chunk, &told.to_bytes()));
        }
        let pause = backoff(self.config.upstream_backoff_ms, failures);
        work.retry(chunk.keys.into_iter().map(|(key, _)| key), pause);
    }

    fn publish(&self, generation: u64, values: Vec<(Key, Value)>) {
        let mut state = self.state.lock();
        for (key, value) in values {
            state.publish(generation, &key, value);
        }
    }
}

/// The answer to clients when a feed's task has failed.
pub(in crate::subscribe) fn failed() -> Bytes {
    let error = GraphqlError::new(crate::error::code::INTERNAL_SERVER_ERROR, "the stream failed; subscribe again");
    GraphqlResponse::from_errors(vec![error]).to_bytes()
}

//! Live queries: answered again when something that they have read has changed.
//!
//! Equal queries of one caller share one run, whoever listens to them. The cache of answers tells when an entity has
//! changed that the last answer read (`run`); the query runs again through that cache, so that subgraphs are asked only
//! for what is no longer true; and what differs is told (`query`), whole or as a patch (`payload`).

mod payload;
mod query;
mod run;

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use query::LiveQuery;
use rand::Rng;
use tokio::sync::Semaphore;

use super::{
    hub::stream_key,
    open::StreamKey,
    port::{Caller, Place},
    sharing::Sharing,
    sink::Sink,
    subscription::Ticket,
    throttle::Throttle,
    wishes::Wishes,
};
use crate::{
    cache::{AnswerCache, Reads},
    config::SubscriptionsConfig,
    error::{GraphqlError, GraphqlResponse, code},
    execute::Graph,
    plan::LiveWishes,
    request::GraphqlRequest,
};

/// How many run at the same time: a change that many have read must not take the gateway from everyone else.
const MOST_AT_ONCE: usize = 256;

/// While nobody tells changes, so many of them are asked for in the configured time; with more, all wait longer.
const ASKED_WHEN_DEAF: usize = 200;
/// But no longer than so many times the configured time.
const LONGEST_DEAF: usize = 30;

/// The longest time between two answers that a client may ask for, in milliseconds.
const LONGEST_THROTTLE_MS: i64 = 60_000;

/// Answers one query for one caller, again and again.
pub trait AnswerQuery: Send + Sync + 'static {
    /// The answer of now, and what it has read.
    fn answer(&self) -> BoxFuture<'static, (GraphqlResponse, Reads)>;

    /// What it runs on.
    fn graph(&self) -> &Arc<Graph>;

    /// The same on what is served now; or why that does not serve it.
    fn moved(&self) -> BoxFuture<'static, Result<Arc<dyn AnswerQuery>, Vec<GraphqlError>>>;
}

/// A live query to open.
pub struct LiveRequest {
    /// The request of the client.
    pub request: GraphqlRequest,
    /// How it is to be kept alive.
    pub wishes: LiveWishes,
    /// Who asks.
    pub caller: Caller,
    /// Answers it.
    pub answers: Arc<dyn AnswerQuery>,
}

/// What makes two live queries the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LiveKey {
    stream: StreamKey,
    interval: Duration,
}

#[derive(Default)]
struct Open {
    by_number: HashMap<u64, (LiveKey, Arc<LiveQuery>)>,
    by_key: HashMap<LiveKey, u64>,
    next_number: u64,
}

impl Open {
    fn find(&self, key: &LiveKey) -> Option<(u64, Arc<LiveQuery>)> {
        let number = *self.by_key.get(key)?;
        self.by_number.get(&number).map(|(_, query)| (number, Arc::clone(query)))
    }

    fn add(&mut self, key: LiveKey, query: &Arc<LiveQuery>) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.by_key.insert(key.clone(), number);
        self.by_number.insert(number, (key, Arc::clone(query)));
        number
    }

    fn remove(&mut self, number: u64) {
        let Some((key, _)) = self.by_number.remove(&number) else { return };
        if self.by_key.get(&key) == Some(&number) {
            self.by_key.remove(&key);
        }
    }
}

/// All live queries that are open; cheap to clone.
#[derive(Clone)]
pub struct LiveQueries {
    open: Arc<Mutex<Open>>,
    cache: AnswerCache,
    config: Arc<SubscriptionsConfig>,
    throttle: Arc<Throttle>,
    room: Arc<Semaphore>,
}

impl LiveQueries {
    /// None so far; `cache` says what has changed.
    #[must_use]
    pub fn new(cache: AnswerCache, config: Arc<SubscriptionsConfig>) -> Self {
        let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Self { open: Arc::default(), cache, config, throttle: Arc::default(), room }
    }

    /// How many distinct ones are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open.lock().by_number.len()
    }

    /// Joins a live query, opening it if nobody listens to it yet; its answers are in the mailbox, under the number,
    /// until the ticket is dropped.
    ///
    /// # Errors
    ///
    /// What to tell the client when its wishes are not understood.
    pub fn join(&self, request: LiveRequest, place: Place) -> Result<Ticket, Vec<GraphqlError>> {
        let LiveRequest { request, wishes, caller, answers } = request;
        let of_client = Wishes::read(&request.extensions)?;
        let interval = self.interval(wishes)?.max(of_client.min_interval().unwrap_or_default());
        // The interval is that of the query, so that nothing is asked for in vain.
        let sink = Sink::new(place, self.config.max_pending, (&self.throttle, None));
        let stream = stream_key(&request, &request.variables, &caller, Sharing::SameCaller);
        let key = LiveKey { stream, interval };
        let known = of_client.known_tag();
        let mut open = self.open.lock();
        if let Some((number, query)) = open.find(&key)
            && let Some(id) = query.join(&sink, known.clone())
        {
            return Ok(self.ticket(sink, (number, query), id));
        }
        let query = LiveQuery::new(answers, wishes.patch, interval);
        let Some(id) = query.join(&sink, known) else { return Err(internal_error()) };
        let number = open.add(key, &query);
        drop(open);
        self.run(number, Arc::clone(&query));
        Ok(self.ticket(sink, (number, query), id))
    }

    /// The least time from one answer to the next.
    fn interval(&self, wishes: LiveWishes) -> Result<Duration, Vec<GraphqlError>> {
        let asked = wishes.throttle_ms.unwrap_or(1);
        if !(1..=LONGEST_THROTTLE_MS).contains(&asked) {
            let message =
                format!("`throttle` of `@live` must be from 1 to {LONGEST_THROTTLE_MS} milliseconds, and is {asked}");
            return Err(vec![GraphqlError::new(code::BAD_USER_INPUT, message)]);
        }
        let least = self.config.live_query_interval();
        Ok(least.max(Duration::from_millis(asked.unsigned_abs())))
    }

    fn ticket(&self, sink: Arc<Sink>, (number, query): (u64, Arc<LiveQuery>), id: u64) -> Ticket {
        let open = Arc::clone(&self.open);
        let leave = move || {
            // Under the lock of all, so that nobody joins one that is being abandoned.
            let mut open = open.lock();
            if query.leave(id) {
                query.abandon();
                open.remove(number);
            }
        };
        Ticket::new(sink, Box::new(leave))
    }

    fn run(&self, number: u64, query: Arc<LiveQuery>) {
        let all = self.clone();
        let watch = self.cache.watch_reads();
        metrics::gauge!("selvedge_live_queries").increment(1.0);
        tokio::spawn(async move {
            let running = AssertUnwindSafe(run::run(&query, watch, &all)).catch_unwind().await;
            // A defect costs the clients of this query their stream, and nobody joins it any more.
            let last = running.is_err().then(|| GraphqlResponse::from_errors(vec![failed()]).to_bytes());
            query.end(last.as_ref());
            all.open.lock().remove(number);
            metrics::gauge!("selvedge_live_queries").decrement(1.0);
        });
    }

    /// How often one is answered while nobody tells what changes.
    fn deaf(&self) -> Duration {
        let times = (1 + self.count() / ASKED_WHEN_DEAF).min(LONGEST_DEAF);
        let usual = Duration::from_millis(self.config.poll_when_deaf_ms);
        scattered(usual) * u32::try_from(times).unwrap_or(u32::MAX)
    }

    /// Lets all go on with what is served now, which is `graph`; one that cannot, ends, and its clients are told why.
    pub async fn move_all(&self, graph: &Arc<Graph>) {
        let on_others: Vec<Arc<LiveQuery>> = {
            let open = self.open.lock();
            open.by_number.values().map(|(_, query)| query).filter(|query| !query.is_on(graph)).cloned().collect()
        };
        for query in on_others {
            match query.answers().moved().await {
                Ok(answers) => query.move_to(answers),
                Err(errors) => {
                    metrics::counter!("selvedge_streams_ended_by_schema_total").increment(1);
                    query.end(Some(&GraphqlResponse::from_errors(errors).to_bytes()));
                    query.abandon();
                }
            }
        }
    }
}

/// About so long: what many wait for, they are not all to do at once.
fn scattered(time: Duration) -> Duration {
    time.mul_f64(rand::rng().random_range(0.9..1.1))
}

fn failed() -> GraphqlError {
    GraphqlError::new(code::INTERNAL_SERVER_ERROR, "the live query failed")
}

fn internal_error() -> Vec<GraphqlError> {
    vec![GraphqlError::new(code::INTERNAL_SERVER_ERROR, "the live query could not be opened")]
}

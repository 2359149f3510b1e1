//! One live query, and the clients that listen to it.

use std::{sync::Arc, time::Duration};

use ahash::AHashMap;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    super::{mailbox::Key, sink::Sink},
    AnswerQuery,
    payload::{Answer, patch, unchanged},
};
use crate::execute::Graph;

struct Client {
    sink: Arc<Sink>,
    /// Until it has its first answer: the number of the run that may give it, one that begins after the client came.
    waits_for: Option<u64>,
    /// The tag of the answer that it brings along.
    known: Option<String>,
    /// The revision that it was told last, and when the run of that began.
    told: Option<(u64, Instant)>,
}

impl Client {
    /// When it may be told `revision`, which it may have been told already.
    fn due(&self, revision: u64, interval: Duration) -> Option<Instant> {
        let (last, at) = self.told?;
        (last < revision).then(|| at + interval)
    }

    /// Tells it the newest answer: `step`, if it has the one before that.
    fn tell(&mut self, key: &Key, (told, step): (&Told, Option<&Bytes>), at: Instant) {
        let has_before = self.told.is_some_and(|(last, _)| last + 1 == told.revision);
        self.sink.push_step(key, (step.filter(|_| has_before), &told.whole));
        self.told = Some((told.revision, at));
    }
}

/// What was told last.
struct Told {
    revision: u64,
    tag: String,
    whole: Bytes,
    /// What the next answer is compared with; absent where nobody wants patches, or this one had errors.
    data: Option<Value>,
}

#[derive(Default)]
struct State {
    clients: AHashMap<u64, Client>,
    next_id: u64,
    /// The number of the run that began last.
    run: u64,
    /// Whether somebody waits for one that begins after it.
    is_wanted: bool,
    told: Option<Told>,
    has_ended: bool,
}

/// A query that runs again and again. Everything is told under one lock, so that what a newcomer gets first and what
/// follows have no gap and no overlap.
pub(super) struct LiveQuery {
    state: Mutex<State>,
    answers: Mutex<Arc<dyn AnswerQuery>>,
    wants_patches: bool,
    /// The least time from one run to the next, unless someone comes, and from one answer of a client to the next.
    pub(super) interval: Duration,
    /// Of one client only the newest answer waits.
    key: Key,
    /// Told when somebody waits for a run.
    wanted: Notify,
    /// Cancelled when nobody listens any more.
    pub(super) abandoned: CancellationToken,
}

impl LiveQuery {
    pub(super) fn new(answers: Arc<dyn AnswerQuery>, wants_patches: bool, interval: Duration) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            answers: Mutex::new(answers),
            wants_patches,
            interval,
            key: Key::from(""),
            wanted: Notify::new(),
            abandoned: CancellationToken::new(),
        })
    }

    /// Adds a client; `None` when it has ended already. Its first answer is from a run that begins from now on.
    pub(super) fn join(&self, sink: &Arc<Sink>, known: Option<String>) -> Option<u64> {
        let mut state = self.state.lock();
        if state.has_ended {
            return None;
        }
        let id = state.next_id;
        state.next_id += 1;
        let client = Client { sink: Arc::clone(sink), waits_for: Some(state.run + 1), known, told: None };
        state.clients.insert(id, client);
        state.is_wanted = true;
        self.wanted.notify_one();
        Some(id)
    }

    /// Removes a client; whether it was the last.
    pub(super) fn leave(&self, id: u64) -> bool {
        let mut state = self.state.lock();
        state.clients.remove(&id);
        state.clients.is_empty()
    }

    pub(super) fn abandon(&self) {
        self.abandoned.cancel();
    }

    pub(super) fn is_on(&self, graph: &Arc<Graph>) -> bool {
        Arc::ptr_eq(self.answers.lock().graph(), graph)
    }

    pub(super) fn answers(&self) -> Arc<dyn AnswerQuery> {
        Arc::clone(&self.answers.lock())
    }

    /// Goes on with another plan.
    pub(super) fn move_to(&self, answers: Arc<dyn AnswerQuery>) {
        *self.answers.lock() = answers;
        self.state.lock().is_wanted = true;
        self.wanted.notify_one();
    }

    /// A run begins; its number.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.state.lock();
        state.run += 1;
        state.is_wanted = false;
        state.run
    }

    /// Waits until somebody waits for a run that begins from now on.
    pub(super) async fn wanted(&self) {
        while !self.state.lock().is_wanted {
            self.wanted.notified().await;
        }
    }

    /// Tells what the run of this number came to, which began at `started`: newcomers all of it, the others what is new,
    /// unless they were told something just before. Whether it is new.
    pub(super) fn tell(&self, (run, started): (u64, Instant), answer: &Answer) -> bool {
        let mut state = self.state.lock();
        let State { clients, told, .. } = &mut *state;
        let is_new = told.as_ref().is_none_or(|told| told.tag != answer.tag());
        let step = if is_new { self.next(told, answer) } else { None };
        let Some(told) = told else { return false };
        for client in clients.values_mut() {
            match client.waits_for {
                // The run began before it came.
                Some(waits_for) if waits_for > run => {}
                Some(_) => {
                    client.waits_for = None;
                    let has_it = client.known.take().as_deref() == Some(told.tag.as_str());
                    let first = if has_it { unchanged(told.revision, &told.tag) } else { told.whole.clone() };
                    client.sink.push_step(&self.key, (None, &first));
                    client.told = Some((told.revision, started));
                }
                None if client.due(told.revision, self.interval).is_some_and(|due| due <= started) => {
                    client.tell(&self.key, (&*told, step.as_ref()), started);
                }
                None => {}
            }
        }
        if is_new {
            let form = if step.is_some() { "patch" } else { "whole" };
            metrics::counter!("selvedge_live_query_answers_total", "form" => form).increment(1);
        }
        is_new
    }

    /// Tells the newest answer to those who were told another one too short a time before it came: a run for a newcomer
    /// is none that they have waited for. When the next of them may be told.
    pub(super) fn catch_up(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock();
        let State { clients, told, .. } = &mut *state;
        let told = told.as_ref()?;
        let mut next = None;
        for client in clients.values_mut() {
            match client.due(told.revision, self.interval) {
                Some(due) if due <= now => client.tell(&self.key, (told, None), now),
                due => next = next.into_iter().chain(due).min(),
            }
        }
        next
    }

    /// Puts `answer` in the place of what was told; what leads from one to the other, where that is shorter.
    fn next(&self, told: &mut Option<Told>, answer: &Answer) -> Option<Bytes> {
        let revision = told.as_ref().map_or(0, |told| told.revision) + 1;
        let whole = answer.whole(revision);
        let data = if self.wants_patches && !answer.has_errors() { answer.data() } else { None };
        let before = told.as_ref().and_then(|told| told.data.as_ref());
        let step = before.zip(data.as_ref()).map(|pair| patch(pair, (revision, answer.tag())));
        let step = step.filter(|step| step.len() < whole.len());
        *told = Some(Told { revision, tag: answer.tag().to_owned(), whole, data });
        step
    }

    /// Ends it for everyone, perhaps after a last response.
    pub(super) fn end(&self, last: Option<&Bytes>) {
        let mut state = self.state.lock();
        state.has_ended = true;
        for client in state.clients.values() {
            match last {
                Some(last) => client.sink.end_with(last),
                None => client.sink.end(),
            }
        }
    }
}

//! Keeps what a subgraph has answered, if it may.

use std::{sync::Arc, time::Duration};

use http::{StatusCode, header::SET_COOKIE};
use serde::de::DeserializeSeed;
use tokio::time::Instant;

use super::{
    AnswerCache, Asking, FetchProfile, Piece,
    answer::{Envelope, Parts, copied, take_apart},
    ask::{Missing, Wish},
    hint::Hint,
    marks::Moment,
    observe::{Observed, Represented, Walk},
    piece::{Partition, PieceFreshness, Question},
    profile::Learned,
};
use crate::{
    config::CacheScope,
    freshness::Freshness,
    subgraph::{SubgraphBody, SubgraphResponse, TransportError},
};

/// What was kept, and what it is found by.
pub(super) type Kept = (Arc<Question>, Arc<Piece>);

/// What came of an answer.
pub(super) struct Settled {
    /// For each wish, what may be given to others.
    pub(super) pieces: Vec<Option<Kept>>,
    /// How long the answer stays true; `None` when nobody says so.
    pub(super) freshness: Option<Freshness>,
    /// When the first of it runs out, as somebody says.
    pub(super) runs_out: Option<Instant>,
}

/// For how long, and for whom.
struct Verdict {
    left: Duration,
    age: Duration,
    is_private: bool,
    partition: Option<Partition>,
}

impl AnswerCache {
    /// Keeps an answer of the subgraph.
    pub(super) fn settle(
        &self,
        asking: &Asking<'_>,
        missing: &Missing,
        (wishes, answer): (&[Wish], &Result<SubgraphResponse, TransportError>),
        began: Moment,
    ) -> Settled {
        let nothing = || Settled { pieces: vec![None; wishes.len()], freshness: None, runs_out: None };
        let Ok(SubgraphResponse { status: StatusCode::OK, headers, body: SubgraphBody::Complete(bytes) }) = answer
        else {
            return nothing();
        };
        let hint = Hint::from_headers(headers);
        // A cookie is for one client, whatever else the answer says.
        if hint.no_store || headers.contains_key(SET_COOKIE) {
            asking.profile.learn(Learned::Nothing);
            return nothing();
        }
        let counts: Vec<usize> = missing.iter().map(Vec::len).collect();
        let Some(envelope) = Envelope::read(bytes) else { return nothing() };
        let Some(data) = envelope.data_without_errors() else { return nothing() };
        let extension = envelope.extensions.as_ref().and_then(|extensions| extensions.cache_control.as_ref());
        let verdict = verdict(asking, &hint.and_extension(extension));
        if verdict.left.is_zero() {
            asking.profile.learn(Learned::Nothing);
            return nothing();
        }
        let Some(parts) = take_apart(data, asking.profile, &counts) else { return nothing() };
        self.keep_parts(asking, (wishes, &parts), &verdict, began)
    }

    fn keep_parts(
        &self,
        asking: &Asking<'_>,
        (wishes, parts): (&[Wish], &Parts<'_>),
        verdict: &Verdict,
        began: Moment,
    ) -> Settled {
        let now = Instant::now();
        let mut next = vec![0; parts.len()];
        let pieces = Vec::with_capacity(wishes.len());
        let mut settled = Settled { pieces, freshness: Some(Freshness::ETERNAL), runs_out: None };
        for &wish in wishes {
            let place = next.get_mut(wish.batch).map(|next| std::mem::replace(next, *next + 1)).unwrap_or_default();
            let of_wish = parts.get(wish.batch).and_then(|batch| batch.get(place)).map_or(&[][..], Vec::as_slice);
            let observed = observe(asking.profile, wish.batch, (asking.representation(wish), of_wish));
            let (kept, freshness) = match observed {
                Some(observed) => self.keep_one((asking, wish), (of_wish, observed), verdict, (began, now)),
                None => (None, None),
            };
            settled.runs_out = settled.runs_out.into_iter().chain(freshness.map(|it| it.until)).min();
            settled.freshness = settled.freshness.zip(freshness).map(|(all, one)| all.and(one.now()));
            settled.pieces.push(kept);
        }
        self.measure();
        settled
    }

    fn keep_one(
        &self,
        (asking, wish): (&Asking<'_>, Wish),
        (parts, observed): (&[&str], Observed),
        verdict: &Verdict,
        (began, now): (Moment, Instant),
    ) -> (Option<Kept>, Option<PieceFreshness>) {
        let readings: Arc<[_]> = observed.readings.into_iter().collect();
        let (is_true, is_followed, may_keep) = {
            let marks = self.0.marks.read();
            (marks.is_true(began, &readings), marks.is_followed(&readings), self.may_keep(&marks, &readings))
        };
        let since = now.checked_sub(verdict.age).unwrap_or(now);
        let until = now + verdict.left.min(observed.max_age);
        let freshness = PieceFreshness { since, until, is_private: verdict.is_private, is_followed };
        let told = Some(freshness);
        if until <= now {
            return (None, None);
        }
        if !may_keep {
            return (None, told);
        }
        if !is_true {
            metrics::counter!("selvedge_cache_late_answers_total").increment(1);
            return (None, told);
        }
        let Some(partition) = &verdict.partition else { return (None, told) };
        let question = Question::new(&asking.profile.name, wish.batch, &asking.variables, partition.clone());
        let piece = Arc::new(Piece::new(copied(parts), readings, began, freshness));
        self.keep(&question, asking.representation(wish), &piece);
        (Some((question, piece)), told)
    }
}

fn verdict(asking: &Asking<'_>, hint: &Hint) -> Verdict {
    let (left, scope, is_explicit) = asking.profile.judge(hint);
    let is_private = scope == CacheScope::Private || asking.profile.learned() == Learned::Own;
    let has_subject = asking.caller.is_some_and(|caller| caller.subject.is_some());
    let partition = match (is_private, is_explicit, has_subject) {
        (false, ..) => Some(asking.public()),
        (true, _, true) => asking.own(),
        // Nobody is meant by "private" when nobody asks.
        (true, true, false) => None,
        // Nothing was said: what callers without identity get is the same for all of them.
        (true, false, false) => asking.own(),
    };
    if !left.is_zero() {
        asking.profile.learn(if is_private { Learned::Own } else { Learned::Public });
    }
    Verdict { left, age: hint.age, is_private, partition }
}

/// What a piece has read; `None` when it is not understood.
pub(super) fn observe(
    profile: &FetchProfile,
    batch: usize,
    (representation, parts): (&[u8], &[&str]),
) -> Option<Observed> {
    let mut observed = Observed::new(profile.max_age());
    let is_of_entity = !representation.is_empty();
    let represented = if is_of_entity { Some(Represented::read(representation, &profile.types)?) } else { None };
    if let (Some(represented), true) = (&represented, parts.is_empty()) {
        observed.note_represented(represented);
    }
    let outputs = profile.batches.get(batch).map_or(&[][..], Vec::as_slice);
    for (index, part) in parts.iter().enumerate() {
        let node = outputs.get(index).map_or(0, |output| output.node);
        let (nodes, types, represented) = (&profile.nodes, &*profile.types, represented.as_ref());
        let walk = Walk { nodes, types, node, represented, observed: &mut observed };
        walk.deserialize(&mut serde_json::Deserializer::from_str(part)).ok()?;
    }
    Some(observed)
}

/// What the answer to a mutation has read, where there are things; `None` when it is not understood.
pub(super) fn observe_things(profile: &FetchProfile, data: &str) -> Option<Observed> {
    let mut observed = Observed::of_things(profile.max_age());
    let (nodes, types) = (&profile.nodes, &*profile.types);
    let walk = Walk { nodes, types, node: 0, represented: None, observed: &mut observed };
    walk.deserialize(&mut serde_json::Deserializer::from_str(data)).ok()?;
    Some(observed)
}

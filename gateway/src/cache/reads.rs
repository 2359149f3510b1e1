//! What an execution has read, whether it was kept or not: what a live query has to be told of.

use std::sync::Arc;

use ahash::AHashMap;
use http::StatusCode;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    Asking, FetchProfile, Fetched, Missing, Piece,
    answer::{Envelope, take_apart},
    answers::floor_number,
    marks::Moment,
    settle::observe,
    tag::Reading,
};
use crate::subgraph::{CallerKey, SubgraphBody, SubgraphResponse, TransportError};

/// Everything that one execution has read.
#[derive(Default)]
pub struct Reads(Mutex<Noted>);

#[derive(Default)]
pub(super) struct Noted {
    pub(super) reads: Vec<Read>,
    /// When the first of it runs out.
    runs_out: Option<Instant>,
    /// Whether some of it is not understood: nobody can tell when that changes.
    pub(super) is_blind: bool,
}

/// What one answer, or a part of one, has read.
pub(super) struct Read {
    pub(super) began: Moment,
    pub(super) readings: Arc<[Reading]>,
    /// Of what the caller may see of the subgraph.
    pub(super) floor: u64,
}

impl Noted {
    fn note(&mut self, floor: u64, (began, readings): (Moment, Arc<[Reading]>)) {
        self.reads.push(Read { began, readings, floor });
    }

    fn note_answer(&mut self, floor: u64, began: Moment, observed: Observed) {
        self.is_blind |= observed.is_blind;
        observed.parts.into_iter().for_each(|readings| self.note(floor, (began, readings)));
    }

    fn note_end(&mut self, end: Option<Instant>) {
        self.runs_out = self.runs_out.into_iter().chain(end).min();
    }
}

impl Reads {
    /// Notes what answered `asking`: what was kept, and what was fetched.
    pub fn note(&self, asking: &Asking<'_>, kept: &[Vec<Option<Arc<Piece>>>], fetched: &[Fetched]) {
        let floor = floor_number(asking.caller, &asking.profile.name.subgraph);
        let mut noted = self.0.lock();
        for piece in kept.iter().flatten().flatten() {
            noted.note(floor, (piece.began, Arc::clone(&piece.readings)));
            noted.note_end(Some(piece.freshness.until));
        }
        for Fetched { missing, answer, began, runs_out } in fetched {
            let of_batch = |number| asking.representations.get(number).map_or(&[][..], Vec::as_slice);
            noted.note_answer(floor, *began, observed(asking.profile, (missing, of_batch), answer));
            noted.note_end(*runs_out);
        }
    }

    /// Notes a whole answer to a fetch that is never kept, which was begun at `began`; without a profile it is not
    /// understood.
    pub fn note_whole(
        &self,
        profile: Option<&FetchProfile>,
        (caller, representations): (Option<&CallerKey>, &[Vec<&[u8]>]),
        answer: &Result<SubgraphResponse, TransportError>,
        began: u64,
    ) {
        let Some(profile) = profile else {
            self.0.lock().is_blind = true;
            return;
        };
        let floor = floor_number(caller, &profile.name.subgraph);
        let missing: Missing = representations.iter().map(|batch| (0..batch.len()).collect()).collect();
        let of_batch = |number| representations.get(number).map_or(&[][..], Vec::as_slice);
        let observed = observed(profile, (&missing, of_batch), answer);
        self.0.lock().note_answer(floor, began, observed);
    }

    /// The revision of each entity that shows one: the least, where it is shown more than once.
    #[must_use]
    pub fn revisions(&self) -> AHashMap<u64, i64> {
        let mut revisions = AHashMap::new();
        let noted = self.0.lock();
        for reading in noted.reads.iter().flat_map(|read| read.readings.iter()) {
            let Some(revision) = reading.revision else { continue };
            for (_, entity) in &reading.keys {
                let least = revisions.entry(*entity).or_insert(revision);
                *least = revision.min(*least);
            }
        }
        revisions
    }

    /// When the first of it runs out, where somebody says how long it stays true.
    #[must_use]
    pub fn runs_out(&self) -> Option<Instant> {
        self.0.lock().runs_out
    }

    pub(super) fn take(self) -> Noted {
        self.0.into_inner()
    }
}

/// What was read of an answer of the subgraph, for each part that is understood.
struct Observed {
    parts: Vec<Arc<[Reading]>>,
    /// Whether there is more, which is not understood. Errors are told as such, and tried again.
    is_blind: bool,
}

/// What an answer has read, errors beside it or not.
fn observed<'r>(
    profile: &FetchProfile,
    (missing, of_batch): (&Missing, impl Fn(usize) -> &'r [&'r [u8]]),
    answer: &Result<SubgraphResponse, TransportError>,
) -> Observed {
    let mut observed = Observed { parts: Vec::new(), is_blind: false };
    let Ok(SubgraphResponse { status: StatusCode::OK, body: SubgraphBody::Complete(bytes), .. }) = answer else {
        return observed;
    };
    let envelope = Envelope::read(bytes);
    let Some((envelope, data)) = envelope.as_ref().and_then(|envelope| Some((envelope, envelope.data()?))) else {
        return observed;
    };
    let is_failure = envelope.data_without_errors().is_none();
    let counts: Vec<usize> = missing.iter().map(Vec::len).collect();
    let Some(parts) = take_apart(data, profile, &counts) else {
        return Observed { is_blind: !is_failure, ..observed };
    };
    for (number, (parts, asked)) in parts.iter().zip(missing).enumerate() {
        for (parts, &index) in parts.iter().zip(asked) {
            let representation = of_batch(number).get(index).copied().unwrap_or_default();
            match observe(profile, number, (representation, parts)) {
                Some(part) => observed.parts.push(part.readings.into_iter().collect()),
                None => observed.is_blind |= !is_failure,
            }
        }
    }
    observed
}

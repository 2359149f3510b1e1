//! What an execution has read, whether it was kept or not: what a live query has to be told of.

use std::sync::Arc;

use ahash::AHashMap;
use http::StatusCode;
use parking_lot::Mutex;

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
pub struct Reads(Mutex<Vec<Read>>);

/// What one answer, or a part of one, has read.
pub(super) struct Read {
    source: Source,
    /// Of what the caller may see of the subgraph.
    pub(super) floor: u64,
}

enum Source {
    Kept(Arc<Piece>),
    Observed { began: Moment, readings: Box<[Reading]> },
}

impl Read {
    pub(super) fn began(&self) -> Moment {
        match &self.source {
            Source::Kept(piece) => piece.began,
            Source::Observed { began, .. } => *began,
        }
    }

    pub(super) fn readings(&self) -> &[Reading] {
        match &self.source {
            Source::Kept(piece) => &piece.readings,
            Source::Observed { readings, .. } => readings,
        }
    }
}

impl Reads {
    /// Notes what answered `asking`: what was kept, and what was fetched.
    pub fn note(&self, asking: &Asking<'_>, kept: &[Vec<Option<Arc<Piece>>>], fetched: &[Fetched]) {
        let floor = floor_number(asking.caller, &asking.profile.name.subgraph);
        let of_kept = kept.iter().flatten().flatten().map(|piece| Source::Kept(Arc::clone(piece)));
        let of_fetched = fetched.iter().flat_map(|fetched| {
            let of_batch = |number| asking.representations.get(number).map_or(&[][..], Vec::as_slice);
            observed(asking.profile, (&fetched.missing, of_batch), &fetched.answer, fetched.began)
        });
        let new: Vec<Read> = of_kept.chain(of_fetched).map(|source| Read { source, floor }).collect();
        self.0.lock().extend(new);
    }

    /// Notes a whole answer to a fetch that is never kept, which was begun at `began`.
    pub fn note_whole(
        &self,
        profile: &FetchProfile,
        (caller, representations): (Option<&CallerKey>, &[Vec<&[u8]>]),
        answer: &Result<SubgraphResponse, TransportError>,
        began: u64,
    ) {
        let floor = floor_number(caller, &profile.name.subgraph);
        let missing: Missing = representations.iter().map(|batch| (0..batch.len()).collect()).collect();
        let of_batch = |number| representations.get(number).map_or(&[][..], Vec::as_slice);
        let new = observed(profile, (&missing, of_batch), answer, began);
        self.0.lock().extend(new.into_iter().map(|source| Read { source, floor }));
    }

    /// The revision of each entity that shows one: the least, where it is shown more than once.
    #[must_use]
    pub fn revisions(&self) -> AHashMap<u64, i64> {
        let mut revisions = AHashMap::new();
        let reads = self.0.lock();
        for reading in reads.iter().flat_map(Read::readings) {
            let Some(revision) = reading.revision else { continue };
            for (_, entity) in &reading.keys {
                let least = revisions.entry(*entity).or_insert(revision);
                *least = revision.min(*least);
            }
        }
        revisions
    }

    pub(super) fn take(self) -> Vec<Read> {
        self.0.into_inner()
    }
}

/// What an answer of the subgraph has read, errors beside it or not; nothing where it is not understood.
fn observed<'r>(
    profile: &FetchProfile,
    (missing, of_batch): (&Missing, impl Fn(usize) -> &'r [&'r [u8]]),
    answer: &Result<SubgraphResponse, TransportError>,
    began: Moment,
) -> Vec<Source> {
    let Ok(SubgraphResponse { status: StatusCode::OK, body: SubgraphBody::Complete(bytes), .. }) = answer else {
        return Vec::new();
    };
    let envelope = Envelope::read(bytes);
    let Some(data) = envelope.as_ref().and_then(Envelope::data) else { return Vec::new() };
    let counts: Vec<usize> = missing.iter().map(Vec::len).collect();
    let Some(parts) = take_apart(data, profile, &counts) else { return Vec::new() };
    let mut sources = Vec::new();
    for (number, (parts, asked)) in parts.iter().zip(missing).enumerate() {
        for (parts, &index) in parts.iter().zip(asked) {
            let representation = of_batch(number).get(index).copied().unwrap_or_default();
            if let Some(observed) = observe(profile, number, (representation, parts)) {
                let readings = observed.readings.into_iter().collect();
                sources.push(Source::Observed { began, readings });
            }
        }
    }
    sources
}

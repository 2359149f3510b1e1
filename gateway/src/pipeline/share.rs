//! Lets identical queries of clients that are under way at the same time share one response.
//!
//! Identical are requests for the same prepared operation with equal variables, by callers about whom subgraphs are
//! told the same, with the same headers that rules may pass on. A query never joins one that began before a mutation
//! ended, so that a client reads what it wrote.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value};

use super::{Prepared, prepared::Known};
use crate::{
    error::GraphqlResponse,
    in_flight::{InFlight, Work},
    subgraph::HeaderList,
    subscribe::Caller,
};

/// The queries under way.
#[derive(Default)]
pub(super) struct Sharing {
    flights: InFlight<Sameness, GraphqlResponse>,
    hasher: ahash::RandomState,
    /// How many mutations have ended.
    changes: AtomicU64,
}

impl Sharing {
    /// The response of `start`, or of an identical query under way that is not from before `moment`, counted in evictions.
    ///
    /// # Cancellation
    ///
    /// As [`InFlight::share`].
    pub(super) async fn share<F: Work<GraphqlResponse>>(
        &self,
        (prepared, variables, caller): (&Prepared, &Map<String, Value>, &Caller),
        moment: u64,
        start: impl FnOnce() -> F,
    ) -> GraphqlResponse {
        let key = self.sameness(prepared, variables, caller, moment);
        let (response, was_anothers) = self.flights.share(key, start).await;
        if was_anothers {
            metrics::counter!("selvedge_requests_deduplicated_total").increment(1);
        }
        response
    }

    /// A mutation that begins now.
    pub(super) const fn change(&self) -> Change<'_> {
        Change(&self.changes)
    }

    fn sameness(&self, prepared: &Prepared, variables: &Map<String, Value>, caller: &Caller, moment: u64) -> Sameness {
        let same = Same {
            known: Arc::clone(&prepared.known),
            variables: variables.clone(),
            subject: caller.identity.subject.clone(),
            scopes: caller.identity.scopes.clone(),
            forwarded: caller.forwarded.clone(),
            changes: self.changes.load(Ordering::Acquire),
            moment,
        };
        Sameness { hash: self.hasher.hash_one(&same), same: Arc::new(same) }
    }
}

/// A mutation under way; when it ends, and be it by being abandoned, queries may no longer join those before it.
pub(super) struct Change<'a>(&'a AtomicU64);

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Hashed once, and compared in full.
#[derive(Clone)]
struct Sameness {
    hash: u64,
    same: Arc<Same>,
}

impl PartialEq for Sameness {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.same == other.same
    }
}

impl Eq for Sameness {}

impl Hash for Sameness {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

struct Same {
    /// An operation prepared for one schema: who holds it keeps its address from being used again.
    known: Arc<Known>,
    variables: Map<String, Value>,
    subject: Option<String>,
    scopes: Vec<String>,
    forwarded: HeaderList,
    changes: u64,
    moment: u64,
}

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.known, &other.known)
            && self.changes == other.changes
            && self.moment == other.moment
            && self.subject == other.subject
            && self.scopes == other.scopes
            && self.forwarded == other.forwarded
            && self.variables == other.variables
    }
}

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.known).addr(), &self.variables, &self.subject, &self.scopes).hash(state);
        (&self.forwarded, self.changes, self.moment).hash(state);
    }
}

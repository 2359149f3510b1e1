//! What a mutation has changed, before its answer is given to the client: who writes reads their own writes.

use std::{sync::Arc, time::Duration};

use super::{AnswerCache, FetchProfile, answer::Envelope, settle::observe_things, tag::Reading};
use crate::subgraph::{CallerKey, SubgraphBody, SubgraphResponse, TransportError};

/// A mutation that nobody waits for any more may still take effect for this long.
const RUNS_ON_FOR: Duration = Duration::from_secs(2);

/// A mutation without an answer yet. When it is dropped, its client has gone away, and it may have run all the same.
pub struct MutationUnderWay<'c> {
    cache: &'c AnswerCache,
    caller: Option<&'c CallerKey>,
    subgraph: &'c str,
    is_answered: bool,
}

impl MutationUnderWay<'_> {
    /// It has its answer.
    pub const fn answered(&mut self) {
        self.is_answered = true;
    }
}

impl Drop for MutationUnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.cache.raise_floor_for_a_while(self.caller, self.subgraph);
        }
    }
}

impl AnswerCache {
    /// Watches a mutation of a caller until it has its answer.
    #[must_use]
    pub const fn watch<'c>(&'c self, caller: Option<&'c CallerKey>, subgraph: &'c str) -> MutationUnderWay<'c> {
        MutationUnderWay { cache: self, caller, subgraph, is_answered: false }
    }

    /// Lets one caller see nothing of a subgraph that was asked for before now, nor what is asked for until whatever
    /// still runs there has run.
    fn raise_floor_for_a_while(&self, caller: Option<&CallerKey>, subgraph: &str) {
        self.raise_floor(caller, subgraph);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (inner, caller, subgraph) = (Arc::downgrade(&self.0), caller.cloned(), subgraph.to_owned());
        drop(runtime.spawn(async move {
            tokio::time::sleep(RUNS_ON_FOR).await;
            if let Some(inner) = inner.upgrade() {
                Self(inner).raise_floor(caller.as_ref(), &subgraph);
            }
        }));
    }

    /// Ends what the answer to a mutation makes untrue: whatever entities it names, and those that it says it has
    /// changed (`extensions.changed`, a list of entity events). A subgraph that does not say so may have changed
    /// anything: then this caller sees nothing of it any more that was asked for before.
    pub fn note_changes(
        &self,
        profile: Option<&FetchProfile>,
        (caller, subgraph): (Option<&CallerKey>, &str),
        answer: &Result<SubgraphResponse, TransportError>,
    ) {
        metrics::counter!("selvedge_cache_evictions_total", "cause" => "mutation").increment(1);
        let bytes = match answer {
            Ok(SubgraphResponse { body: SubgraphBody::Complete(bytes), .. }) => bytes,
            // It may have run all the same.
            Ok(_) | Err(_) => return self.raise_floor_for_a_while(caller, subgraph),
        };
        let envelope = Envelope::read(bytes);
        let changed = envelope.as_ref().and_then(|it| it.extensions.as_ref()).and_then(|it| it.changed.as_ref());
        if changed.is_none() {
            self.raise_floor(caller, subgraph);
        }
        let mut readings: Vec<Reading> = Vec::new();
        if let (Some(data), Some(profile)) = (envelope.as_ref().and_then(Envelope::data), profile) {
            let observed = observe_things(profile, data).map(|observed| observed.readings).unwrap_or_default();
            // Of what shows no key one cannot tell which it is; who says what has changed need not be guessed.
            readings.extend(observed.into_iter().filter(|it| !it.keys.is_empty() || changed.is_none()));
        }
        readings.extend(changed.into_iter().flatten().map(Reading::named_by));
        // What is shown may be older than what was written by someone else since.
        readings.iter_mut().for_each(|reading| reading.revision = None);
        self.evict_readings(&readings);
    }
}

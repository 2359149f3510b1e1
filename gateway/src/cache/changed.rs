//! What a mutation has changed, before its answer is given to the client: who writes reads their own writes.

use super::{AnswerCache, FetchProfile, answer::Envelope, settle::observe_things, tag::Reading};
use crate::subgraph::{CallerKey, SubgraphBody, SubgraphResponse, TransportError};

impl AnswerCache {
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
            Ok(_) | Err(_) => return self.raise_floor(caller, subgraph),
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

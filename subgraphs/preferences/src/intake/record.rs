//! One batch of behaviour.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::TimeDelta;
use selvedge_kit::outbox::RelaySignal;
use uuid::Uuid;

use crate::{
    announce::EventIds,
    domain::{Attribution, BehaviourDraft, BehaviourEvent, RecordedBehaviour, Refusal, validate_behaviour},
    store::{BehaviourDocument, CustomerStore, StoreError},
};

/// Takes behaviour in.
#[derive(Clone)]
pub struct Intake {
    /// Where it is kept.
    pub store: Arc<dyn CustomerStore>,
    /// Ids and time.
    pub ids: Arc<EventIds>,
    /// Wakes the relay.
    pub signal: RelaySignal,
    /// How long behaviour is kept.
    pub retention: TimeDelta,
}

/// What one call brought.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The signed-in customer.
    pub customer_id: Option<String>,
    /// The events.
    pub drafts: Vec<BehaviourDraft>,
    /// The request.
    pub correlation_id: String,
}

/// What became of a batch; the numbers and the rejected add up to its length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IntakeReport {
    /// Kept and published under the customer or the anonymous session.
    pub accepted: usize,
    /// Seen before.
    pub duplicates: usize,
    /// Kept and published without the person, who did not consent.
    pub dropped: usize,
    /// Place and reason of those that are not well formed.
    pub rejected: Vec<(usize, Refusal)>,
}

impl Intake {
    /// Takes in `batch`.
    ///
    /// # Errors
    ///
    /// When the store fails. Sending the same batch again is safe.
    pub async fn record(&self, batch: Batch) -> Result<IntakeReport, StoreError> {
        let now = self.ids.now();
        let mut report = IntakeReport::default();
        let mut events = Vec::with_capacity(batch.drafts.len());
        for (index, draft) in batch.drafts.into_iter().enumerate() {
            match validate_behaviour(draft, now) {
                Ok(event) => events.push(event),
                Err(refusal) => report.rejected.push((index, refusal)),
            }
        }
        let valid = events.len();
        let attribution = self.attribute(batch.customer_id.as_deref()).await?;
        let documents = self.documents(events, &attribution, &batch.correlation_id);
        let recorded = self.store.insert_behaviour(&documents).await?.len();
        if let Attribution::Customer(customer_id) = &attribution {
            self.undo_if_withdrawn(customer_id).await?;
        }
        if recorded > 0 {
            self.signal.ring();
        }
        report.duplicates = valid - recorded;
        match attribution {
            Attribution::Nobody => report.dropped = recorded,
            Attribution::Customer(_) | Attribution::Session => report.accepted = recorded,
        }
        count(&report);
        Ok(report)
    }

    async fn attribute(&self, customer_id: Option<&str>) -> Result<Attribution, StoreError> {
        let Some(customer_id) = customer_id else { return Ok(Attribution::Session) };
        if self.allows_personalisation(customer_id).await? {
            Ok(Attribution::Customer(customer_id.to_owned()))
        } else {
            Ok(Attribution::Nobody)
        }
    }

    async fn allows_personalisation(&self, customer_id: &str) -> Result<bool, StoreError> {
        let found = self.store.customers(&[customer_id.to_owned()]).await?;
        Ok(found.first().is_some_and(|document| document.customer().consent.personalisation))
    }

    /// A withdrawal between the look at consent and the insert has deleted before there was something to delete.
    async fn undo_if_withdrawn(&self, customer_id: &str) -> Result<(), StoreError> {
        if !self.allows_personalisation(customer_id).await? {
            self.store.delete_behaviour_of(customer_id).await?;
        }
        Ok(())
    }

    /// One document per distinct id. For nobody each session of the batch gets a random name, which keeps the basket
    /// together and leads nowhere.
    fn documents(
        &self,
        events: Vec<BehaviourEvent>,
        attribution: &Attribution,
        correlation_id: &str,
    ) -> Vec<BehaviourDocument> {
        let mut seen = HashSet::with_capacity(events.len());
        let mut pseudonyms: HashMap<String, String> = HashMap::new();
        let mut documents = Vec::with_capacity(events.len());
        // The request's own id leads to the person as soon as the request also did something under the person's name.
        let correlation_id = match attribution {
            Attribution::Nobody => Uuid::new_v4().to_string(),
            Attribution::Customer(_) | Attribution::Session => correlation_id.to_owned(),
        };
        for mut event in events {
            if !seen.insert(event.id.clone()) {
                continue;
            }
            if *attribution == Attribution::Nobody {
                let pseudonym = pseudonyms.entry(event.session_id).or_insert_with(|| Uuid::new_v4().to_string());
                event.session_id = pseudonym.clone();
            }
            let stamp = self.ids.stamp();
            documents.push(BehaviourDocument::of(RecordedBehaviour {
                event,
                customer_id: match attribution {
                    Attribution::Customer(customer_id) => Some(customer_id.clone()),
                    Attribution::Session | Attribution::Nobody => None,
                },
                published_id: stamp.id,
                recorded_at: stamp.now,
                revision: stamp.revision,
                correlation_id: correlation_id.clone(),
                expires_at: stamp.now + self.retention,
            }));
        }
        documents
    }
}

fn count(report: &IntakeReport) {
    let outcomes = [
        ("accepted", report.accepted),
        ("duplicate", report.duplicates),
        ("dropped", report.dropped),
        ("rejected", report.rejected.len()),
    ];
    for (outcome, number) in outcomes {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        metrics::counter!("selvedge_preferences_behaviour_events_total", "outcome" => outcome).increment(number);
    }
}

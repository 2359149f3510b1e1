//! Setting the quantities of many levels, as a seed or an import does.

use std::collections::BTreeMap;

use sea_orm::DatabaseTransaction;

use super::{Caller, Commands};
use crate::{
    domain::{Command, ErrorCode, Stock, Target, UserError, decide},
    store::{
        StoreError,
        ledger::{Entry, Note, append, refresh_badges},
        levels::{Which, load},
        supply::load_inbound,
        transact::{Work, transact},
    },
};

/// What a load has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadSummary {
    /// Levels that were set or were so already.
    pub accepted: u64,
    /// Events appended: levels that changed.
    pub events: u64,
    /// Levels that could not be set. One of which more is committed than would be on hand is set to what is committed,
    /// so that nothing more of it is sold.
    pub rejected: Vec<RejectedTarget>,
}

/// A level that could not be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedTarget {
    /// What was wanted.
    pub target: Target,
    /// Why not.
    pub error: UserError,
}

/// SKUs of one transaction: enough to be fast, few enough that shoppers do not wait.
const SKUS_PER_TRANSACTION: usize = 250;

impl Commands {
    /// Sets levels to `targets`, chunk by chunk; `progress` hears the number of targets after each chunk. What cannot
    /// be set is reported and left out. Loading the same again changes nothing.
    ///
    /// # Errors
    ///
    /// When the store fails; chunks before stay set.
    pub async fn load_levels(
        &self,
        caller: &Caller,
        reason: &str,
        targets: Vec<Target>,
        mut progress: impl FnMut(usize) + Send,
    ) -> Result<LoadSummary, StoreError> {
        let mut by_sku: BTreeMap<String, Vec<Target>> = BTreeMap::new();
        for target in targets {
            by_sku.entry(target.sku.clone()).or_default().push(target);
        }
        let by_sku: Vec<(String, Vec<Target>)> = by_sku.into_iter().collect();
        let mut summary = LoadSummary::default();
        for chunk in by_sku.chunks(SKUS_PER_TRANSACTION) {
            let skus = chunk.iter().map(|(sku, _)| sku.clone()).collect();
            let targets: Vec<Target> = chunk.iter().flat_map(|(_, targets)| targets).cloned().collect();
            let wanted = targets.len();
            let work = Load { commands: self, caller, reason, skus, targets };
            let done = transact(&self.store, &work).await?;
            self.signal.ring();
            summary.accepted += done.accepted;
            summary.events += done.events;
            summary.rejected.extend(done.rejected);
            progress(wanted);
        }
        Ok(summary)
    }
}

struct Load<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    reason: &'a str,
    skus: Vec<String>,
    targets: Vec<Target>,
}

impl Work for Load<'_> {
    type Output = LoadSummary;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<LoadSummary, StoreError> {
        let mut places: Vec<&str> = self.targets.iter().map(|target| target.location_id.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        let mut loaded = load(transaction, Which::Skus(&self.skus), &places).await?;
        load_inbound(transaction, &mut loaded.stock).await?;
        let mut targets = self.targets.clone();
        let mut rejected = Vec::new();
        let mut accepted = targets.len();
        let events = loop {
            match decide(&loaded.stock, &Command::Load(targets.clone())) {
                Ok(events) => break events,
                Err(errors) => {
                    accepted -= errors.len().min(accepted);
                    targets = without_refused(&loaded.stock, targets, errors, &mut rejected)?;
                }
            }
        };
        let entries: Vec<Entry> = events.into_iter().map(|event| Entry { event, reservation_id: None }).collect();
        let note = Note {
            reason: self.reason.to_owned(),
            actor: self.caller.actor.clone(),
            reference: None,
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: None,
        };
        let threshold = self.commands.low_stock_threshold;
        append(transaction, &mut loaded, &entries, &note, threshold).await?;
        // The catalog may have changed what the same quantities mean: the policy, or a variant that is new.
        refresh_badges(transaction, &mut loaded, threshold, &note.correlation_id).await?;
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        Ok(LoadSummary { accepted: count(accepted), events: count(entries.len()), rejected })
    }
}

/// The targets without those that the errors point at, which are `["input", "targets", INDEX, …]`. What says that fewer
/// pieces are there than are committed is not left out: the shelf holds no more than promised, and nothing else may be sold.
fn without_refused(
    stock: &Stock,
    targets: Vec<Target>,
    errors: Vec<UserError>,
    rejected: &mut Vec<RejectedTarget>,
) -> Result<Vec<Target>, StoreError> {
    let index = |error: &UserError| error.field.as_ref()?.get(2)?.parse::<usize>().ok();
    let mut refused: BTreeMap<usize, UserError> = BTreeMap::new();
    for error in errors {
        let Some(index) = index(&error) else {
            return Err(StoreError::Corrupt { table: "stock_level", reason: error.message });
        };
        refused.insert(index, error);
    }
    let mut kept = Vec::with_capacity(targets.len());
    for (index, target) in targets.into_iter().enumerate() {
        match refused.remove(&index) {
            Some(mut error) => {
                if error.code == ErrorCode::InsufficientStock
                    && let Some(variant) = stock.of_sku(&target.sku)
                {
                    let on_hand = stock.level(&variant.variant_id, &target.location_id).quantities.held();
                    error.message.push_str("; it is sold out until that is settled");
                    kept.push(Target { on_hand, ..target.clone() });
                }
                rejected.push(RejectedTarget { target, error });
            }
            None => kept.push(target),
        }
    }
    Ok(kept)
}

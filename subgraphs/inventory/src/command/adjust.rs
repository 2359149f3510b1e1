//! Adding to and taking from on hand.

use sea_orm::DatabaseTransaction;
use serde::Serialize;

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
};
use crate::{
    domain::{Change, Command, ErrorCode, UserError, decide},
    entity::stock_level,
    store::{
        StoreError,
        ledger::{Entry, Note, append},
        levels::{Which, load},
    },
};

/// The most changes of one call.
pub const CHANGES_MAX: usize = 250;

/// Why on hand is changed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AdjustmentReason {
    /// Goods came in.
    Received,
    /// A mistake is put right.
    Correction,
    /// Counted.
    CycleCount,
    /// Broken.
    Damaged,
    /// Came back.
    Returned,
    /// Gone without a trace.
    Shrinkage,
    /// Something else.
    Other,
}

impl AdjustmentReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Correction => "CORRECTION",
            Self::CycleCount => "CYCLE_COUNT",
            Self::Damaged => "DAMAGED",
            Self::Returned => "RETURNED",
            Self::Shrinkage => "SHRINKAGE",
            Self::Other => "OTHER",
        }
    }
}

/// Changes of on hand; all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdjustQuantities {
    /// Why.
    pub reason: AdjustmentReason,
    /// The document behind it.
    pub reference: Option<String>,
    /// 1 to [`CHANGES_MAX`].
    pub changes: Vec<Change>,
}

impl Commands {
    /// Adds the deltas to on hand and gives the levels as they are then. Two changes of one level follow each other.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn adjust(
        &self,
        caller: &Caller,
        input: &AdjustQuantities,
        idempotency_key: &str,
    ) -> Result<Answer<Vec<stock_level::Model>>, StoreError> {
        if input.changes.is_empty() || input.changes.len() > CHANGES_MAX {
            let message = format!("{} changes were given, 1 to {CHANGES_MAX} are possible", input.changes.len());
            return Ok(Err(vec![UserError::at(&["input", "changes"], ErrorCode::TooManyLines, message)]));
        }
        let mut skus: Vec<String> = input.changes.iter().map(|change| change.sku.clone()).collect();
        skus.sort();
        skus.dedup();
        let command = Adjust { commands: self, caller, input, skus, idempotency_key };
        perform_once(self, ("adjust", &caller.actor, idempotency_key), input, &command).await
    }
}

struct Adjust<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    input: &'a AdjustQuantities,
    skus: Vec<String>,
    idempotency_key: &'a str,
}

impl Perform for Adjust<'_> {
    type Output = Vec<stock_level::Model>;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let places: Vec<&str> = self.input.changes.iter().map(|change| change.location_id.as_str()).collect();
        let mut loaded = load(transaction, Which::Skus(&self.skus), &places).await?;
        let events = match decide(&loaded.stock, &Command::Adjust(self.input.changes.clone())) {
            Ok(events) => events,
            Err(errors) => return Ok(Err(errors)),
        };
        let entries: Vec<Entry> = events.into_iter().map(|event| Entry { event, reservation_id: None }).collect();
        let note = Note {
            reason: self.input.reason.as_str().to_owned(),
            actor: self.caller.actor.clone(),
            reference: self.input.reference.clone(),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.idempotency_key.to_owned()),
        };
        let threshold = self.commands.low_stock_threshold;
        Ok(Ok(append(transaction, &mut loaded, &entries, &note, threshold).await?))
    }
}

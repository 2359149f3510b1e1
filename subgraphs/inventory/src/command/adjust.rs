//! Adding to and taking from one quantity.

use serde::Serialize;

use super::{
    Answer, Caller, Commands,
    change::{HandChange, StockChange},
};
use crate::{
    domain::{Change, Command, EventKind, QuantityName},
    store::StoreError,
};

/// Why stock is changed by hand.
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
    /// Goes somewhere else.
    Transfer,
    /// Goes into or comes out of quality control.
    QualityControl,
    /// Is set aside, or is no longer.
    SetAside,
    /// More or less is kept back.
    SafetyStock,
    /// Something else.
    Other,
}

impl AdjustmentReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Correction => "CORRECTION",
            Self::CycleCount => "CYCLE_COUNT",
            Self::Damaged => "DAMAGED",
            Self::Returned => "RETURNED",
            Self::Shrinkage => "SHRINKAGE",
            Self::Transfer => "TRANSFER",
            Self::QualityControl => "QUALITY_CONTROL",
            Self::SetAside => "SET_ASIDE",
            Self::SafetyStock => "SAFETY_STOCK",
            Self::Other => "OTHER",
        }
    }

    /// What the ledger calls a change for this reason.
    pub(super) const fn event_kind(self) -> EventKind {
        match self {
            Self::Received => EventKind::Received,
            Self::Damaged => EventKind::Damaged,
            _ => EventKind::Adjusted,
        }
    }
}

/// Changes of one quantity; all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdjustQuantities {
    /// Which quantity. On hand is left out of the request's hash, as it was when there was no other.
    #[serde(skip_serializing_if = "is_on_hand")]
    pub name: QuantityName,
    /// Why.
    pub reason: AdjustmentReason,
    /// The document behind it.
    pub reference: Option<String>,
    /// 1 to [`super::CHANGES_MAX`].
    pub changes: Vec<Change>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_on_hand(name: &QuantityName) -> bool {
    *name == QuantityName::OnHand
}

impl Commands {
    /// Adds the deltas and gives the levels as they are then. Two changes of one level follow each other.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn adjust(
        &self,
        caller: &Caller,
        input: &AdjustQuantities,
        idempotency_key: &str,
    ) -> Result<Answer<StockChange>, StoreError> {
        let AdjustQuantities { name, reason, reference, changes } = input;
        let change = HandChange {
            name: "adjust",
            reason: reason.as_str(),
            reference: reference.as_deref(),
            levels: changes.iter().map(|change| (change.sku.as_str(), change.location_id.as_str())).collect(),
            command: Command::Adjust { name: *name, kind: reason.event_kind(), changes: changes.clone() },
        };
        self.change_by_hand(caller, (input, "changes", changes.len()), change, idempotency_key).await
    }
}

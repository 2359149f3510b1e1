//! Setting quantities to what was counted.

use serde::Serialize;

use super::{
    AdjustmentReason, Answer, Caller, Commands,
    change::{HandChange, StockChange},
};
use crate::{
    domain::{Command, QuantityName, SetQuantity},
    store::StoreError,
};

/// Quantities as they were found; all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetQuantities {
    /// Available or on hand.
    pub name: QuantityName,
    /// Why.
    pub reason: AdjustmentReason,
    /// The document behind it.
    pub reference: Option<String>,
    /// Whether what the caller had read does not matter.
    pub ignore_compare_quantity: bool,
    /// 1 to [`super::CHANGES_MAX`], each of another level.
    pub quantities: Vec<SetQuantity>,
}

impl Commands {
    /// Makes the quantities what they were found to be, by events with the difference, and gives the levels as they are
    /// then.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_quantities(
        &self,
        caller: &Caller,
        input: &SetQuantities,
        idempotency_key: &str,
    ) -> Result<Answer<StockChange>, StoreError> {
        let SetQuantities { name, reason, reference, ignore_compare_quantity, quantities } = input;
        let change = HandChange {
            name: "set",
            reason: reason.as_str(),
            reference: reference.as_deref(),
            levels: quantities.iter().map(|one| (one.sku.as_str(), one.location_id.as_str())).collect(),
            command: Command::Set {
                name: *name,
                kind: reason.event_kind(),
                ignore_compare_quantity: *ignore_compare_quantity,
                quantities: quantities.clone(),
            },
        };
        self.change_by_hand(caller, (input, "quantities", quantities.len()), change, idempotency_key).await
    }
}

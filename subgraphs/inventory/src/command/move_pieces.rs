//! Moving pieces between names and between locations.

use serde::Serialize;

use super::{
    AdjustmentReason, Answer, Caller, Commands,
    change::{HandChange, StockChange},
};
use crate::{
    domain::{Command, Move},
    store::StoreError,
};

/// Moves of pieces; all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveQuantities {
    /// Why.
    pub reason: AdjustmentReason,
    /// The document behind it.
    pub reference: Option<String>,
    /// 1 to [`super::CHANGES_MAX`].
    pub changes: Vec<Move>,
}

impl Commands {
    /// Moves pieces between names at one location, or from one location to another, and gives the levels as they are
    /// then. Nothing appears or disappears.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn move_quantities(
        &self,
        caller: &Caller,
        input: &MoveQuantities,
        idempotency_key: &str,
    ) -> Result<Answer<StockChange>, StoreError> {
        let MoveQuantities { reason, reference, changes } = input;
        let ends = |change| {
            let Move { sku, from, to, .. }: &Move = change;
            [(sku.as_str(), from.location_id.as_str()), (sku.as_str(), to.location_id.as_str())]
        };
        let change = HandChange {
            name: "move",
            reason: reason.as_str(),
            reference: reference.as_deref(),
            levels: changes.iter().flat_map(ends).collect(),
            command: Command::Move(changes.clone()),
        };
        self.change_by_hand(caller, (input, "changes", changes.len()), change, idempotency_key).await
    }
}

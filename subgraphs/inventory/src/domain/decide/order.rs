//! Moves of pieces that belong to orders.

use super::Draft;
use crate::domain::{ErrorCode, EventKind, PieceMove, UserError};

impl Draft {
    pub(super) fn move_pieces(&mut self, own: &PieceMove) {
        let PieceMove { kind, variant_id, location_id, change } = own;
        // Everything else is about pieces that were promised before, or that come in.
        if *kind == EventKind::Rerouted && change.committed > 0 {
            let available = self.stock.level(variant_id, location_id).available();
            let sells = self.stock.places.get(location_id).is_some_and(|place| place.active);
            if !sells {
                let message = format!("there is no location `{location_id}` that sells");
                let error = UserError::at(&["input", "toLocationId"], ErrorCode::UnknownLocation, message);
                return self.errors.push(error);
            }
            if available < change.committed {
                let message =
                    format!("{} pieces are wanted at `{location_id}`, {available} are available", change.committed);
                let error = UserError::at(&["input", "quantity"], ErrorCode::InsufficientStock, message);
                return self.errors.push(error);
            }
        }
        self.append(variant_id, location_id, *kind, *change);
    }
}

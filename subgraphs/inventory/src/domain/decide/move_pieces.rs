//! Pieces that change their name at one location, or their location.

use super::{Draft, stale};
use crate::domain::{ErrorCode, EventKind, Move, MoveEnd, Quantities, QuantityName, Stock, UserError};

impl Draft {
    pub(super) fn move_between(&mut self, loaded: &Stock, index: usize, wanted: &Move) {
        let refuse = |member, code, message| UserError::in_list(("changes", index), member, code, message);
        let Move { sku, quantity, from, to } = wanted;
        if let Err((member, code, message)) = check(wanted) {
            return self.errors.push(refuse(member, code, message));
        }
        let mut variant_id = None;
        for (end, member, compared) in
            [(from, "from.locationId", "from.changeFromQuantity"), (to, "to.locationId", "to.changeFromQuantity")]
        {
            let Some(known) = self.known(("changes", index), sku, (member, &end.location_id)) else { return };
            let read = loaded.level(&known, &end.location_id).quantities.get(end.name);
            if let Some(message) = stale(sku, (end.name, read), end.change_from_quantity) {
                return self.errors.push(refuse(compared, ErrorCode::ChangeFromQuantityStale, message));
            }
            variant_id = Some(known);
        }
        let Some(variant_id) = variant_id else { return };
        let movable = movable(&self.stock.level(&variant_id, &from.location_id).quantities, from.name, to.name);
        if movable < *quantity {
            let message = format!("only {movable} pieces of `{sku}` are {}", from.name.words());
            return self.errors.push(refuse("quantity", ErrorCode::InsufficientStock, message));
        }
        if from.location_id == to.location_id {
            let kind = if to.name == QuantityName::Damaged { EventKind::Damaged } else { EventKind::Moved };
            let change = Quantities::renamed(from.name, to.name, *quantity);
            return self.append(&variant_id, &from.location_id, kind, change);
        }
        for (end, on_hand) in [(from, -quantity), (to, *quantity)] {
            let change = Quantities { on_hand, ..Quantities::ZERO };
            self.append(&variant_id, &end.location_id, EventKind::Transferred, change);
        }
    }
}

/// Pieces that can go from one name to another. Safety stock becomes available without being there: less is kept back.
fn movable(quantities: &Quantities, from: QuantityName, to: QuantityName) -> i32 {
    match (from, to) {
        (QuantityName::SafetyStock, QuantityName::Available) => quantities.safety_stock,
        _ => quantities.takeable(from),
    }
}

fn check(wanted: &Move) -> Result<(), (&'static str, ErrorCode, String)> {
    let Move { quantity, from, to, .. } = wanted;
    for (end, member) in [(from, "from.name"), (to, "to.name")] {
        if !end.name.is_movable() {
            let message = format!("pieces that are {} cannot be moved by hand", end.name.words());
            return Err((member, ErrorCode::InvalidQuantityName, message));
        }
    }
    let is_available = |end: &MoveEnd| end.name == QuantityName::Available;
    if from.location_id == to.location_id && from.name == to.name {
        return Err(("to.name", ErrorCode::SameQuantityName, "from and to are the same".to_owned()));
    }
    if from.location_id != to.location_id && !(is_available(from) && is_available(to)) {
        let message = "only what is available goes to another location, and is available there".to_owned();
        return Err(("to.locationId", ErrorCode::DifferentLocations, message));
    }
    if *quantity < 1 {
        return Err(("quantity", ErrorCode::InvalidQuantity, format!("{quantity} pieces cannot be moved")));
    }
    Ok(())
}

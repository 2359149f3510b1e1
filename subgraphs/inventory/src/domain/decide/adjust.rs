//! Changes of one quantity by hand.

use super::{Draft, stale};
use crate::domain::{Change, ErrorCode, EventKind, Quantities, QuantityName, Stock, UserError};

impl Draft {
    pub(super) fn adjust(
        &mut self,
        loaded: &Stock,
        (name, kind): (QuantityName, EventKind),
        index: usize,
        change: &Change,
    ) {
        let refuse = |member, code, message| UserError::in_list(("changes", index), member, code, message);
        let Change { sku, location_id, delta, expected_version, change_from_quantity } = change;
        let Some(arriving) = Quantities::arriving(name, *delta) else {
            let message = format!("what is {} belongs to reservations and orders", name.words());
            return self.errors.push(UserError::at(&["input", "name"], ErrorCode::InvalidQuantityName, message));
        };
        let Some(variant_id) = self.known(("changes", index), sku, ("locationId", location_id)) else { return };
        let read = loaded.level(&variant_id, location_id);
        if expected_version.is_some_and(|expected| expected != read.version) {
            let message = format!("the level of `{sku}` is at version {}", read.version);
            return self.errors.push(refuse("expectedVersion", ErrorCode::VersionConflict, message));
        }
        if let Some(message) = stale(sku, (name, read.quantities.get(name)), *change_from_quantity) {
            return self.errors.push(refuse("changeFromQuantity", ErrorCode::ChangeFromQuantityStale, message));
        }
        let level = self.stock.level(&variant_id, location_id);
        // What orders and shipments bring is changed there.
        let bound = match name {
            QuantityName::Incoming => self.stock.inbound_to(&variant_id, location_id),
            _ => 0,
        };
        let takeable = level.quantities.takeable(name).saturating_sub(bound);
        if i64::from(takeable) + i64::from(*delta) < 0 {
            let message = refused(&level.quantities, (name, takeable), sku);
            return self.errors.push(refuse("delta", ErrorCode::InsufficientStock, message));
        }
        if *delta == 0 || level.quantities.plus(&arriving).is_err() {
            let message = format!("{delta} cannot be added to {} pieces", level.quantities.get(name));
            return self.errors.push(refuse("delta", ErrorCode::InvalidQuantity, message));
        }
        self.append(&variant_id, location_id, kind, arriving);
    }
}

fn refused(quantities: &Quantities, (name, takeable): (QuantityName, i32), sku: &str) -> String {
    match name {
        QuantityName::OnHand => {
            let on_hand = quantities.on_hand;
            format!("only {takeable} of {on_hand} pieces of `{sku}` are not committed or set aside")
        }
        QuantityName::Incoming => {
            format!("only {takeable} pieces of `{sku}` are incoming beside those of purchase orders and shipments")
        }
        _ => format!("only {takeable} pieces of `{sku}` are {}", name.words()),
    }
}

//! Changes of on hand by hand.

use super::Draft;
use crate::domain::{Change, ErrorCode, EventKind, Quantities, Stock, UserError};

impl Draft {
    pub(super) fn adjust(&mut self, loaded: &Stock, index: usize, change: &Change) {
        let refuse = |member, code, message| UserError::in_list(("changes", index), member, code, message);
        let Change { sku, location_id, delta, expected_version } = change;
        let Some(variant_id) = self.stock.by_sku.get(sku).cloned() else {
            return self.errors.push(refuse("sku", ErrorCode::UnknownSku, format!("there is no SKU `{sku}`")));
        };
        if !self.stock.places.contains_key(location_id) {
            let message = format!("there is no location `{location_id}`");
            return self.errors.push(refuse("locationId", ErrorCode::UnknownLocation, message));
        }
        let version = loaded.level(&variant_id, location_id).version;
        if expected_version.is_some_and(|expected| expected != version) {
            let message = format!("the level of `{sku}` is at version {version}");
            return self.errors.push(refuse("expectedVersion", ErrorCode::VersionConflict, message));
        }
        let level = self.stock.level(&variant_id, location_id);
        let on_hand = level.quantities.on_hand;
        if *delta == 0 || on_hand.checked_add(*delta).is_none() {
            let message = format!("{delta} cannot be added to {on_hand} pieces");
            return self.errors.push(refuse("delta", ErrorCode::InvalidQuantity, message));
        }
        let free = level.quantities.free();
        if free.saturating_add(*delta) < 0 {
            let message = format!("only {free} of {on_hand} pieces of `{sku}` are not committed or set aside");
            return self.errors.push(refuse("delta", ErrorCode::InsufficientStock, message));
        }
        self.append(&variant_id, location_id, EventKind::Adjusted, Quantities { on_hand: *delta, ..Quantities::ZERO });
    }
}

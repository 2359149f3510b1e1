//! All quantities at once, from outside.

use super::Draft;
use crate::domain::{ErrorCode, EventKind, Quantities, Target, UserError};

impl Draft {
    pub(super) fn load(&mut self, index: usize, target: &Target) {
        let refuse = |member, code, message| UserError::in_list(("targets", index), member, code, message);
        let Target { sku, location_id, on_hand, safety_stock, incoming } = target;
        let Some(variant_id) = self.stock.by_sku.get(sku).cloned() else {
            return self.errors.push(refuse("sku", ErrorCode::UnknownSku, format!("there is no SKU `{sku}`")));
        };
        if !self.stock.places.contains_key(location_id) {
            let message = format!("there is no location `{location_id}`");
            return self.errors.push(refuse("locationId", ErrorCode::UnknownLocation, message));
        }
        if [on_hand, safety_stock, incoming].into_iter().any(|quantity| *quantity < 0) {
            let message = format!("a quantity of `{sku}` is below zero");
            return self.errors.push(refuse("onHand", ErrorCode::InvalidQuantity, message));
        }
        let level = self.stock.level(&variant_id, location_id);
        let former = level.quantities;
        // What orders and shipments bring is not taken away by somebody who knows nothing of them.
        let incoming = (*incoming).max(self.stock.inbound_to(&variant_id, location_id));
        let held = former.held();
        if *on_hand < held {
            let message = format!("{held} pieces of `{sku}` are committed or set aside, {on_hand} would be on hand");
            return self.errors.push(refuse("onHand", ErrorCode::InsufficientStock, message));
        }
        let change = Quantities {
            on_hand: on_hand - former.on_hand,
            safety_stock: safety_stock - former.safety_stock,
            incoming: incoming - former.incoming,
            ..Quantities::ZERO
        };
        let is_new = level.version == 0;
        if is_new || change != Quantities::ZERO {
            self.append(&variant_id, location_id, EventKind::Loaded, change);
        }
    }
}

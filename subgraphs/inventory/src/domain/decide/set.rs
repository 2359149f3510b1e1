//! Quantities as they were found.

use std::collections::BTreeSet;

use super::{Draft, stale};
use crate::domain::{ErrorCode, EventKind, Quantities, QuantityName, SetQuantity, UserError};

impl Draft {
    pub(super) fn set_all(
        &mut self,
        name: QuantityName,
        kind: EventKind,
        ignore_compare_quantity: bool,
        quantities: &[SetQuantity],
    ) {
        if !matches!(name, QuantityName::Available | QuantityName::OnHand) {
            let message = format!("what is {} cannot be set, only what is available or on hand", name.words());
            return self.errors.push(UserError::at(&["input", "name"], ErrorCode::InvalidQuantityName, message));
        }
        let mut seen = BTreeSet::new();
        for (index, wanted) in quantities.iter().enumerate() {
            let at = ("quantities", index);
            if !seen.insert((&wanted.sku, &wanted.location_id)) {
                let message = format!("the level of `{}` is set twice", wanted.sku);
                self.errors.push(UserError::in_list(at, "sku", ErrorCode::DuplicateLevel, message));
            } else if wanted.change_from_quantity.is_none() && !ignore_compare_quantity {
                let message = "give `changeFromQuantity`, or `ignoreCompareQuantity: true`".to_owned();
                let error = UserError::in_list(at, "changeFromQuantity", ErrorCode::CompareQuantityRequired, message);
                self.errors.push(error);
            } else {
                self.set((name, kind), index, wanted);
            }
        }
    }

    fn set(&mut self, (name, kind): (QuantityName, EventKind), index: usize, wanted: &SetQuantity) {
        let refuse = |member, code, message| UserError::in_list(("quantities", index), member, code, message);
        let SetQuantity { sku, location_id, quantity, change_from_quantity } = wanted;
        let Some(variant_id) = self.known(("quantities", index), sku, ("locationId", location_id)) else { return };
        let level = self.stock.level(&variant_id, location_id);
        let current = level.quantities.get(name);
        if let Some(message) = stale(sku, (name, current), *change_from_quantity) {
            return self.errors.push(refuse("changeFromQuantity", ErrorCode::ChangeFromQuantityStale, message));
        }
        if *quantity < 0 {
            let message = format!("{quantity} pieces cannot be {}", name.words());
            return self.errors.push(refuse("quantity", ErrorCode::InvalidQuantity, message));
        }
        let Some(on_hand) = level.quantities.on_hand_for(name, *quantity) else {
            let message = format!("{quantity} pieces of `{sku}` are more than can be counted");
            return self.errors.push(refuse("quantity", ErrorCode::InvalidQuantity, message));
        };
        let held = level.quantities.held();
        if i64::from(level.quantities.on_hand) + i64::from(on_hand) < i64::from(held) {
            let message = format!("{held} pieces of `{sku}` are committed or set aside, {quantity} would be on hand");
            return self.errors.push(refuse("quantity", ErrorCode::InsufficientStock, message));
        }
        let is_new = level.version == 0;
        if is_new || on_hand != 0 {
            self.append(&variant_id, location_id, kind, Quantities { on_hand, ..Quantities::ZERO });
        }
    }
}

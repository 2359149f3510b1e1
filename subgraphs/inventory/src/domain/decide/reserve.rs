//! Holding pieces, and giving them back.

use super::Draft;
use crate::domain::{ErrorCode, EventKind, Hold, Quantities, SkuStock, UserError, Want};

impl Draft {
    pub(super) fn reserve(&mut self, index: usize, want: &Want) {
        let refuse = |member, code, message| UserError::in_list(("lines", index), member, code, message);
        let Want { sku, quantity, location_id } = want;
        let Some(variant) = self.stock.of_sku(sku).filter(|variant| variant.is_shown) else {
            return self.errors.push(refuse("sku", ErrorCode::UnknownSku, format!("there is no SKU `{sku}`")));
        };
        if *quantity < 1 {
            let message = format!("{quantity} pieces cannot be reserved");
            return self.errors.push(refuse("quantity", ErrorCode::InvalidQuantity, message));
        }
        let sells = |id: &String| self.stock.places.get(id).is_some_and(|place| place.active);
        if let Some(location_id) = location_id.as_ref().filter(|id| !sells(id)) {
            let message = format!("there is no location `{location_id}` that sells");
            return self.errors.push(refuse("locationId", ErrorCode::UnknownLocation, message));
        }
        let variant_id = variant.variant_id.clone();
        let offers = self.offers(variant, location_id.as_deref());
        match allocate(&offers, *quantity) {
            Ok(taken) => {
                for (location_id, committed) in taken {
                    self.append(
                        &variant_id,
                        &location_id,
                        EventKind::Reserved,
                        Quantities { committed, ..Quantities::ZERO },
                    );
                }
            }
            Err(available) => {
                let message = format!("{quantity} pieces of `{sku}` are wanted, {available} are available");
                self.errors.push(refuse("quantity", ErrorCode::InsufficientStock, message));
            }
        }
    }

    /// What active locations can give, first to ask first: by priority, then by id, so that the order is stable.
    fn offers(&self, variant: &SkuStock, only: Option<&str>) -> Vec<(String, i32)> {
        let mut offers: Vec<(i32, &String, i32)> = variant
            .levels
            .iter()
            .filter(|(location_id, _)| only.is_none_or(|id| id == location_id.as_str()))
            .filter_map(|(location_id, level)| {
                let place = self.stock.places.get(location_id).filter(|place| place.active)?;
                Some((place.priority, location_id, level.available()))
            })
            .filter(|(_, _, available)| *available > 0)
            .collect();
        offers.sort();
        offers.into_iter().map(|(_, location_id, available)| (location_id.clone(), available)).collect()
    }

    pub(super) fn give_back(&mut self, hold: &Hold, kind: EventKind) {
        let committed = -hold.quantity;
        self.append(&hold.variant_id, &hold.location_id, kind, Quantities { committed, ..Quantities::ZERO });
    }
}

/// Pieces by location: the whole from the first location that has enough, else bit by bit in order. `Err` has what
/// there is when it is not enough.
pub(super) fn allocate(offers: &[(String, i32)], quantity: i32) -> Result<Vec<(String, i32)>, i32> {
    if let Some((location_id, _)) = offers.iter().find(|(_, available)| *available >= quantity) {
        return Ok(vec![(location_id.clone(), quantity)]);
    }
    let mut missing = quantity;
    let mut taken = Vec::new();
    for (location_id, available) in offers {
        let take = missing.min(*available);
        if take > 0 {
            taken.push((location_id.clone(), take));
            missing -= take;
        }
    }
    if missing == 0 { Ok(taken) } else { Err(quantity - missing) }
}

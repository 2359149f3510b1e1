//! Holding pieces, and giving them back.

use super::Draft;
use crate::domain::{ErrorCode, EventKind, Hold, Quantities, SkuStock, Stock, StockEvent, UserError, Want};

/// Decides a reservation and leaves `stock` as it is afterwards, so that the next one can be decided on it: the same
/// decision as [`decide`](super::decide) makes, without a copy of the stock. Gives the events of each line.
///
/// # Errors
///
/// Every reason why it is refused; then `stock` is as before.
pub fn reserve_in_turn(stock: &mut Stock, wants: &[Want]) -> Result<Vec<Vec<StockEvent>>, Vec<UserError>> {
    let mut draft = Draft { stock: std::mem::take(stock), events: Vec::new(), errors: Vec::new() };
    let mut lines = Vec::with_capacity(wants.len());
    for (index, want) in wants.iter().enumerate() {
        let before = draft.events.len();
        draft.reserve(index, want);
        lines.push(draft.events.get(before..).unwrap_or_default().to_vec());
    }
    draft.require_something(wants);
    if draft.errors.is_empty() {
        *stock = draft.stock;
        return Ok(lines);
    }
    draft.take_back();
    *stock = draft.stock;
    Err(draft.errors)
}

impl Draft {
    pub(super) fn reserve(&mut self, index: usize, want: &Want) {
        let refuse = |member, code, message| UserError::in_list(("lines", index), member, code, message);
        let Want { sku, quantity, location_id, is_partial } = want;
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
        let allocated = match allocate(&offers, *quantity) {
            Err(available) if *is_partial && available > 0 => allocate(&offers, available),
            allocated => allocated,
        };
        match allocated {
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
            // What is there goes to the other lines.
            Err(_) if *is_partial => {}
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

    /// Partial lines that all went away empty are no reservation.
    pub(super) fn require_something(&mut self, wants: &[Want]) {
        if !self.events.is_empty() || !self.errors.is_empty() {
            return;
        }
        for (index, want) in wants.iter().enumerate() {
            self.reserve(index, &Want { is_partial: false, ..want.clone() });
        }
    }

    /// Makes the levels what they were before the events.
    fn take_back(&mut self) {
        for event in self.events.drain(..).rev() {
            let variant = self.stock.variants.get_mut(&event.variant_id);
            if let Some(level) = variant.and_then(|variant| variant.levels.get_mut(&event.location_id)) {
                level.quantities.committed -= event.change.committed;
                level.version -= 1;
            }
        }
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

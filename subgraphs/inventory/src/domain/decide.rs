//! State and command → events, or every reason why not.

use super::{
    Change, Command, ErrorCode, EventKind, Hold, Level, Quantities, SkuStock, Stock, StockEvent, Target, UserError,
    Want,
};

/// The events that `command` leads to, in order, for the levels of `stock`.
///
/// # Errors
///
/// Every reason why the command is refused; then nothing of it happens.
pub fn decide(stock: &Stock, command: &Command) -> Result<Vec<StockEvent>, Vec<UserError>> {
    let mut draft = Draft { stock: stock.clone(), events: Vec::new(), errors: Vec::new() };
    match command {
        Command::Adjust(changes) => {
            for (index, change) in changes.iter().enumerate() {
                draft.adjust(stock, index, change);
            }
        }
        Command::Reserve(wants) => {
            for (index, want) in wants.iter().enumerate() {
                draft.reserve(index, want);
            }
        }
        Command::Release(holds) => holds.iter().for_each(|hold| draft.give_back(hold, EventKind::Released)),
        Command::Expire(holds) => holds.iter().for_each(|hold| draft.give_back(hold, EventKind::Expired)),
        Command::Load(targets) => {
            for (index, target) in targets.iter().enumerate() {
                draft.load(index, target);
            }
        }
    }
    if draft.errors.is_empty() { Ok(draft.events) } else { Err(draft.errors) }
}

/// The stock as it would be after the events so far.
struct Draft {
    stock: Stock,
    events: Vec<StockEvent>,
    errors: Vec<UserError>,
}

impl Draft {
    fn adjust(&mut self, loaded: &Stock, index: usize, change: &Change) {
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

    fn reserve(&mut self, index: usize, want: &Want) {
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

    fn give_back(&mut self, hold: &Hold, kind: EventKind) {
        let committed = -hold.quantity;
        self.append(&hold.variant_id, &hold.location_id, kind, Quantities { committed, ..Quantities::ZERO });
    }

    fn load(&mut self, index: usize, target: &Target) {
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

    fn append(&mut self, variant_id: &str, location_id: &str, kind: EventKind, change: Quantities) {
        let level = self.stock.level(variant_id, location_id);
        let event = StockEvent {
            variant_id: variant_id.to_owned(),
            location_id: location_id.to_owned(),
            version: level.version + 1,
            kind,
            change,
        };
        match level.evolve(&event) {
            Ok(next) => {
                self.remember(variant_id, location_id, next);
                self.events.push(event);
            }
            Err(impossible) => self.errors.push(UserError {
                field: None,
                message: impossible.reason.to_owned(),
                code: ErrorCode::InvalidQuantity,
            }),
        }
    }

    fn remember(&mut self, variant_id: &str, location_id: &str, level: Level) {
        if let Some(variant) = self.stock.variants.get_mut(variant_id) {
            variant.levels.insert(location_id.to_owned(), level);
        }
    }
}

/// Pieces by location: the whole from the first location that has enough, else bit by bit in order. `Err` has what
/// there is when it is not enough.
fn allocate(offers: &[(String, i32)], quantity: i32) -> Result<Vec<(String, i32)>, i32> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Change, Command, ErrorCode, EventKind, Level, SkuStock, Stock, Want, allocate, decide};
    use crate::domain::{Badge, Hold, Place, Quantities, StockPolicy, StockState};

    /// `sku` with `(location, on hand, committed)`; locations are asked in the order in which they are given.
    fn stock(levels: &[(&str, i32, i32)]) -> Stock {
        let mut stock = Stock::default();
        for ((location_id, _, _), priority) in levels.iter().zip(1..) {
            stock.places.insert((*location_id).to_owned(), Place { priority, active: true });
        }
        let level = |(location_id, on_hand, committed): &(&str, i32, i32)| {
            let quantities = Quantities { on_hand: *on_hand, committed: *committed, ..Quantities::ZERO };
            let level = Level { quantities, version: 3 };
            ((*location_id).to_owned(), level)
        };
        stock.insert(SkuStock {
            variant_id: "variant".to_owned(),
            product_id: "product".to_owned(),
            sku: "sku".to_owned(),
            is_shown: true,
            policy: StockPolicy::Deny,
            expected_at: None,
            badge: Badge { state: StockState::InStock, available: 0, expected_at: None, revision: 1 },
            levels: levels.iter().map(level).collect::<BTreeMap<_, _>>(),
        });
        stock
    }

    fn want(quantity: i32) -> Want {
        Want { sku: "sku".to_owned(), quantity, location_id: None }
    }

    #[test]
    fn every_event_is_the_next_version_of_its_level() {
        let change =
            |delta| Change { sku: "sku".to_owned(), location_id: "a".to_owned(), delta, expected_version: Some(3) };
        let events = decide(&stock(&[("a", 5, 0)]), &Command::Adjust(vec![change(2), change(-7)])).unwrap();
        let moves: Vec<_> = events.iter().map(|event| (event.version, event.kind, event.change.on_hand)).collect();
        assert_eq!(moves, [(4, EventKind::Adjusted, 2), (5, EventKind::Adjusted, -7)]);
    }

    #[test]
    fn lines_of_one_command_see_each_other() {
        let stock = stock(&[("a", 5, 2)]);
        assert_eq!(decide(&stock, &Command::Reserve(vec![want(2), want(1)])).unwrap().len(), 2);
        let errors = decide(&stock, &Command::Reserve(vec![want(2), want(2)])).unwrap_err();
        assert_eq!((errors.len(), errors[0].code), (1, ErrorCode::InsufficientStock));
    }

    #[test]
    fn more_than_committed_cannot_be_given_back() {
        let hold = Hold { variant_id: "variant".to_owned(), location_id: "a".to_owned(), quantity: 3 };
        assert!(decide(&stock(&[("a", 5, 2)]), &Command::Release(vec![hold])).is_err());
    }

    #[test]
    fn priority_decides_and_one_parcel_is_better_than_two() {
        let offers = [("far".to_owned(), 2), ("near".to_owned(), 5)];
        assert_eq!(allocate(&offers, 2).unwrap(), [("far".to_owned(), 2)]);
        assert_eq!(allocate(&offers, 3).unwrap(), [("near".to_owned(), 3)]);
        assert_eq!(allocate(&offers, 6).unwrap(), [("far".to_owned(), 2), ("near".to_owned(), 4)]);
        assert_eq!(allocate(&offers, 8).unwrap_err(), 7);
    }

    proptest::proptest! {
        /// What is decided can be folded, and takes exactly what was wanted or nothing.
        #[test]
        fn a_reservation_takes_what_is_wanted_from_what_is_free(
            quantities in proptest::collection::vec((0..20_i32, 0..20_i32), 1..5),
            wanted in proptest::collection::vec(1..15_i32, 1..4),
        ) {
            let names = ["a", "b", "c", "d"];
            let levels: Vec<(&str, i32, i32)> =
                names.iter().zip(&quantities).map(|(name, (free, held))| (*name, free + held, *held)).collect();
            let stock = stock(&levels);
            let free: i32 = quantities.iter().map(|(free, _)| free).sum();
            let sum: i32 = wanted.iter().sum();
            match decide(&stock, &Command::Reserve(wanted.into_iter().map(want).collect())) {
                Ok(events) => {
                    assert_eq!(events.iter().map(|event| event.change.committed).sum::<i32>(), sum);
                    let mut after = stock.variants["variant"].levels.clone();
                    for event in &events {
                        let level = after.get_mut(&event.location_id).unwrap();
                        *level = level.evolve(event).unwrap();
                    }
                    assert_eq!(after.values().map(Level::available).sum::<i32>(), free - sum);
                }
                Err(_) => assert!(sum > free),
            }
        }
    }
}

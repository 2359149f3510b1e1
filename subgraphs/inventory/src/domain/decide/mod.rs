//! State and command → events, or every reason why not.

mod adjust;
mod load;
mod move_pieces;
mod order;
mod reserve;
mod set;
#[cfg(test)]
mod tests;

pub use reserve::reserve_in_turn;

use super::{Command, ErrorCode, EventKind, Level, Quantities, QuantityName, Stock, StockEvent, UserError};

/// The events that `command` leads to, in order, for the levels of `stock`.
///
/// # Errors
///
/// Every reason why the command is refused; then nothing of it happens.
pub fn decide(stock: &Stock, command: &Command) -> Result<Vec<StockEvent>, Vec<UserError>> {
    let mut draft = Draft { stock: stock.clone(), events: Vec::new(), errors: Vec::new() };
    match command {
        Command::Adjust { name, kind, changes } => {
            for (index, change) in changes.iter().enumerate() {
                draft.adjust(stock, (*name, *kind), index, change);
            }
        }
        Command::Move(moves) => {
            for (index, wanted) in moves.iter().enumerate() {
                draft.move_between(stock, index, wanted);
            }
        }
        Command::Set { name, kind, ignore_compare_quantity, quantities } => {
            draft.set_all(*name, *kind, *ignore_compare_quantity, quantities);
        }
        Command::Reserve(wants) => {
            for (index, want) in wants.iter().enumerate() {
                draft.reserve(index, want);
            }
            draft.require_something(wants);
        }
        Command::Release(holds) => holds.iter().for_each(|hold| draft.give_back(hold, EventKind::Released)),
        Command::Expire(holds) => holds.iter().for_each(|hold| draft.give_back(hold, EventKind::Expired)),
        Command::Load(targets) => {
            for (index, target) in targets.iter().enumerate() {
                draft.load(index, target);
            }
        }
        Command::Order(moves) | Command::Supply(moves) => moves.iter().for_each(|own| draft.move_pieces(own)),
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

    /// The variant with `sku`, when it and the location exist; `member` leads to the location in the input.
    fn known(&mut self, at: (&str, usize), sku: &str, (member, location_id): (&str, &str)) -> Option<String> {
        let Some(variant_id) = self.stock.by_sku.get(sku).cloned() else {
            let message = format!("there is no SKU `{sku}`");
            self.errors.push(UserError::in_list(at, "sku", ErrorCode::UnknownSku, message));
            return None;
        };
        if !self.stock.places.contains_key(location_id) {
            let message = format!("there is no location `{location_id}`");
            self.errors.push(UserError::in_list(at, member, ErrorCode::UnknownLocation, message));
            return None;
        }
        Some(variant_id)
    }

    fn remember(&mut self, variant_id: &str, location_id: &str, level: Level) {
        if let Some(variant) = self.stock.variants.get_mut(variant_id) {
            variant.levels.insert(location_id.to_owned(), level);
        }
    }
}

/// Why the quantity that the caller had read is not the one there, if it is not.
fn stale(sku: &str, (name, quantity): (QuantityName, i32), expected: Option<i32>) -> Option<String> {
    expected
        .filter(|expected| *expected != quantity)
        .map(|expected| format!("{quantity} pieces of `{sku}` are {}, not {expected}", name.words()))
}

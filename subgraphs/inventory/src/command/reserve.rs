//! Holding pieces for an order.

use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;
use serde::Serialize;

use super::{
    Answer, Caller, Commands,
    keyed::{Perform, perform_once},
};
use crate::{
    domain::{Command, ErrorCode, StockEvent, UserError, Want, decide},
    entity::{reservation, reservation_line},
    store::{
        StoreError,
        ledger::{Entry, Note, append, new_id},
        levels::{LoadedStock, Which, load},
        reservations::{self, ACTIVE, ReservationWithLines},
    },
};

/// The most lines of one reservation.
pub const RESERVE_LINES_MAX: usize = 100;
/// The shortest hold.
pub const TTL_MIN_SECONDS: i32 = 10;
/// The longest hold.
pub const TTL_MAX_SECONDS: i32 = 86_400;
/// The hold of a caller who names none.
pub const TTL_DEFAULT_SECONDS: i32 = 900;

/// A wish to hold pieces; all lines or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReserveStock {
    /// 1 to [`RESERVE_LINES_MAX`].
    pub lines: Vec<ReserveLine>,
    /// Seconds until the hold ends by itself; [`TTL_DEFAULT_SECONDS`] when absent.
    pub ttl_seconds: Option<i32>,
    /// The cart or checkout that this is for.
    pub reference: Option<String>,
}

/// One line of a reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReserveLine {
    /// The SKU.
    pub sku: String,
    /// Pieces.
    pub quantity: i32,
    /// Where to take them from; by priority, over several locations if need be, when absent.
    pub location_id: Option<String>,
}

impl Commands {
    /// Holds the lines, all or none, until they are released or their time runs out.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn reserve(
        &self,
        caller: &Caller,
        input: &ReserveStock,
        idempotency_key: &str,
    ) -> Result<Answer<ReservationWithLines>, StoreError> {
        if let Err(error) = check(input) {
            return Ok(Err(vec![error]));
        }
        let want = |line: &ReserveLine| Want {
            sku: line.sku.clone(),
            quantity: line.quantity,
            location_id: line.location_id.clone(),
        };
        let mut skus: Vec<String> = input.lines.iter().map(|line| line.sku.clone()).collect();
        skus.sort();
        skus.dedup();
        let wants = Command::Reserve(input.lines.iter().map(want).collect());
        let command = Reserve { commands: self, caller, input, skus, wants, idempotency_key };
        perform_once(self, ("reserve", &caller.actor, idempotency_key), input, &command).await
    }
}

fn check(input: &ReserveStock) -> Result<(), UserError> {
    if input.lines.is_empty() || input.lines.len() > RESERVE_LINES_MAX {
        let message = format!("{} lines were given, 1 to {RESERVE_LINES_MAX} are possible", input.lines.len());
        return Err(UserError::at(&["input", "lines"], ErrorCode::TooManyLines, message));
    }
    let ttl_seconds = input.ttl_seconds.unwrap_or(TTL_DEFAULT_SECONDS);
    if !(TTL_MIN_SECONDS..=TTL_MAX_SECONDS).contains(&ttl_seconds) {
        let message =
            format!("{ttl_seconds} s is no time to live, {TTL_MIN_SECONDS} to {TTL_MAX_SECONDS} s are possible");
        return Err(UserError::at(&["input", "ttlSeconds"], ErrorCode::InvalidTtl, message));
    }
    Ok(())
}

struct Reserve<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    input: &'a ReserveStock,
    skus: Vec<String>,
    wants: Command,
    idempotency_key: &'a str,
}

impl Perform for Reserve<'_> {
    type Output = ReservationWithLines;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let places: Vec<&str> = self.input.lines.iter().filter_map(|line| line.location_id.as_deref()).collect();
        let mut loaded = load(transaction, Which::Skus(&self.skus), &places).await?;
        let events = match decide(&loaded.stock, &self.wants) {
            Ok(events) => events,
            Err(errors) => return Ok(Err(errors)),
        };
        let reservation = self.reservation(&loaded, &events);
        let entry = |event| Entry { event, reservation_id: Some(reservation.reservation.id.clone()) };
        let entries: Vec<Entry> = events.into_iter().map(entry).collect();
        let note = Note {
            reason: "reservation".to_owned(),
            actor: self.caller.actor.clone(),
            reference: self.input.reference.clone(),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.idempotency_key.to_owned()),
        };
        append(transaction, &mut loaded, &entries, &note, self.commands.low_stock_threshold).await?;
        reservations::insert(transaction, &reservation).await?;
        Ok(Ok(reservation))
    }
}

impl Reserve<'_> {
    /// One line per event: what was taken, where.
    fn reservation(&self, loaded: &LoadedStock, events: &[StockEvent]) -> ReservationWithLines {
        let id = new_id();
        let ttl = TimeDelta::seconds(self.input.ttl_seconds.unwrap_or(TTL_DEFAULT_SECONDS).into());
        let line = |(position, event): (i32, &StockEvent)| reservation_line::Model {
            id: new_id(),
            reservation_id: id.clone(),
            position,
            variant_id: event.variant_id.clone(),
            location_id: event.location_id.clone(),
            quantity: event.change.committed,
        };
        let lines = (1..).zip(events).map(line).collect();
        let reservation = reservation::Model {
            id,
            status: ACTIVE.to_owned(),
            reference: self.input.reference.clone(),
            actor: self.caller.actor.clone(),
            correlation_id: self.caller.correlation_id.clone(),
            expires_at: loaded.now + ttl,
            created_at: loaded.now,
            updated_at: loaded.now,
        };
        ReservationWithLines { reservation, lines }
    }
}

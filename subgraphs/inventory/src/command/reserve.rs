//! Holding pieces for an order.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Caller, Commands,
    keyed::{self, Perform},
};
use crate::{
    domain::{ErrorCode, StockEvent, UserError, Want, reserve_in_turn},
    entity::{reservation, reservation_line},
    store::{
        StoreError,
        ledger::{Entry, Note, append, new_id},
        levels::{Which, load},
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

/// A wish to hold pieces; all lines or none, unless less is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReserveStock {
    /// 1 to [`RESERVE_LINES_MAX`].
    pub lines: Vec<ReserveLine>,
    /// Seconds until the hold ends by itself; [`TTL_DEFAULT_SECONDS`] when absent.
    pub ttl_seconds: Option<i32>,
    /// The cart or checkout that this is for.
    pub reference: Option<String>,
    /// Whether what there is shall be held when it is less than what is wanted. Left out of the hash when it is not, so
    /// that keys which are older than it find their answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_partial: bool,
}

/// A reservation as it was made, with what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// The reservation.
    pub reservation: reservation::Model,
    /// Its lines, in order: pieces per location.
    pub lines: Vec<reservation_line::Model>,
    /// The lines that were asked for, in order. Empty in answers that are older than this.
    #[serde(default)]
    pub asked: Vec<AskedLine>,
}

/// A line that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedLine {
    /// The SKU.
    pub sku: String,
    /// Pieces wanted.
    pub wanted: i32,
    /// Pieces held; fewer than wanted only when that was allowed.
    pub held: i32,
}

impl From<Reserved> for ReservationWithLines {
    fn from(reserved: Reserved) -> Self {
        Self { reservation: reserved.reservation, lines: reserved.lines }
    }
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
    /// Holds the lines, all or none (or what there is, when that is allowed), until they are released or their time runs
    /// out. Requests for the same stock are put together and committed at once.
    ///
    /// # Errors
    ///
    /// When the store fails or too many wait; then nothing has changed, or the same key finds the answer.
    ///
    /// # Cancellation
    ///
    /// A caller who goes away is not told, and the reservation may still be made: under its key, once.
    pub async fn reserve(
        &self,
        caller: &Caller,
        input: &ReserveStock,
        idempotency_key: &str,
    ) -> Result<Answer<Reserved>, StoreError> {
        if let Err(error) = check(input) {
            return Ok(Err(vec![error]));
        }
        let request = Request::new(caller.clone(), input.clone(), idempotency_key.to_owned())?;
        let answer = self.writer.answer(request).await?;
        keyed::count("reserve", answer.is_ok());
        self.attempts.note_reservation((caller, idempotency_key), input, &answer);
        Ok(answer)
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

/// A reservation that is asked for, under its key.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) caller: Caller,
    pub(super) input: ReserveStock,
    pub(super) key: String,
    /// SHA-256 of the input.
    pub(super) hash: String,
    /// Each SKU once, sorted.
    pub(super) skus: Vec<String>,
}

impl Request {
    fn new(caller: Caller, input: ReserveStock, key: String) -> Result<Self, StoreError> {
        let hash = keyed::hash("reserve", &input)?;
        let mut skus: Vec<String> = input.lines.iter().map(|line| line.sku.clone()).collect();
        skus.sort();
        skus.dedup();
        Ok(Self { caller, input, key, hash, skus })
    }

    /// Locations that it names.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.input.lines.iter().filter_map(|line| line.location_id.as_deref())
    }

    pub(super) fn wants(&self) -> Vec<Want> {
        let want = |line: &ReserveLine| Want {
            sku: line.sku.clone(),
            quantity: line.quantity,
            location_id: line.location_id.clone(),
            is_partial: self.input.allow_partial,
        };
        self.input.lines.iter().map(want).collect()
    }

    /// The reservation made of the events of each line: one line per event, what was taken, where.
    pub(super) fn reserved(&self, events: &[Vec<StockEvent>], now: DateTime<Utc>) -> Reserved {
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
        let lines = (1..).zip(events.iter().flatten()).map(line).collect();
        let asked = |(line, events): (&ReserveLine, &Vec<StockEvent>)| AskedLine {
            sku: line.sku.clone(),
            wanted: line.quantity,
            held: events.iter().map(|event| event.change.committed).sum(),
        };
        let asked = self.input.lines.iter().zip(events).map(asked).collect();
        let reservation = reservation::Model {
            id,
            status: ACTIVE.to_owned(),
            reference: self.input.reference.clone(),
            actor: self.caller.actor.clone(),
            correlation_id: self.caller.correlation_id.clone(),
            expires_at: now + ttl,
            created_at: now,
            updated_at: now,
        };
        Reserved { reservation, lines, asked }
    }
}

/// One reservation by plain statements in a transaction that others share.
pub(super) struct Reserve<'a> {
    pub(super) request: &'a Request,
    pub(super) low_stock_threshold: i32,
}

impl Perform for Reserve<'_> {
    type Output = Reserved;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<Self::Output>, StoreError> {
        let request = self.request;
        let places: Vec<&str> = request.places().collect();
        let mut loaded = load(transaction, Which::Skus(&request.skus), &places).await?;
        let events = match reserve_in_turn(&mut loaded.stock.clone(), &request.wants()) {
            Ok(events) => events,
            Err(errors) => return Ok(Err(errors)),
        };
        let reserved = request.reserved(&events, loaded.now);
        let entry = |event| Entry { event, reservation_id: Some(reserved.reservation.id.clone()) };
        let entries: Vec<Entry> = events.into_iter().flatten().map(entry).collect();
        let note = Note {
            reason: "reservation".to_owned(),
            actor: request.caller.actor.clone(),
            reference: request.input.reference.clone(),
            correlation_id: request.caller.correlation_id.clone(),
            idempotency_key: Some(request.key.clone()),
        };
        append(transaction, &mut loaded, &entries, &note, self.low_stock_threshold).await?;
        reservations::insert(transaction, &reserved.clone().into()).await?;
        Ok(Ok(reserved))
    }
}

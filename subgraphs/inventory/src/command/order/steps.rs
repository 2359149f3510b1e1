//! The steps forward.

use chrono::{DateTime, Utc};

use super::{
    ask::Told,
    drive::{Progress, StepRun},
};
use crate::{
    command::{Caller, release::holds_differ},
    domain::{
        ChannelRules, Command, ErrorCode, EventKind, Hold, PieceMove, Quantities, StockEvent, UserError, Want, decide,
        order::{ChannelWant, OrderStatus, Outcome, Piece},
    },
    entity::{order_line, order_payment, reservation, reservation_line},
    payment::{PaymentState, ProviderError},
    store::{
        StoreError, channels,
        ledger::{Entry, Note, append, new_id},
        levels::{LoadedStock, Which, load},
        orders::payments::{self, AUTHORIZED, CAPTURED, CHARGE, DECLINED},
        reservations::{self, ACTIVE, COMMITTED, RELEASED, ReservationWithLines},
    },
};

/// The end of a hold that ends with its order.
fn never() -> DateTime<Utc> {
    // 9999-12-31T00:00:00Z, which every engine can store and compare.
    DateTime::from_timestamp(253_402_214_400, 0).unwrap_or_default()
}

impl StepRun<'_> {
    /// Says that the order will not be placed, and why.
    pub(super) fn refuse(&mut self, code: ErrorCode, reason: String) -> Progress {
        let name = serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned));
        self.order.order.failure_code = name;
        self.order.order.cancel_reason = Some(reason);
        Progress::To(Outcome::Refused)
    }

    pub(super) fn note(&self, reason: &str) -> Note {
        Note {
            reason: reason.to_owned(),
            actor: Caller::system("orders", "").actor,
            reference: Some(format!("order:{}", self.order.order.id)),
            correlation_id: self.order.order.correlation_id.clone(),
            idempotency_key: None,
        }
    }

    /// Holds all pieces, taking over what the customer had reserved for them.
    pub(super) async fn reserve(&mut self) -> Result<Progress, StoreError> {
        let taken_over = self.take_over().await?;
        let mut variant_ids: Vec<String> = self.order.lines.iter().map(|line| line.variant_id.clone()).collect();
        variant_ids.extend(taken_over.iter().flat_map(|one| one.lines.iter().map(|line| line.variant_id.clone())));
        let pickup = self.order.order.pickup_location_id.clone();
        let places: Vec<&str> = pickup.iter().map(String::as_str).collect();
        let mut loaded = load(self.transaction, Which::Ids(&variant_ids), &places).await?;
        let (mut entries, released) = give_back(&loaded, &taken_over)?;
        let mut stock = loaded.stock.after(&released).map_err(impossible)?;
        let wants: Vec<ChannelWant> = self.channel_wants();
        let channel = self.order.order.channel.clone();
        // A channel that nobody has set up sells all there is.
        let rules = channels::read(self.transaction, &channel, &variant_ids).await?;
        let rules = rules.map_or_else(ChannelRules::open, |found| found.rules);
        let plan = match self.plan(&stock, &rules, &wants).await? {
            Ok(plan) => plan,
            Err(errors) => {
                self.note_attempt(&wants, &errors);
                return Ok(self.refuse_all(ErrorCode::InsufficientStock, &errors));
            }
        };
        let wants = plan.from_stock.clone();
        if let Err(errors) = self.orders.gate.admit(&channel, &rules, &stock, &wants) {
            metrics::counter!("inventory_channel_refusals_total", "channel" => channel).increment(1);
            self.note_attempt(&wants, &errors);
            return Ok(self.refuse_all(ErrorCode::ChannelLimitExceeded, &errors));
        }
        stock.route(|location_id, place| rules.priority(location_id, place));
        let want = |want: ChannelWant| Want {
            sku: want.sku,
            quantity: want.quantity,
            location_id: pickup.clone(),
            is_partial: false,
        };
        let events = match decide(&stock, &Command::Reserve(wants.iter().cloned().map(want).collect())) {
            Ok(events) => events,
            Err(errors) => {
                self.note_attempt(&wants, &errors);
                return Ok(self.refuse_all(ErrorCode::InsufficientStock, &errors));
            }
        };
        let held = self.hold(&events);
        let id = held.reservation.id.clone();
        entries.extend(events.into_iter().map(|event| Entry { event, reservation_id: Some(id.clone()) }));
        self.write_sale(&mut loaded, &entries, &rules, plan).await?;
        let ended: Vec<String> = taken_over.into_iter().map(|one| one.reservation.id).collect();
        if !ended.is_empty() {
            reservations::end(self.transaction, &ended, RELEASED, self.now).await?;
        }
        reservations::insert(self.transaction, &held).await?;
        self.order.order.reservation_id = Some(id);
        self.order.record(self.transaction, ("RESERVED", None), self.now).await?;
        Ok(Progress::To(Outcome::Done))
    }

    fn refuse_all(&mut self, otherwise: ErrorCode, errors: &[UserError]) -> Progress {
        let code = errors.first().map_or(otherwise, |error| error.code);
        let messages: Vec<&str> = errors.iter().take(5).map(|error| error.message.as_str()).collect();
        self.refuse(code, messages.join("; "))
    }

    /// Counts what could not be sold. The step may have to be done again, and is then counted again: rarely, and a sale that
    /// nearly was missed twice is no harm.
    fn note_attempt(&self, wants: &[ChannelWant], errors: &[UserError]) {
        let order = &self.order.order;
        // Who is not signed in has the order, and nothing else, to be told from others.
        let shopper = if order.actor == Caller::ANONYMOUS { &order.id } else { &order.actor };
        self.orders.commands.attempts.note_order(&order.channel, shopper, wants, errors);
    }

    fn channel_wants(&self) -> Vec<ChannelWant> {
        let want = |line: &order_line::Model| ChannelWant { sku: line.sku.clone(), quantity: line.quantity };
        self.order.lines.iter().map(want).collect()
    }

    /// The customer's active reservations that were named. What has run out meanwhile is no loss: it is held anew.
    async fn take_over(&self) -> Result<Vec<ReservationWithLines>, StoreError> {
        let named = self.saga.reservation_ids.as_array().cloned().unwrap_or_default();
        let mut ids: Vec<&str> = named.iter().filter_map(|id| id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::new();
        for id in ids {
            let one = reservations::lock(self.transaction, id).await?;
            let is_theirs = |one: &ReservationWithLines| {
                one.reservation.status == ACTIVE && one.reservation.actor == self.order.order.actor
            };
            found.extend(one.filter(is_theirs));
        }
        Ok(found)
    }

    /// The hold of this order: of the subgraph itself, so that its customer cannot give it back while it is paid.
    fn hold(&self, events: &[StockEvent]) -> ReservationWithLines {
        let id = new_id();
        let line = |(position, event): (i32, &StockEvent)| reservation_line::Model {
            id: new_id(),
            reservation_id: id.clone(),
            position,
            variant_id: event.variant_id.clone(),
            location_id: event.location_id.clone(),
            quantity: event.change.committed,
        };
        let lines = (1..).zip(events).map(line).collect();
        let note = self.note("order");
        let reservation = reservation::Model {
            id,
            status: ACTIVE.to_owned(),
            reference: note.reference,
            actor: note.actor,
            correlation_id: note.correlation_id,
            expires_at: never(),
            created_at: self.now,
            updated_at: self.now,
        };
        ReservationWithLines { reservation, lines }
    }

    /// Writes that the total is about to be paid. It is what the customer agreed to at the checkout: a price that has
    /// changed since then changes nothing of this order.
    pub(super) async fn price(&mut self) -> Result<Progress, StoreError> {
        let cost = |line: &order_line::Model| line.unit_price_minor.checked_mul(line.quantity.into());
        let total = self.order.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(cost(line)?));
        let Some(total) = total else {
            return Ok(self.refuse(ErrorCode::InvalidQuantity, "the total is beyond what can be paid".to_owned()));
        };
        (self.order.order.subtotal_minor, self.order.order.total_minor) = (total, total);
        // The last guard before money: whatever is written in the order, no other total is paid than the one seen.
        if let Some(expected) = self.saga.expected_total_minor.filter(|expected| *expected != total) {
            let reason = format!("the total is {total}, {expected} was expected");
            return Ok(self.refuse(ErrorCode::PriceChanged, reason));
        }
        if total > 0 {
            payments::begin(self.transaction, self.order, (CHARGE, total, None), self.now).await?;
        }
        self.order.record(self.transaction, ("PRICED", None), self.now).await?;
        Ok(Progress::To(if total > 0 { Outcome::Done } else { Outcome::Free }))
    }

    pub(super) async fn authorize(&mut self, told: &Told) -> Result<Progress, StoreError> {
        let Told::Payment(payment, answer) = told else { return Ok(Progress::Later) };
        match answer {
            Ok(PaymentState::Authorized | PaymentState::Captured) => {
                self.order.order.authorized_minor = payment.amount_minor;
                payments::settle(self.transaction, &payment.id, (AUTHORIZED, None), self.now).await?;
                self.order.record(self.transaction, ("PAYMENT_AUTHORIZED", None), self.now).await?;
                Ok(Progress::To(Outcome::Done))
            }
            other => self.not_paid(payment, other).await,
        }
    }

    pub(super) async fn capture(&mut self, told: &Told) -> Result<Progress, StoreError> {
        let Told::Payment(payment, answer) = told else { return Ok(Progress::Later) };
        match answer {
            Ok(PaymentState::Captured) => {
                self.captured(payment).await?;
                self.order.record(self.transaction, ("PAID", None), self.now).await?;
                Ok(Progress::To(Outcome::Done))
            }
            Ok(PaymentState::Authorized) => Ok(Progress::Later),
            other => self.not_paid(payment, other).await,
        }
    }

    pub(super) async fn captured(&mut self, payment: &order_payment::Model) -> Result<(), StoreError> {
        self.order.order.authorized_minor = 0;
        self.order.order.captured_minor = payment.amount_minor;
        payments::settle(self.transaction, &payment.id, (CAPTURED, None), self.now).await
    }

    /// A payment that is refused ends the order; one that is not answered does when its time is over.
    async fn not_paid(
        &mut self,
        payment: &order_payment::Model,
        answer: &Result<PaymentState, ProviderError>,
    ) -> Result<Progress, StoreError> {
        match answer {
            Ok(PaymentState::Declined { reason }) => {
                let settled = (DECLINED, Some(reason.clone()));
                payments::settle(self.transaction, &payment.id, settled, self.now).await?;
                Ok(self.refuse(ErrorCode::PaymentDeclined, format!("the payment was declined: {reason}")))
            }
            Ok(PaymentState::Voided) => {
                Ok(self.refuse(ErrorCode::PaymentDeclined, "the payment was let go by the provider".to_owned()))
            }
            _ if self.now >= self.saga.deadline_at => {
                let reason = "the payment was not answered in time".to_owned();
                Ok(self.refuse(ErrorCode::PaymentUnavailable, reason))
            }
            _ => Ok(Progress::Later),
        }
    }

    /// Makes what is held what is ordered: the same pieces stay committed, from now on without a reservation.
    pub(super) async fn confirm(&mut self) -> Result<Progress, StoreError> {
        let id = self.order.order.reservation_id.clone().unwrap_or_default();
        let held = reservations::lock(self.transaction, &id).await?;
        let Some(held) = held.filter(|held| held.reservation.status == ACTIVE) else {
            let reason = "what was held for this order was taken away".to_owned();
            return Ok(self.refuse(ErrorCode::InsufficientStock, reason));
        };
        let variant_ids: Vec<String> = held.lines.iter().map(|line| line.variant_id.clone()).collect();
        let mut loaded = load(self.transaction, Which::Ids(&variant_ids), &[]).await?;
        let committed = |line: &reservation_line::Model| PieceMove {
            kind: EventKind::Committed,
            variant_id: line.variant_id.clone(),
            location_id: line.location_id.clone(),
            change: Quantities::ZERO,
        };
        let moves = Command::Order(held.lines.iter().map(committed).collect());
        let events = decide(&loaded.stock, &moves).map_err(|errors| holds_differ(&errors))?;
        let entry = |event| Entry { event, reservation_id: Some(id.clone()) };
        let entries: Vec<Entry> = events.into_iter().map(entry).collect();
        let note = self.note("order");
        append(self.transaction, &mut loaded, &entries, &note, self.orders.commands.low_stock_threshold).await?;
        reservations::end(self.transaction, std::slice::from_ref(&id), COMMITTED, self.now).await?;
        let mut state = self.order.state()?;
        state.status = OrderStatus::Placed;
        state.allocations = self.allocations(&held.lines);
        self.order.apply(self.transaction, &state).await?;
        self.order.record(self.transaction, ("PLACED", None), self.now).await?;
        Ok(Progress::To(Outcome::Done))
    }

    /// What is held, by the line that it is for: an order has one line per variant.
    fn allocations(&self, held: &[reservation_line::Model]) -> Vec<Piece> {
        let piece = |own: &reservation_line::Model| {
            let line = self.order.lines.iter().find(|line| line.variant_id == own.variant_id)?;
            Some(Piece {
                line_id: line.id.clone(),
                variant_id: own.variant_id.clone(),
                location_id: own.location_id.clone(),
                quantity: own.quantity,
            })
        };
        held.iter().filter_map(piece).collect()
    }
}

/// The entries and events that give back these reservations.
pub(super) fn give_back(
    loaded: &LoadedStock,
    given: &[ReservationWithLines],
) -> Result<(Vec<Entry>, Vec<StockEvent>), StoreError> {
    let (ids, holds): (Vec<String>, Vec<Hold>) =
        given.iter().flat_map(|one| one.holds().into_iter().map(|hold| (one.reservation.id.clone(), hold))).unzip();
    let events = decide(&loaded.stock, &Command::Release(holds)).map_err(|errors| holds_differ(&errors))?;
    let entry = |(event, id): (&StockEvent, String)| Entry { event: event.clone(), reservation_id: Some(id) };
    Ok((events.iter().zip(ids).map(entry).collect(), events))
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of map_err")]
fn impossible(error: crate::domain::ImpossibleEvent) -> StoreError {
    StoreError::Corrupt { table: "stock_event", reason: error.to_string() }
}

//! What is done to an order that was made: sent, laid ready, handed over, called back, cancelled, taken back, rerouted.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};
use serde::Serialize;

use super::{Orders, promise::free_promises};
use crate::{
    command::{
        Answer, Caller,
        keyed::{Perform, perform_once},
    },
    domain::{
        Command, ErrorCode, UserError, decide,
        order::{OrderChange, OrderChanged, OrderState, OrderStatus, Pick, Step, TakeBack, decide_order},
    },
    entity::{order_return, order_saga},
    store::{
        StoreError,
        ledger::{Entry, Note, append, new_id, refresh_badges},
        levels::{Which, load},
        now,
        orders::{
            OrderRows, payments,
            rows::{self, CANCELLED, PICKED_UP, READY, SENT},
            saga,
        },
    },
};

/// A change of an order, as callers ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ChangeOrder {
    /// Send pieces; with none named, everything that is open.
    Fulfill {
        /// Line, location and pieces.
        picks: Vec<(String, Option<String>, i32)>,
        /// The carrier's.
        tracking_number: Option<String>,
    },
    /// Lay everything that is open ready at the place where it is fetched.
    Prepare,
    /// Hand a fulfillment over.
    HandOver(String),
    /// Call a fulfillment back.
    CancelFulfillment(String),
    /// Give up what is not sent, for this reason.
    Cancel(String),
    /// Take pieces back.
    Return {
        /// Line, location, pieces and what is done with them.
        lines: Vec<(String, String, i32, crate::domain::order::Disposition)>,
        /// Whether their price goes back.
        refund: bool,
    },
    /// Send pieces of a line from one location instead of another.
    Reroute {
        /// The line.
        line_id: String,
        /// Where they lie.
        from: String,
        /// From where they shall be sent.
        to: String,
        /// Pieces.
        quantity: i32,
    },
}

impl ChangeOrder {
    const fn name(&self) -> &'static str {
        match self {
            Self::Fulfill { .. } => "FULFILLED",
            Self::Prepare => "READY_FOR_PICKUP",
            Self::HandOver(_) => "PICKED_UP",
            Self::CancelFulfillment(_) => "FULFILLMENT_CANCELLED",
            Self::Cancel(_) => "CANCELLED",
            Self::Return { .. } => "RETURNED",
            Self::Reroute { .. } => "REROUTED",
        }
    }
}

impl Orders {
    /// Changes an order. Customers may cancel their own; everything else is for those who manage orders.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn change(
        &self,
        caller: &Caller,
        (order_id, change): (&str, &ChangeOrder),
        key: &str,
    ) -> Result<Answer<String>, StoreError> {
        let command = Change { orders: self, caller, order_id, change, key };
        let scope = ("order_change", caller.actor.as_str(), key);
        let done = perform_once(&self.commands, scope, &(order_id, change), &command).await?;
        self.wake.notify_one();
        Ok(done)
    }
}

struct Change<'a> {
    orders: &'a Orders,
    caller: &'a Caller,
    order_id: &'a str,
    change: &'a ChangeOrder,
    key: &'a str,
}

impl Perform for Change<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let may = |order: &OrderRows| {
            let is_own = order.order.actor == self.caller.actor && matches!(self.change, ChangeOrder::Cancel(_));
            self.caller.manages_orders || is_own
        };
        let Some(mut order) = rows::lock(transaction, self.order_id).await?.filter(may) else {
            let message = format!("there is no order `{}`", self.order_id);
            return Ok(Err(vec![UserError::at(&["orderId"], ErrorCode::OrderNotFound, message)]));
        };
        let mut saga = saga::lock(transaction, self.order_id).await?;
        let now = now::read(transaction).await?;
        let state = order.state()?;
        if let (OrderStatus::Pending, ChangeOrder::Cancel(reason)) = (state.status, self.change) {
            return self.interrupt(transaction, (&mut order, &mut saga), (reason, now)).await;
        }
        let wanted = match self.wanted(&order) {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(vec![error])),
        };
        let changed = match decide_order(&state, &wanted) {
            Ok(changed) => changed,
            Err(errors) => return Ok(Err(errors)),
        };
        if let Err(errors) = self.move_stock(transaction, &order, &changed).await? {
            return Ok(Err(errors));
        }
        order.apply(transaction, &changed.state).await?;
        self.write_parcels(transaction, (&order, &state), &changed, now).await?;
        let refunds = match self.change {
            ChangeOrder::Cancel(reason) => {
                order.order.cancel_reason = Some(reason.clone());
                order.order.cancelled_at = Some(now);
                Some("cancelled")
            }
            ChangeOrder::Return { refund: true, .. } => Some("returned"),
            _ => None,
        };
        if let Some(reason) = refunds
            && payments::owe(transaction, &order, (changed.owed_minor, reason), now).await?
            && saga::step_of(&saga)? == Step::Done
        {
            saga::redirect(transaction, &mut saga, Step::Refund, now).await?;
        }
        order.record(transaction, (self.change.name(), None), now).await?;
        Ok(Ok(self.order_id.to_owned()))
    }
}

impl Change<'_> {
    /// Turns an order that is being placed around, wherever it is: whoever is at it finds its lease gone.
    async fn interrupt(
        &self,
        transaction: &DatabaseTransaction,
        (order, saga): (&mut OrderRows, &mut order_saga::Model),
        (reason, now): (&str, DateTime<Utc>),
    ) -> Result<Answer<String>, StoreError> {
        if saga::step_of(saga)?.is_forward() {
            order.order.cancel_reason = Some(reason.to_owned());
            order.record(transaction, ("CANCEL_REQUESTED", None), now).await?;
            saga::redirect(transaction, saga, Step::UndoHold, now).await?;
        }
        Ok(Ok(self.order_id.to_owned()))
    }

    /// The change as the rules know it.
    fn wanted(&self, order: &OrderRows) -> Result<OrderChange, UserError> {
        Ok(match self.change {
            ChangeOrder::Fulfill { picks, .. } => {
                let pick = |(line_id, location_id, quantity): &(String, Option<String>, i32)| Pick {
                    line_id: line_id.clone(),
                    location_id: location_id.clone(),
                    quantity: *quantity,
                };
                OrderChange::Fulfill(picks.iter().map(pick).collect())
            }
            ChangeOrder::Prepare => match &order.order.pickup_location_id {
                Some(location_id) => OrderChange::Prepare(location_id.clone()),
                None => return Err(invalid("the order is sent, not fetched".to_owned())),
            },
            ChangeOrder::HandOver(id) => {
                let (parcel, lines) = self.parcel(order, id)?;
                if parcel.status != READY {
                    return Err(invalid(format!("the fulfillment is {}, not {READY}", parcel.status)));
                }
                OrderChange::HandOver(rows::pieces(parcel, lines))
            }
            ChangeOrder::CancelFulfillment(id) => {
                let (parcel, lines) = self.parcel(order, id)?;
                let pieces = rows::pieces(parcel, lines);
                match parcel.status.as_str() {
                    READY => OrderChange::CancelReady(pieces),
                    SENT => OrderChange::CancelFulfillment(pieces),
                    other => return Err(invalid(format!("the fulfillment is {other} already"))),
                }
            }
            ChangeOrder::Cancel(_) => OrderChange::Cancel,
            ChangeOrder::Return { lines, .. } => {
                let line = |(line_id, location_id, quantity, disposition): &(String, String, i32, _)| TakeBack {
                    line_id: line_id.clone(),
                    location_id: location_id.clone(),
                    quantity: *quantity,
                    disposition: *disposition,
                };
                OrderChange::Return(lines.iter().map(line).collect())
            }
            ChangeOrder::Reroute { line_id, from, to, quantity } => {
                let pick = Pick { line_id: line_id.clone(), location_id: Some(from.clone()), quantity: *quantity };
                OrderChange::Reroute(pick, to.clone())
            }
        })
    }

    fn parcel<'o>(
        &self,
        order: &'o OrderRows,
        id: &str,
    ) -> Result<&'o (crate::entity::fulfillment::Model, Vec<crate::entity::fulfillment_line::Model>), UserError> {
        order.fulfillment(id).ok_or_else(|| {
            let message = format!("the order has no fulfillment `{id}`");
            UserError::at(&["fulfillmentId"], ErrorCode::FulfillmentNotFound, message)
        })
    }

    async fn move_stock(
        &self,
        transaction: &DatabaseTransaction,
        order: &OrderRows,
        changed: &OrderChanged,
    ) -> Result<Answer<()>, StoreError> {
        // A cancellation alone frees what is awaited.
        let frees = !order.promises.is_empty() && changed.state.awaited.is_empty();
        if changed.moves.is_empty() && !frees {
            return Ok(Ok(()));
        }
        let mut variant_ids: Vec<String> = changed.moves.iter().map(|own| own.variant_id.clone()).collect();
        if frees {
            variant_ids.extend(order.promises.iter().map(|promise| promise.variant_id.clone()));
        }
        let places: Vec<&str> = changed.moves.iter().map(|own| own.location_id.as_str()).collect();
        let mut loaded = load(transaction, Which::Ids(&variant_ids), &places).await?;
        if let Some(place) = places.iter().find(|place| !loaded.stock.places.contains_key(**place)) {
            let message = format!("there is no location `{place}`");
            return Ok(Err(vec![UserError::at(&["locationId"], ErrorCode::UnknownLocation, message)]));
        }
        let events = match decide(&loaded.stock, &Command::Order(changed.moves.clone())) {
            Ok(events) => events,
            Err(errors) => return Ok(Err(errors)),
        };
        let entries: Vec<Entry> = events.into_iter().map(|event| Entry { event, reservation_id: None }).collect();
        let note = Note {
            reason: self.change.name().to_lowercase(),
            actor: self.caller.actor.clone(),
            reference: Some(format!("order:{}", order.order.id)),
            correlation_id: self.caller.correlation_id.clone(),
            idempotency_key: Some(self.key.to_owned()),
        };
        let threshold = self.orders.commands.low_stock_threshold;
        if frees {
            free_promises(transaction, &mut loaded, order, &note).await?;
        }
        append(transaction, &mut loaded, &entries, &note, threshold).await?;
        if frees {
            refresh_badges(transaction, &mut loaded, threshold, &note.correlation_id).await?;
        }
        Ok(Ok(()))
    }

    /// Writes fulfillments and returns.
    async fn write_parcels(
        &self,
        transaction: &DatabaseTransaction,
        (order, before): (&OrderRows, &OrderState),
        changed: &OrderChanged,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = order.order.id.as_str();
        match self.change {
            ChangeOrder::Fulfill { tracking_number, .. } => {
                let parcel = (id, SENT, tracking_number.as_deref());
                rows::insert_fulfillments(transaction, parcel, &changed.pieces, now).await?;
            }
            ChangeOrder::Prepare => {
                rows::insert_fulfillments(transaction, (id, READY, None), &changed.pieces, now).await?;
            }
            ChangeOrder::HandOver(parcel_id) => {
                rows::set_fulfillments(transaction, std::slice::from_ref(parcel_id), PICKED_UP, now).await?;
            }
            ChangeOrder::CancelFulfillment(parcel_id) => {
                rows::set_fulfillments(transaction, std::slice::from_ref(parcel_id), CANCELLED, now).await?;
            }
            ChangeOrder::Cancel(_) if !before.ready.is_empty() => {
                let waiting = order.fulfillments.iter().filter(|(parcel, _)| parcel.status == READY);
                let ids: Vec<String> = waiting.map(|(parcel, _)| parcel.id.clone()).collect();
                rows::set_fulfillments(transaction, &ids, CANCELLED, now).await?;
            }
            ChangeOrder::Return { lines, .. } => {
                let row = |(line_id, location_id, quantity, disposition): &(String, String, i32, _)| {
                    let disposition: &crate::domain::order::Disposition = disposition;
                    let row = order_return::Model {
                        id: new_id(),
                        order_id: id.to_owned(),
                        line_id: line_id.clone(),
                        location_id: location_id.clone(),
                        quantity: *quantity,
                        disposition: disposition.as_str().to_owned(),
                        created_at: now,
                    };
                    row.into_active_model().reset_all()
                };
                order_return::Entity::insert_many(lines.iter().map(row)).exec_without_returning(transaction).await?;
            }
            ChangeOrder::Cancel(_) | ChangeOrder::Reroute { .. } => {}
        }
        Ok(())
    }
}

fn invalid(message: String) -> UserError {
    UserError { field: None, message, code: ErrorCode::OrderStateInvalid }
}

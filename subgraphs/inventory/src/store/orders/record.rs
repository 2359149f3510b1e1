//! Writing a changed order: its row, a line of its history, and the event that announces it.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::Serialize;

use super::{OrderRows, unknown};
use crate::{
    domain::order::{FinancialStatus, Ledger, OrderStatus},
    entity::{customer_order, order_entry, order_line},
    store::{
        StoreError,
        ledger::new_id,
        outbox::{NewEvent, enqueue},
    },
};

/// Type of the event that tells of an order.
pub const ORDER_CHANGED: &str = "com.selvedge.inventory.order_changed.v1";

/// `data` of [`ORDER_CHANGED`]: nothing about the person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderData<'a> {
    order_id: &'a str,
    number: i64,
    change: &'a str,
    status: &'a str,
    financial_status: &'a str,
    fulfillment_status: &'a str,
    channel: &'a str,
    total: i64,
    currency_code: &'a str,
    lines: Vec<LineData<'a>>,
    revision: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineData<'a> {
    sku: &'a str,
    quantity: i32,
    fulfilled_quantity: i32,
    cancelled_quantity: i32,
    returned_quantity: i32,
}

impl<'a> LineData<'a> {
    fn of(line: &'a order_line::Model) -> Self {
        Self {
            sku: &line.sku,
            quantity: line.quantity,
            fulfilled_quantity: line.fulfilled_quantity,
            cancelled_quantity: line.cancelled_quantity,
            returned_quantity: line.returned_quantity,
        }
    }
}

impl OrderRows {
    /// Writes the order as it is now under its next revision, with `kind` and `detail` in its history, and announces it.
    pub(crate) async fn record(
        &mut self,
        transaction: &impl ConnectionTrait,
        (kind, detail): (&str, Option<String>),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let order = &mut self.order;
        order.revision += 1;
        order.updated_at = now;
        order.financial_status = financial_status(order)?.as_str().to_owned();
        order.clone().into_active_model().reset_all().update(transaction).await?;
        let entry = order_entry::Model {
            id: new_id(),
            order_id: order.id.clone(),
            revision: order.revision,
            kind: kind.to_owned(),
            detail,
            occurred_at: now,
        };
        let entry = entry.into_active_model().reset_all();
        order_entry::Entity::insert(entry).exec_without_returning(transaction).await?;
        let event = self.event(kind)?;
        enqueue(transaction, vec![event], now, &self.order.correlation_id).await
    }

    fn event(&self, change: &str) -> Result<NewEvent, StoreError> {
        let order = &self.order;
        let data = OrderData {
            order_id: &order.id,
            number: order.number,
            change,
            status: &order.status,
            financial_status: &order.financial_status,
            fulfillment_status: &order.fulfillment_status,
            channel: &order.channel,
            total: order.total_minor,
            currency_code: &order.currency,
            lines: self.lines.iter().map(LineData::of).collect(),
            revision: order.revision,
        };
        let data = serde_json::to_value(data)
            .map_err(|error| StoreError::Corrupt { table: "outbox", reason: error.to_string() })?;
        Ok(NewEvent {
            event_type: ORDER_CHANGED,
            schema: "order_changed.v1",
            subject: order.id.clone(),
            revision: order.revision,
            data,
        })
    }
}

fn financial_status(order: &customer_order::Model) -> Result<FinancialStatus, StoreError> {
    let status = OrderStatus::parse(&order.status).ok_or_else(|| unknown("customer_order", &order.status))?;
    let ledger = Ledger {
        authorized_minor: order.authorized_minor,
        captured_minor: order.captured_minor,
        refunded_minor: order.refunded_minor,
    };
    Ok(FinancialStatus::of(status, ledger))
}

//! What belongs to an order: payments, fulfillments, returns, and its history.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{Location, Money, ProductVariant, order::known};
use crate::{
    domain::order as rules,
    entity::{fulfillment, fulfillment_line, order_entry, order_line_discount, order_payment, order_return},
    graphql::loaders::{LinesOfFulfillment, OrderLineById, loaders},
};

pub(crate) struct OrderPayment(pub(crate) Arc<order_payment::Model>);
pub(crate) struct Fulfillment(pub(crate) Arc<fulfillment::Model>);
pub(crate) struct FulfillmentLine(Arc<fulfillment_line::Model>);
pub(crate) struct OrderReturn(pub(crate) Arc<order_return::Model>);

/// One line of an order's history.
#[derive(Debug, SimpleObject)]
pub(crate) struct OrderEntry {
    /// Such as RESERVED, PAID, PLACED, FULFILLED.
    kind: String,
    detail: Option<String>,
    revision: i64,
    occurred_at: DateTime<Utc>,
}

/// What made a line of an order cheaper.
#[derive(SimpleObject)]
pub(crate) struct OrderLineDiscount {
    kind: OrderLineDiscountKind,
    /// Of a promotion; it may be gone since.
    promotion_id: Option<ID>,
    /// Of a promotion, as it was when it was ordered.
    title: Option<String>,
    /// The code that the promotion was asked for with.
    code: Option<String>,
    /// Of a tier: from how many pieces on it holds.
    minimum_quantity: Option<i32>,
    /// What it took off each piece.
    amount: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum OrderLineDiscountKind {
    Tier,
    Promotion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum OrderPaymentKind {
    Charge,
    Refund,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum OrderPaymentStatus {
    Pending,
    Authorized,
    Captured,
    Voided,
    Declined,
    Refunded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum FulfillmentParcelStatus {
    Sent,
    ReadyForPickup,
    PickedUp,
    Cancelled,
}

/// What is done with a piece that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::Disposition")]
pub(crate) enum ReturnDisposition {
    /// It can be sold again.
    Restock,
    /// It is kept, and is not fit for sale.
    Damaged,
    /// It is thrown away.
    Discarded,
}

impl OrderEntry {
    pub(super) fn of(row: &order_entry::Model) -> Self {
        Self {
            kind: row.kind.clone(),
            detail: row.detail.clone(),
            revision: row.revision,
            occurred_at: row.occurred_at,
        }
    }
}

impl OrderLineDiscount {
    pub(super) fn of(row: &order_line_discount::Model, amount: Money) -> Self {
        // A check of the table allows these two alone.
        let is_tier = row.kind == "TIER";
        Self {
            kind: if is_tier { OrderLineDiscountKind::Tier } else { OrderLineDiscountKind::Promotion },
            promotion_id: row.promotion_id.clone().map(ID),
            title: row.title.clone(),
            code: row.code.clone(),
            minimum_quantity: row.minimum_quantity,
            amount,
        }
    }
}

/// Money that a customer pays, or that goes back.
#[Object]
impl OrderPayment {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn kind(&self) -> OrderPaymentKind {
        // A check of the table allows these two alone.
        if self.0.kind == "REFUND" { OrderPaymentKind::Refund } else { OrderPaymentKind::Charge }
    }

    async fn status(&self) -> OrderPaymentStatus {
        match self.0.status.as_str() {
            "AUTHORIZED" => OrderPaymentStatus::Authorized,
            "CAPTURED" => OrderPaymentStatus::Captured,
            "VOIDED" => OrderPaymentStatus::Voided,
            "DECLINED" => OrderPaymentStatus::Declined,
            "REFUNDED" => OrderPaymentStatus::Refunded,
            _ => OrderPaymentStatus::Pending,
        }
    }

    async fn amount(&self) -> Money {
        Money { amount: self.0.amount_minor, currency_code: self.0.currency.clone() }
    }

    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A parcel from one location, or pieces that are fetched there.
#[Object]
impl Fulfillment {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn status(&self) -> FulfillmentParcelStatus {
        // A check of the table allows these four alone.
        match self.0.status.as_str() {
            "SENT" => FulfillmentParcelStatus::Sent,
            "READY_FOR_PICKUP" => FulfillmentParcelStatus::ReadyForPickup,
            "PICKED_UP" => FulfillmentParcelStatus::PickedUp,
            _ => FulfillmentParcelStatus::Cancelled,
        }
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn tracking_number(&self) -> Option<&str> {
        self.0.tracking_number.as_deref()
    }

    /// At most 100.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<FulfillmentLine>, Error> {
        let rows = loaders(ctx)?.load_one(LinesOfFulfillment(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).cloned().map(FulfillmentLine).collect())
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

#[Object]
impl FulfillmentLine {
    /// The line of the order.
    async fn line_id(&self) -> ID {
        self.0.line_id.clone().into()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn quantity(&self) -> i32 {
        self.0.quantity
    }
}

/// Pieces that came back.
#[Object]
impl OrderReturn {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    /// The line of the order.
    async fn line_id(&self) -> ID {
        self.0.line_id.clone().into()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>, Error> {
        match loaders(ctx)?.load_one(OrderLineById(self.0.line_id.clone())).await? {
            Some(line) => ProductVariant::referred_by_id(ctx, &line.variant_id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    async fn disposition(&self) -> Result<ReturnDisposition, Error> {
        known(rules::Disposition::parse(&self.0.disposition)).map(Into::into)
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

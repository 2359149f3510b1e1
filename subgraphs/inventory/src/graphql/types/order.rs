//! Orders.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, Object, SimpleObject,
    connection::{Connection, Edge},
};
use chrono::{DateTime, Utc};
use selvedge_kit::identity::Identity;

use super::{
    Location, Money, ProductVariant,
    order_parts::{Fulfillment, OrderEntry, OrderLineDiscount, OrderPayment, OrderReturn},
    promise::OrderPromise,
};
use crate::{
    command::Caller,
    domain::order as rules,
    entity::{customer_order, order_line},
    graphql::{
        access::{READS_ORDERS, allows},
        error::caller,
        loaders::{
            DiscountsOfLine, EntriesOfOrder, FulfillmentsOfOrder, LinesOfOrder, OrderById, PaymentsOfOrder,
            ReturnsOfOrder, loaders,
        },
    },
    store::catalog_read::{Page, order_cursor},
};

/// The most entries of one list below an order.
const ENTRIES_MAX: usize = 250;

#[derive(Debug, Clone)]
pub(crate) struct Order(pub(crate) Arc<customer_order::Model>);

pub(crate) type OrderConnection = Connection<String, Order>;

pub(crate) fn order_connection(page: Page<customer_order::Model>) -> OrderConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: customer_order::Model| Edge::new(order_cursor(&row), Order(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rules::OrderStatus")]
pub(crate) enum OrderStatus {
    /// It is being placed: stock, price and payment are on their way.
    Pending,
    /// It is paid, and pieces are still to be sent.
    Placed,
    /// Everything that was not cancelled is sent.
    Completed,
    /// Nothing was sent and nothing will be.
    Cancelled,
    /// It never came to be; `failure` says why.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "OrderFinancialStatus", remote = "rules::FinancialStatus")]
pub(crate) enum FinancialStatus {
    Pending,
    Authorized,
    Paid,
    PartiallyRefunded,
    Refunded,
    Voided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "OrderFulfillmentStatus", remote = "rules::FulfillmentStatus")]
pub(crate) enum FulfillmentStatus {
    Unfulfilled,
    ReadyForPickup,
    PartiallyFulfilled,
    Fulfilled,
    PartiallyReturned,
    Returned,
}

/// Why an order was not placed.
#[derive(Debug, SimpleObject)]
pub(crate) struct OrderFailure {
    /// Such as INSUFFICIENT_STOCK or PAYMENT_DECLINED.
    code: String,
    message: String,
}

pub(crate) struct OrderLine(pub(crate) (Arc<order_line::Model>, Arc<str>));

impl Order {
    /// The order with `id`, if `caller` may see it: who made it, and staff. An order that nobody signed in for is whose
    /// who knows its id.
    pub(crate) async fn visible_to(caller: &Identity, ctx: &Context<'_>, id: String) -> Result<Option<Self>, Error> {
        let row = loaders(ctx)?.load_one(OrderById(id)).await?;
        let own = Caller::of(caller).actor;
        let is_own = |row: &Arc<customer_order::Model>| row.actor == own || row.actor == Caller::ANONYMOUS;
        Ok(row.filter(|row| reads_all(caller) || is_own(row)).map(Self))
    }

    fn money(&self, amount: i64) -> Money {
        Money { amount, currency_code: self.0.currency.clone() }
    }

    pub(crate) fn failure_of(row: &customer_order::Model) -> Option<(String, String)> {
        let code = row.failure_code.clone()?;
        Some((code, row.cancel_reason.clone().unwrap_or_default()))
    }
}

/// A bought cart. It is placed in steps; what a step could not do is undone.
#[Object(cache_control(private, no_cache))]
impl Order {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    /// For people.
    async fn number(&self) -> i64 {
        self.0.number
    }

    async fn channel(&self) -> &str {
        &self.0.channel
    }

    async fn status(&self) -> Result<OrderStatus, Error> {
        known(rules::OrderStatus::parse(&self.0.status)).map(Into::into)
    }

    async fn financial_status(&self) -> Result<FinancialStatus, Error> {
        known(rules::FinancialStatus::parse(&self.0.financial_status)).map(Into::into)
    }

    async fn fulfillment_status(&self) -> Result<FulfillmentStatus, Error> {
        known(rules::FulfillmentStatus::parse(&self.0.fulfillment_status)).map(Into::into)
    }

    /// Null unless FAILED.
    async fn failure(&self) -> Option<OrderFailure> {
        Self::failure_of(&self.0).map(|(code, message)| OrderFailure { code, message })
    }

    /// At most 100.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OrderLine>, Error> {
        let rows = loaders(ctx)?.load_one(LinesOfOrder(self.0.id.clone())).await?;
        let currency: Arc<str> = self.0.currency.as_str().into();
        Ok(rows
            .iter()
            .flat_map(|rows| rows.iter())
            .map(|row| OrderLine((Arc::clone(row), Arc::clone(&currency))))
            .collect())
    }

    async fn subtotal(&self) -> Money {
        self.money(self.0.subtotal_minor)
    }

    async fn total(&self) -> Money {
        self.money(self.0.total_minor)
    }

    /// How much more the lines would have cost at base prices.
    async fn total_discount(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        let rows = loaders(ctx)?.load_one(LinesOfOrder(self.0.id.clone())).await?;
        let off = |row: &Arc<order_line::Model>| {
            (row.base_price_minor - row.unit_price_minor).saturating_mul(row.quantity.into())
        };
        Ok(self.money(rows.iter().flat_map(|rows| rows.iter()).map(off).fold(0, i64::saturating_add)))
    }

    async fn currency(&self) -> &str {
        &self.0.currency
    }

    async fn total_paid(&self) -> Money {
        self.money(self.0.captured_minor)
    }

    async fn total_refunded(&self) -> Money {
        self.money(self.0.refunded_minor)
    }

    /// At most 250.
    async fn payments(&self, ctx: &Context<'_>) -> Result<Vec<OrderPayment>, Error> {
        let rows = loaders(ctx)?.load_one(PaymentsOfOrder(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).cloned().map(OrderPayment).collect())
    }

    /// At most 250.
    async fn fulfillments(&self, ctx: &Context<'_>) -> Result<Vec<Fulfillment>, Error> {
        let rows = loaders(ctx)?.load_one(FulfillmentsOfOrder(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).cloned().map(Fulfillment).collect())
    }

    /// At most 250.
    async fn returns(&self, ctx: &Context<'_>) -> Result<Vec<OrderReturn>, Error> {
        let rows = loaders(ctx)?.load_one(ReturnsOfOrder(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).cloned().map(OrderReturn).collect())
    }

    /// What happened to it, oldest first; at most 250.
    async fn timeline(&self, ctx: &Context<'_>) -> Result<Vec<OrderEntry>, Error> {
        let rows = loaders(ctx)?.load_one(EntriesOfOrder(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).map(|row| OrderEntry::of(row)).collect())
    }

    /// Where it is fetched; null when it is sent.
    async fn pickup_location(&self, ctx: &Context<'_>) -> Result<Option<Location>, Error> {
        match &self.0.pickup_location_id {
            Some(id) => Location::referred_by_id(ctx, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// For the customer and for staff alone.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>, Error> {
        Ok(self.0.email.as_deref().filter(|_| self.is_personal_to(ctx)))
    }

    /// For the customer and for staff alone.
    async fn shipping_address(&self, ctx: &Context<'_>) -> Result<Option<ShippingAddress>, Error> {
        let address = self.0.shipping.clone().filter(|_| self.is_personal_to(ctx));
        Ok(address.map(serde_json::from_value).transpose()?)
    }

    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }

    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Grows with every change; compare it to know which of two answers is newer.
    async fn revision(&self) -> i64 {
        self.0.revision
    }
}

impl Order {
    fn is_personal_to(&self, ctx: &Context<'_>) -> bool {
        caller(ctx).is_ok_and(|caller| allows(READS_ORDERS, caller) || self.0.actor == Caller::of(caller).actor)
    }
}

/// Whether `caller` may read orders of others: staff, and other subgraphs.
pub(crate) fn reads_all(caller: &Identity) -> bool {
    allows(READS_ORDERS, caller) || caller.has_scope("service")
}

/// Where an order is sent.
#[derive(Debug, Clone, SimpleObject, async_graphql::InputObject, serde::Serialize, serde::Deserialize)]
#[graphql(input_name = "ShippingAddressInput")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShippingAddress {
    pub(crate) name: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) postal_code: Option<String>,
    /// ISO 3166-1, two letters.
    pub(crate) country_code: String,
}

#[Object]
impl OrderLine {
    async fn id(&self) -> ID {
        self.0.0.id.clone().into()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.0.variant_id).await
    }

    /// As it was when it was ordered.
    async fn sku(&self) -> &str {
        &self.0.0.sku
    }

    /// As it was when it was ordered.
    async fn title(&self) -> &str {
        &self.0.0.title
    }

    async fn quantity(&self) -> i32 {
        self.0.0.quantity
    }

    /// What each piece cost the customer.
    async fn unit_price(&self) -> Money {
        self.money(self.0.0.unit_price_minor)
    }

    /// What each piece would have cost without tiers and promotions.
    async fn base_price(&self) -> Money {
        self.money(self.0.0.base_price_minor)
    }

    /// What made it cheaper, in order: together the difference between the base price and the unit price.
    async fn discounts(&self, ctx: &Context<'_>) -> Result<Vec<OrderLineDiscount>, Error> {
        let rows = loaders(ctx)?.load_one(DiscountsOfLine(self.0.0.id.clone())).await?;
        let rows = rows.iter().flat_map(|rows| rows.iter());
        Ok(rows.map(|row| OrderLineDiscount::of(row, self.money(row.amount_minor))).collect())
    }

    async fn total(&self) -> Money {
        self.money(self.0.0.unit_price_minor.saturating_mul(self.0.0.quantity.into()))
    }

    /// Pieces that are promised and not there yet.
    async fn awaited_quantity(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        Ok(OrderPromise::of_line(ctx, &self.0.0.id).await?.map_or(0, |promise| promise.waiting()))
    }

    /// When all awaited pieces are expected; null when none are awaited, or nothing is on its way for some.
    async fn expected_ship_date(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>, Error> {
        Ok(OrderPromise::of_line(ctx, &self.0.0.id).await?.and_then(|promise| promise.expected()))
    }

    /// What was promised beyond the stock, and what became of it.
    async fn promise(&self, ctx: &Context<'_>) -> Result<Option<OrderPromise>, Error> {
        OrderPromise::of_line(ctx, &self.0.0.id).await
    }

    /// Pieces sent, those that came back too.
    async fn fulfilled_quantity(&self) -> i32 {
        self.0.0.fulfilled_quantity
    }

    /// Pieces that will not be sent.
    async fn cancelled_quantity(&self) -> i32 {
        self.0.0.cancelled_quantity
    }

    /// Pieces that came back.
    async fn returned_quantity(&self) -> i32 {
        self.0.0.returned_quantity
    }
}

impl OrderLine {
    fn money(&self, amount: i64) -> Money {
        Money { amount, currency_code: self.0.1.to_string() }
    }
}

/// The tables' checks allow known names alone.
pub(super) fn known<T>(name: Option<T>) -> Result<T, Error> {
    name.ok_or_else(|| Error::new("the store holds a name that does not exist"))
}

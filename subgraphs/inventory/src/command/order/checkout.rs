//! From a cart to an order that is being placed.

use std::{fmt, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{
    Orders,
    cart::{may_use, no_cart},
    priced::{PricedCart, price},
};
use crate::{
    command::{
        Answer, Caller,
        keyed::{Perform, perform_once},
    },
    domain::{
        ErrorCode, UserError,
        order::{FinancialStatus, FulfillmentStatus, OrderStatus, Step},
    },
    entity::{customer_order, location, order_saga, product, variant},
    store::{
        StoreError,
        catalog_read::STATUS_SHOWN,
        now,
        orders::{
            self,
            carts::{self, CartRows, OPEN, ORDERED},
        },
        publications::{self, Subject},
    },
};

/// A text that is never shown, logged or sent anywhere but to whom it is meant for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

impl Serialize for Secret {
    /// For the hash of the request alone, which is all that is kept of it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// How the pieces come to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Delivery {
    /// Sent to an address, as JSON; personal.
    Shipping(Option<Secret>),
    /// Fetched at a location.
    Pickup(String),
}

/// A wish to buy what is in a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkout {
    /// The cart.
    pub cart_id: String,
    /// The provider's token of how to pay.
    pub payment_method: Secret,
    /// Where to write to; personal.
    pub email: Option<Secret>,
    /// How the pieces come to the customer.
    pub delivery: Delivery,
    /// The total that the customer has seen, in minor units; with another one nothing is bought.
    pub expected_total_minor: Option<i64>,
    /// Reservations of the same customer for this cart: the order takes them over.
    pub reservation_ids: Vec<String>,
}

impl Orders {
    /// Makes an order of a cart, waits a little for it to be placed, and gives its id. What it says of itself then is
    /// whether it is placed, failed, or still pending.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the order.
    ///
    /// # Cancellation
    ///
    /// Safe: an order that was begun goes on by itself.
    pub async fn check_out(&self, caller: &Caller, input: &Checkout, key: &str) -> Result<Answer<String>, StoreError> {
        if self.provider.is_none() {
            let message = "payments cannot be taken here: no payment provider is set up";
            return Ok(Err(vec![UserError::at(&[], ErrorCode::PaymentUnavailable, message)]));
        }
        let command = Begin { orders: self, caller, input };
        let begun = perform_once(&self.commands, ("checkout", &caller.actor, key), input, &command).await?;
        if let Ok(order_id) = &begun {
            self.wait_for(order_id).await;
        }
        Ok(begun)
    }

    /// Works on the order now, in the background of this call.
    async fn wait_for(&self, order_id: &str) {
        let (orders, order_id) = (self.clone(), order_id.to_owned());
        let driving = tokio::spawn(async move {
            if let Err(error) = orders.drive(&order_id).await {
                tracing::warn!(%error, order_id, "an order is left to be placed later");
            }
        });
        // Late is not lost: the worker goes on with it.
        let _ = tokio::time::timeout(self.settings.answer_within, driving).await;
        self.wake.notify_one();
    }
}

struct Begin<'a> {
    orders: &'a Orders,
    caller: &'a Caller,
    input: &'a Checkout,
}

impl Perform for Begin<'_> {
    type Output = String;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<String>, StoreError> {
        let cart_id = self.input.cart_id.as_str();
        let found = carts::lock(transaction, cart_id).await?;
        let Some(rows) = found.filter(|rows| may_use(self.caller, &rows.cart)) else {
            return Ok(Err(no_cart(cart_id)));
        };
        if rows.cart.status != OPEN || rows.lines.is_empty() {
            let message = if rows.lines.is_empty() { "the cart is empty" } else { "the cart has been ordered" };
            return Ok(Err(vec![UserError::at(&["input", "cartId"], ErrorCode::CartNotOpen, message)]));
        }
        if let Some(error) = self.check_pickup(transaction).await? {
            return Ok(Err(vec![error]));
        }
        if let Some(error) = check_shown(transaction, &rows).await? {
            return Ok(Err(vec![error]));
        }
        let priced = match price(transaction, &rows).await? {
            Ok(priced) => priced,
            Err(errors) => return Ok(Err(errors)),
        };
        if let Some(error) = self.check_total(&priced) {
            return Ok(Err(vec![error]));
        }
        let now = now::read(transaction).await?;
        let order_id = Uuid::new_v4().to_string();
        self.insert_order(transaction, (&order_id, &priced), &rows, now).await?;
        priced.write(transaction, &order_id).await?;
        self.insert_saga(transaction, &order_id, now).await?;
        carts::set_status(transaction, cart_id, ORDERED, now).await?;
        if let Some(mut order) = orders::rows::lock(transaction, &order_id).await? {
            order.record(transaction, ("CREATED", None), now).await?;
        }
        Ok(Ok(order_id))
    }
}

impl Begin<'_> {
    /// The customer pays what was shown, or nothing is bought.
    fn check_total(&self, priced: &PricedCart) -> Option<UserError> {
        let expected = self.input.expected_total_minor.filter(|expected| *expected != priced.total_minor)?;
        let message = format!("the total is {} now, {expected} was expected", priced.total_minor);
        Some(UserError::at(&["input", "expectedTotal"], ErrorCode::PriceChanged, message))
    }

    async fn check_pickup(&self, transaction: &DatabaseTransaction) -> Result<Option<UserError>, StoreError> {
        let Delivery::Pickup(location_id) = &self.input.delivery else { return Ok(None) };
        let place = location::Entity::find_by_id(location_id.as_str()).one(transaction).await?;
        if place.is_some_and(|place| place.active) {
            return Ok(None);
        }
        let message = format!("there is no location `{location_id}` that sells");
        Ok(Some(UserError::at(&["input", "pickupLocationId"], ErrorCode::UnknownLocation, message)))
    }

    async fn insert_order(
        &self,
        transaction: &DatabaseTransaction,
        (id, priced): (&str, &PricedCart),
        rows: &CartRows,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (shipping, pickup_location_id) = match &self.input.delivery {
            Delivery::Shipping(address) => (address.as_ref().map(|address| address.0.clone()), None),
            Delivery::Pickup(location_id) => (None, Some(location_id.clone())),
        };
        let order = customer_order::Model {
            number: 0,
            id: id.to_owned(),
            cart_id: rows.cart.id.clone(),
            actor: self.caller.actor.clone(),
            channel: rows.cart.channel.clone(),
            status: OrderStatus::Pending.as_str().to_owned(),
            financial_status: FinancialStatus::Pending.as_str().to_owned(),
            fulfillment_status: FulfillmentStatus::Unfulfilled.as_str().to_owned(),
            currency: priced.currency.clone(),
            subtotal_minor: priced.total_minor,
            total_minor: priced.total_minor,
            authorized_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            email: self.input.email.as_ref().map(|email| email.0.clone()),
            shipping: shipping.and_then(|address| serde_json::from_str(&address).ok()),
            pickup_location_id,
            reservation_id: None,
            failure_code: None,
            cancel_reason: None,
            cancelled_at: None,
            revision: 0,
            correlation_id: self.caller.correlation_id.clone(),
            created_at: now,
            updated_at: now,
        };
        let mut row = order.into_active_model().reset_all();
        row.number = NotSet;
        customer_order::Entity::insert(row).exec_without_returning(transaction).await?;
        Ok(())
    }

    async fn insert_saga(
        &self,
        transaction: &DatabaseTransaction,
        order_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let saga = order_saga::Model {
            order_id: order_id.to_owned(),
            step: Step::Reserve.as_str().to_owned(),
            attempts: 0,
            next_attempt_at: now,
            deadline_at: now + delta(self.orders.settings.payment_deadline),
            lease_owner: None,
            lease_token: 0,
            leased_until: None,
            payment_method: Some(self.input.payment_method.0.clone()),
            expected_total_minor: self.input.expected_total_minor,
            reservation_ids: self.input.reservation_ids.clone().into(),
        };
        let saga = saga.into_active_model().reset_all();
        order_saga::Entity::insert(saga).exec_without_returning(transaction).await?;
        Ok(())
    }
}

/// A channel sells what it shows: everything in the cart is published there at this moment, and is not a draft.
async fn check_shown(transaction: &DatabaseTransaction, rows: &CartRows) -> Result<Option<UserError>, StoreError> {
    let channel = rows.cart.channel.as_str();
    let ids = rows.lines.iter().map(|line| line.variant_id.as_str());
    let variants = variant::Entity::find().filter(variant::Column::Id.is_in(ids)).all(transaction).await?;
    let mut product_ids: Vec<String> = variants.iter().map(|row| row.product_id.clone()).collect();
    product_ids.sort_unstable();
    product_ids.dedup();
    let mut hidden = publications::unpublished(transaction, (Subject::Product, channel), &product_ids).await?;
    let drafts = product::Entity::find().filter(product::Column::Id.is_in(product_ids));
    let drafts = drafts.filter(product::Column::Status.ne(STATUS_SHOWN)).all(transaction).await?;
    hidden.extend(drafts.into_iter().map(|row| row.id));
    let Some(variant) = variants.iter().find(|row| hidden.contains(&row.product_id)) else { return Ok(None) };
    metrics::counter!("inventory_channel_refusals_total", "channel" => channel.to_owned()).increment(1);
    let message = format!("channel `{channel}` does not show `{}` at this time", variant.sku);
    Ok(Some(UserError::at(&["input", "cartId"], ErrorCode::NotPublished, message)))
}

/// A duration as the database's times take it.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

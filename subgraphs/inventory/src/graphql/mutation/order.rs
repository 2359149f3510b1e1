//! Orders: made of carts, sent, cancelled, taken back.

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use selvedge_kit::identity::Identity;

use super::{
    changed::tell_order,
    order_input::{CheckoutCompleteInput, FulfillmentCreateInput, FulfillmentRerouteInput, OrderReturnInput},
    orders,
    payload::{InventoryUserError, user_errors},
};
use crate::{
    command::{Answer, Caller, order::ChangeOrder},
    domain::{ErrorCode, UserError},
    graphql::{
        access,
        error::caller,
        limits,
        types::{Cart, Order},
    },
    payment::PaymentNotice,
};

#[derive(SimpleObject)]
pub(crate) struct OrderPayload {
    order: Option<Order>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct CheckoutCompletePayload {
    order: Option<Order>,
    /// When there is no order: the cart as it is, at the prices of now.
    cart: Option<Cart>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct PaymentEventPayload {
    /// False when it was heard before, or is of no payment of ours.
    accepted: bool,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct OrderMutation;

#[Object(cache_control(no_cache))]
impl OrderMutation {
    /// Buys what is in a cart: holds the pieces, takes the payment, places the order. The price is that of this moment,
    /// and stays; when it is not the expected one, there is no order, but PRICE_CHANGED and the cart at its price of now.
    /// An order that is PENDING in the answer goes on by itself; ask for it again. One that is FAILED comes with the
    /// reason in `userErrors`, and its cart can be used again.
    async fn checkout_complete(
        &self,
        ctx: &Context<'_>,
        input: CheckoutCompleteInput,
        idempotency_key: String,
    ) -> Result<CheckoutCompletePayload, Error> {
        let identity = caller(ctx)?;
        let key = limits::idempotency_key(&idempotency_key)?;
        let checkout = input.checked()?;
        let done = orders(ctx)?.check_out(&Caller::of(identity), &checkout, key).await?;
        let OrderPayload { order, user_errors } = payload(ctx, identity, done).await?;
        let cart = if order.is_none() { Cart::visible_to(identity, ctx, checkout.cart_id).await? } else { None };
        Ok(CheckoutCompletePayload { order, cart, user_errors })
    }

    /// Sends pieces, from one location or several: one fulfillment for each. Scope orders:write.
    async fn fulfillment_create(
        &self,
        ctx: &Context<'_>,
        input: FulfillmentCreateInput,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        let identity = access::require(ctx, "Mutation.fulfillmentCreate")?;
        let (order_id, change) = input.checked()?;
        changed_by(ctx, identity, (&order_id, change), &idempotency_key).await
    }

    /// Lays everything that is open ready at the place where the order is fetched. Scope orders:write.
    async fn fulfillment_ready_for_pickup(
        &self,
        ctx: &Context<'_>,
        order_id: ID,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        let identity = access::require(ctx, "Mutation.fulfillmentReadyForPickup")?;
        changed_by(ctx, identity, (&order_id, ChangeOrder::Prepare), &idempotency_key).await
    }

    /// Hands over what was ready. Scope orders:write.
    async fn fulfillment_picked_up(
        &self,
        ctx: &Context<'_>,
        order_id: ID,
        fulfillment_id: ID,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        let identity = access::require(ctx, "Mutation.fulfillmentPickedUp")?;
        limits::storable("fulfillmentId", &fulfillment_id)?;
        changed_by(ctx, identity, (&order_id, ChangeOrder::HandOver(fulfillment_id.0)), &idempotency_key).await
    }

    /// Calls back a fulfillment that has not left, or was not fetched. Scope orders:write.
    async fn fulfillment_cancel(
        &self,
        ctx: &Context<'_>,
        order_id: ID,
        fulfillment_id: ID,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        let identity = access::require(ctx, "Mutation.fulfillmentCancel")?;
        limits::storable("fulfillmentId", &fulfillment_id)?;
        changed_by(ctx, identity, (&order_id, ChangeOrder::CancelFulfillment(fulfillment_id.0)), &idempotency_key).await
    }

    /// Sends open pieces of a line from another location, which must have them available. Scope orders:write.
    async fn fulfillment_reroute(
        &self,
        ctx: &Context<'_>,
        input: FulfillmentRerouteInput,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        let identity = access::require(ctx, "Mutation.fulfillmentReroute")?;
        let (order_id, change) = input.checked()?;
        changed_by(ctx, identity, (&order_id, change), &idempotency_key).await
    }

    /// Gives up everything that is not sent, and gives its price back. Customers may cancel their own orders; those of
    /// others need the scope orders:write.
    async fn order_cancel(
        &self,
        ctx: &Context<'_>,
        order_id: ID,
        reason: String,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        limits::reference("reason", Some(&reason))?;
        let identity = caller(ctx)?;
        changed_by(ctx, identity, (&order_id, ChangeOrder::Cancel(reason)), &idempotency_key).await
    }

    /// Takes sent pieces back. Scope orders:write.
    async fn order_return(
        &self,
        ctx: &Context<'_>,
        input: OrderReturnInput,
        idempotency_key: String,
    ) -> Result<OrderPayload, Error> {
        let identity = access::require(ctx, "Mutation.orderReturn")?;
        let (order_id, change) = input.checked()?;
        changed_by(ctx, identity, (&order_id, change), &idempotency_key).await
    }

    /// The payment provider tells that a payment changed; its order looks at once what became of it. The key is the
    /// provider's id of this notice. Scope payments:write.
    async fn payment_event(
        &self,
        ctx: &Context<'_>,
        payment_id: ID,
        idempotency_key: String,
    ) -> Result<PaymentEventPayload, Error> {
        access::require(ctx, "Mutation.paymentEvent")?;
        let id = limits::idempotency_key(&idempotency_key)?.to_owned();
        limits::storable("paymentId", &payment_id)?;
        let accepted = orders(ctx)?.hear(&PaymentNotice { id, payment_key: payment_id.0 }).await?;
        Ok(PaymentEventPayload { accepted, user_errors: Vec::new() })
    }
}

async fn changed_by(
    ctx: &Context<'_>,
    identity: &Identity,
    (order_id, change): (&str, ChangeOrder),
    idempotency_key: &str,
) -> Result<OrderPayload, Error> {
    let key = limits::idempotency_key(idempotency_key)?;
    limits::storable("orderId", order_id)?;
    let done = orders(ctx)?.change(&Caller::of(identity), (order_id, &change), key).await?;
    payload(ctx, identity, done).await
}

/// The order as it is now, and why it failed if it did.
async fn payload(ctx: &Context<'_>, identity: &Identity, done: Answer<String>) -> Result<OrderPayload, Error> {
    tell_order(ctx, &done).await;
    let id = match done {
        Ok(id) => id,
        Err(errors) => return Ok(OrderPayload { order: None, user_errors: user_errors(errors) }),
    };
    let order = Order::visible_to(identity, ctx, id).await?;
    let failure = order.as_ref().and_then(|order| Order::failure_of(&order.0));
    let failure = failure.map(|(code, message)| {
        let code = serde_json::from_value::<ErrorCode>(code.into()).unwrap_or(ErrorCode::OrderStateInvalid);
        UserError { field: None, message, code }
    });
    Ok(OrderPayload { order, user_errors: user_errors(failure.into_iter().collect()) })
}

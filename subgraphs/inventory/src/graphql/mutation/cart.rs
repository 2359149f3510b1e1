//! Carts: made, filled, emptied.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use selvedge_kit::{identity::Identity, server::Changed};

use super::{
    orders,
    payload::{InventoryUserError, user_errors},
};
use crate::{
    command::{
        Answer, Caller,
        order::{CART_LINES_MAX, CartLine, NewCart},
    },
    graphql::{error::caller, limits, types::Cart},
};

/// Where a cart is sold when nothing else is said.
const CHANNEL_DEFAULT: &str = "online";

#[derive(InputObject)]
pub(crate) struct CartCreateInput {
    /// Where it is sold: 1 to 32 lower-case letters, digits and hyphens.
    #[graphql(default_with = "CHANNEL_DEFAULT.to_owned()")]
    channel: String,
    /// At most 100.
    #[graphql(default)]
    lines: Vec<CartLineInput>,
}

#[derive(InputObject)]
pub(crate) struct CartLineInput {
    sku: String,
    quantity: i32,
}

#[derive(SimpleObject)]
pub(crate) struct CartPayload {
    cart: Option<Cart>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct CartMutation;

#[Object(cache_control(no_cache))]
impl CartMutation {
    /// Nothing is held for a cart. Without signing in, who knows the id of a cart has it.
    async fn cart_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "CartCreateInput { channel: CHANNEL_DEFAULT.to_owned(), lines: Vec::new() }")]
        input: CartCreateInput,
        idempotency_key: String,
    ) -> Result<CartPayload, Error> {
        let identity = caller(ctx)?;
        let key = limits::idempotency_key(&idempotency_key)?;
        let input = NewCart { channel: limits::channel(input.channel)?, lines: lines(input.lines)? };
        let done = orders(ctx)?.create_cart(&Caller::of(identity), &input, key).await?;
        payload(ctx, identity, done).await
    }

    /// Adds pieces; SKUs that are in the cart already get more.
    async fn cart_lines_add(
        &self,
        ctx: &Context<'_>,
        cart_id: ID,
        lines: Vec<CartLineInput>,
        idempotency_key: String,
    ) -> Result<CartPayload, Error> {
        let identity = caller(ctx)?;
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("cartId", &cart_id)?;
        let lines = self::lines(lines)?;
        let done = orders(ctx)?.add_to_cart(&Caller::of(identity), (&cart_id, &lines), key).await?;
        payload(ctx, identity, done).await
    }

    /// Sets how many pieces of these SKUs are in the cart; 0 takes them out.
    async fn cart_lines_update(
        &self,
        ctx: &Context<'_>,
        cart_id: ID,
        lines: Vec<CartLineInput>,
        idempotency_key: String,
    ) -> Result<CartPayload, Error> {
        let identity = caller(ctx)?;
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("cartId", &cart_id)?;
        let lines = self::lines(lines)?;
        let done = orders(ctx)?.set_in_cart(&Caller::of(identity), (&cart_id, &lines), key).await?;
        payload(ctx, identity, done).await
    }

    /// Takes these SKUs out.
    async fn cart_lines_remove(
        &self,
        ctx: &Context<'_>,
        cart_id: ID,
        skus: Vec<String>,
        idempotency_key: String,
    ) -> Result<CartPayload, Error> {
        let identity = caller(ctx)?;
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("cartId", &cart_id)?;
        let lines = lines(skus.into_iter().map(|sku| CartLineInput { sku, quantity: 0 }).collect())?;
        let done = orders(ctx)?.set_in_cart(&Caller::of(identity), (&cart_id, &lines), key).await?;
        payload(ctx, identity, done).await
    }

    /// Puts these codes of promotions, at most 10, in place of those that are in the cart. A code that makes nothing
    /// cheaper stays in the cart: it may come to hold later.
    async fn cart_promotion_codes_update(
        &self,
        ctx: &Context<'_>,
        cart_id: ID,
        codes: Vec<String>,
        idempotency_key: String,
    ) -> Result<CartPayload, Error> {
        let identity = caller(ctx)?;
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("cartId", &cart_id)?;
        limits::at_most("codes", codes.len(), limits::CODES_MAX)?;
        for code in &codes {
            limits::storable("codes", code)?;
        }
        let done = orders(ctx)?.set_codes(&Caller::of(identity), (&cart_id, &codes), key).await?;
        payload(ctx, identity, done).await
    }
}

fn lines(lines: Vec<CartLineInput>) -> Result<Vec<CartLine>, Error> {
    limits::at_most("lines", lines.len(), CART_LINES_MAX)?;
    let line = |CartLineInput { sku, quantity }| {
        limits::storable("sku", &sku)?;
        Ok(CartLine { sku, quantity })
    };
    lines.into_iter().map(line).collect()
}

/// The cart as it is now: a repeated request shows what it became since.
async fn payload(ctx: &Context<'_>, identity: &Identity, done: Answer<String>) -> Result<CartPayload, Error> {
    if let Ok(changed) = ctx.data::<Changed>() {
        changed.nothing();
    }
    match done {
        Ok(id) => Ok(CartPayload { cart: Cart::visible_to(identity, ctx, id).await?, user_errors: Vec::new() }),
        Err(errors) => Ok(CartPayload { cart: None, user_errors: user_errors(errors) }),
    }
}

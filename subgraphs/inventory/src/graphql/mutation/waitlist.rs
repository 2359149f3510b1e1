//! Waiting for what is sold out.

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use selvedge_kit::server::Changed;

use super::{
    commands,
    payload::{InventoryUserError, user_errors},
};
use crate::{
    command::{Answer, Caller, waitlist::JoinWaitlist},
    entity::waitlist_entry,
    graphql::{access, limits, types::WaitlistEntry},
};

/// The longest id of a customer in characters.
const CUSTOMER_MAX: usize = 500;

/// The entry as it is then, or why it is not.
#[derive(SimpleObject)]
pub(crate) struct WaitlistPayload {
    entry: Option<WaitlistEntry>,
    user_errors: Vec<InventoryUserError>,
}

/// How many it were.
#[derive(SimpleObject)]
pub(crate) struct WaitlistCountPayload {
    count: u64,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct WaitlistMutation;

#[Object(cache_control(no_cache))]
impl WaitlistMutation {
    /// Waits for pieces of a variant, at the end of its queue. Who waits there already keeps their place, with the new
    /// quantity. At most 100 variants at once. For who is signed in.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn waitlist_join(
        &self,
        ctx: &Context<'_>,
        variant_id: ID,
        channel: Option<String>,
        #[graphql(default = 1, desc = "1 to 100.")] quantity: i32,
        idempotency_key: String,
    ) -> Result<WaitlistPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.waitlistJoin")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("channel", channel.as_deref().unwrap_or_default())?;
        let variant_id = limits::storable("variantId", &variant_id)?.to_owned();
        let input = JoinWaitlist { variant_id, channel, quantity };
        let done = commands(ctx)?.join_waitlist(&caller, &input, key).await?;
        Ok(payload(ctx, done))
    }

    /// Waits no longer, or gives back what the caller was told of. For who is signed in.
    async fn waitlist_leave(
        &self,
        ctx: &Context<'_>,
        id: ID,
        idempotency_key: String,
    ) -> Result<WaitlistPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.waitlistLeave")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let id = limits::storable("id", &id)?;
        let done = commands(ctx)?.leave_waitlist(&caller, id, key).await?;
        Ok(payload(ctx, done))
    }

    /// Forgets what a customer waits and has waited for. Scope customers:erase.
    async fn waitlist_erase(
        &self,
        ctx: &Context<'_>,
        customer_id: ID,
        idempotency_key: String,
    ) -> Result<WaitlistCountPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.waitlistErase")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let customer_id = limits::storable("customerId", &customer_id)?;
        limits::at_most("customerId", customer_id.chars().count(), CUSTOMER_MAX)?;
        let done = commands(ctx)?.erase_from_waitlist(&caller, customer_id, key).await?;
        Ok(count(ctx, done))
    }

    /// Has notices to customers that were given up tried again, as far as what they tell is still true. Scope
    /// waitlist:write.
    async fn waitlist_notices_redrive(
        &self,
        ctx: &Context<'_>,
        idempotency_key: String,
    ) -> Result<WaitlistCountPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.waitlistNoticesRedrive")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.redrive_waitlist_notices(&caller, key).await?;
        Ok(count(ctx, done))
    }
}

fn payload(ctx: &Context<'_>, done: Answer<waitlist_entry::Model>) -> WaitlistPayload {
    nothing_kept_changed(ctx);
    match done {
        Ok(row) => WaitlistPayload { entry: Some(WaitlistEntry(row)), user_errors: Vec::new() },
        Err(errors) => WaitlistPayload { entry: None, user_errors: user_errors(errors) },
    }
}

fn count(ctx: &Context<'_>, done: Answer<u64>) -> WaitlistCountPayload {
    nothing_kept_changed(ctx);
    match done {
        Ok(count) => WaitlistCountPayload { count, user_errors: Vec::new() },
        Err(errors) => WaitlistCountPayload { count: 0, user_errors: user_errors(errors) },
    }
}

/// What customers wait for is never kept by the gateway.
fn nothing_kept_changed(ctx: &Context<'_>) {
    if let Ok(changed) = ctx.data::<Changed>() {
        changed.nothing();
    }
}

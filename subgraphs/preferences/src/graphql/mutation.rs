//! Changing.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use selvedge_kit::server::Changed;

use super::{
    answer::internal,
    caller::{customer_id, identity},
    customer::CustomerNode,
    inputs::{BehaviourEventInput, ConsentInput, StyleProfileInput},
    payloads::{
        PreferencesUserError, RecordBehaviourPayload, SetConsentPayload, UpdateStyleProfilePayload, WishlistPayload,
    },
    product::ProductNode,
    request_scope::RequestScope,
    schema::Services,
};
use crate::{
    command::CommandError,
    domain::{Customer, MAX_EVENTS_PER_CALL, ProfileChange, Refusal, RefusalCode},
    intake::Batch,
};

/// The root of mutations.
pub(crate) struct MutationRoot;

#[Object(name = "Mutation", cache_control(no_cache))]
impl MutationRoot {
    async fn update_style_profile(
        &self,
        ctx: &Context<'_>,
        input: StyleProfileInput,
    ) -> Result<UpdateStyleProfilePayload> {
        let outcome = match signed_in(ctx)? {
            Ok(caller) => {
                let change = ProfileChange::from(input);
                let decide = |customer: &Customer, _| customer.with_profile(&change);
                let services = ctx.data::<Services>()?;
                settle(ctx, services.customers.change(caller.id, caller.correlation_id, decide).await).await?
            }
            Err(refusal) => Err(vec![refusal]),
        };
        let (customer, user_errors) = parts(outcome);
        Ok(UpdateStyleProfilePayload { customer, user_errors })
    }

    /// Adding what is there already changes nothing.
    async fn add_to_wishlist(&self, ctx: &Context<'_>, product_id: ID) -> Result<WishlistPayload> {
        change_wishlist(ctx, product_id, true).await
    }

    /// Removing what is not there changes nothing.
    async fn remove_from_wishlist(&self, ctx: &Context<'_>, product_id: ID) -> Result<WishlistPayload> {
        change_wishlist(ctx, product_id, false).await
    }

    /// Each purpose given is set; the others stay. Withdrawing personalisation deletes the customer's behaviour.
    async fn set_consent(&self, ctx: &Context<'_>, input: ConsentInput) -> Result<SetConsentPayload> {
        let outcome = match signed_in(ctx)? {
            Ok(caller) => {
                let privacy = &ctx.data::<Services>()?.privacy;
                settle(ctx, privacy.set_consent(caller.id, input.into(), caller.correlation_id).await).await?
            }
            Err(refusal) => Err(vec![refusal]),
        };
        let (customer, user_errors) = parts(outcome);
        Ok(SetConsentPayload { customer, user_errors })
    }

    /// 1 to 500 events. An event id seen before is counted as a duplicate. Without consent PERSONALISATION nothing
    /// personal is stored or published.
    async fn record_behaviour(
        &self,
        ctx: &Context<'_>,
        events: Vec<BehaviourEventInput>,
    ) -> Result<RecordBehaviourPayload> {
        let identity = identity(ctx)?;
        if events.is_empty() {
            let refusal = Refusal::new(RefusalCode::InvalidEvent, "Give at least one event.");
            return Ok(RecordBehaviourPayload::refused(refusal.at(["events"])));
        }
        if events.len() > MAX_EVENTS_PER_CALL {
            let message = format!("One call takes {MAX_EVENTS_PER_CALL} events, these are {}.", events.len());
            let refusal = Refusal::new(RefusalCode::TooManyEvents, message);
            return Ok(RecordBehaviourPayload::refused(refusal.at(["events"])));
        }
        let batch = Batch {
            customer_id: customer_id(identity).map(str::to_owned),
            drafts: events.into_iter().map(Into::into).collect(),
            correlation_id: identity.correlation_id.clone(),
        };
        let customer = batch.customer_id.clone();
        let report = ctx.data::<Services>()?.intake.record(batch).await;
        // Behaviour is shown nowhere but with its customer.
        if let Ok(changed) = ctx.data::<Changed>() {
            changed.nothing();
            customer.iter().for_each(|id| changed.tell("Customer", &[("id", id)]));
        }
        report.map(Into::into).map_err(internal)
    }
}

struct SignedIn<'a> {
    id: &'a str,
    correlation_id: &'a str,
}

fn signed_in<'a>(ctx: &Context<'a>) -> Result<Result<SignedIn<'a>, Refusal>> {
    let identity = identity(ctx)?;
    let caller = customer_id(identity).map(|id| SignedIn { id, correlation_id: &identity.correlation_id });
    Ok(caller.ok_or_else(|| Refusal::new(RefusalCode::NotSignedIn, "Sign in first.")))
}

async fn change_wishlist(ctx: &Context<'_>, product_id: ID, is_wished: bool) -> Result<WishlistPayload> {
    let outcome = match signed_in(ctx)? {
        Ok(caller) => {
            let decide = |customer: &Customer, now| {
                if is_wished { customer.with_wish(&product_id, now) } else { customer.without_wish(&product_id) }
            };
            let services = ctx.data::<Services>()?;
            settle(ctx, services.customers.change(caller.id, caller.correlation_id, decide).await).await?
        }
        Err(refusal) => Err(vec![refusal]),
    };
    let (customer, user_errors) = parts(outcome);
    let product = customer.is_some().then(|| ProductNode::wishlisted(product_id, is_wished));
    Ok(WishlistPayload { product, customer, user_errors })
}

/// Splits what became of a command into what the caller is told and what is a failure of ours.
async fn settle(
    ctx: &Context<'_>,
    result: Result<Customer, CommandError>,
) -> Result<Result<Arc<Customer>, Vec<Refusal>>> {
    // What the customer sees of products differs too; to tell all of it would end it for every other customer.
    if let Ok(changed) = ctx.data::<Changed>() {
        changed.anything();
    }
    match result {
        Ok(customer) => {
            let customer = Arc::new(customer);
            ctx.data::<RequestScope>()?.remember_caller(Arc::clone(&customer)).await;
            Ok(Ok(customer))
        }
        Err(CommandError::Refused(refusals)) => Ok(Err(refusals)),
        Err(error @ (CommandError::Store(_) | CommandError::Contended { .. })) => Err(internal(error)),
    }
}

fn parts(outcome: Result<Arc<Customer>, Vec<Refusal>>) -> (Option<CustomerNode>, Vec<PreferencesUserError>) {
    match outcome {
        Ok(customer) => (Some(CustomerNode::new(customer)), Vec::new()),
        Err(refusals) => (None, refusals.into_iter().map(Into::into).collect()),
    }
}

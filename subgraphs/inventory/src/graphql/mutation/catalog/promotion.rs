//! Promotions.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use selvedge_kit::server::Changed;

use crate::{
    command::{
        Answer, Caller,
        catalog::{PromotionDraft, PromotionWritten},
    },
    graphql::{
        access, limits,
        loaders::{PromotionById, loaders},
        mutation::{
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::{Promotion, PromotionKind},
    },
    store::pricing::TARGET_ALL,
};

#[derive(InputObject)]
pub(crate) struct PromotionInput {
    /// What shoppers read: 1 to 200 characters.
    title: String,
    /// Who wants it names this code: 1 to 50 letters, digits, `-` and `_`, in any case. Without one everyone gets it.
    code: Option<String>,
    kind: PromotionKind,
    /// Basis points (hundredths of a percent) of a PERCENTAGE, else minor units of the currency.
    value: i32,
    /// ISO 4217; of a FIXED_AMOUNT or FIXED_PRICE, which holds for prices in this currency.
    currency_code: Option<String>,
    /// Higher is applied first: -1000 to 1000.
    #[graphql(default)]
    priority: i32,
    /// Whether others may be applied beside it.
    #[graphql(default)]
    combinable: bool,
    #[graphql(default = true)]
    enabled: bool,
    /// Not before this time, by the clock of the database.
    starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    ends_at: Option<DateTime<Utc>>,
    targets: PromotionTargetsInput,
}

/// 1 to 1000 targets; any of them will do.
#[derive(InputObject)]
pub(crate) struct PromotionTargetsInput {
    /// Everything there is.
    #[graphql(default)]
    all: bool,
    #[graphql(default)]
    product_ids: Vec<ID>,
    #[graphql(default)]
    variant_ids: Vec<ID>,
    #[graphql(default)]
    collection_ids: Vec<ID>,
    /// Names of categories.
    #[graphql(default)]
    categories: Vec<String>,
}

#[derive(SimpleObject)]
pub(crate) struct PromotionPayload {
    /// Null when it was refused, or deleted.
    promotion: Option<Promotion>,
    user_errors: Vec<InventoryUserError>,
}

impl PromotionInput {
    fn draft(self) -> Result<PromotionDraft, Error> {
        limits::storable("title", &self.title)?;
        let PromotionTargetsInput { all, product_ids, variant_ids, collection_ids, categories } = self.targets;
        let ids = |kind, ids: Vec<ID>| ids.into_iter().map(move |id| (kind, id.0));
        let mut targets: Vec<(&'static str, String)> =
            ids("PRODUCT", product_ids).chain(ids("VARIANT", variant_ids)).collect();
        targets.extend(ids("COLLECTION", collection_ids));
        targets.extend(categories.into_iter().map(|name| ("CATEGORY", name)));
        targets.extend(all.then(|| (TARGET_ALL, String::new())));
        for (_, target) in &targets {
            limits::storable("targets", target)?;
        }
        Ok(PromotionDraft {
            title: self.title,
            code: self.code,
            kind: self.kind.as_str(),
            value: self.value.into(),
            currency: self.currency_code,
            priority: self.priority,
            combinable: self.combinable,
            enabled: self.enabled,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            targets,
        })
    }
}

async fn payload(ctx: &Context<'_>, answer: Answer<PromotionWritten>) -> Result<PromotionPayload, Error> {
    // What promotions change is asked for at the moment that it is shown; nothing that is kept has it.
    if let Ok(changed) = ctx.data::<Changed>() {
        changed.nothing();
    }
    match answer {
        Err(errors) => Ok(PromotionPayload { promotion: None, user_errors: user_errors(errors) }),
        Ok(written) => {
            let row = loaders(ctx)?.load_one(PromotionById(written.id)).await?;
            Ok(PromotionPayload { promotion: row.map(Promotion), user_errors: Vec::new() })
        }
    }
}

#[derive(Default)]
pub(crate) struct PromotionMutation;

#[Object(cache_control(no_cache))]
impl PromotionMutation {
    /// Scope catalog:write.
    async fn promotion_create(
        &self,
        ctx: &Context<'_>,
        input: PromotionInput,
        idempotency_key: String,
    ) -> Result<PromotionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.promotionCreate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.create_promotion(&caller, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Makes it what the input says, all of it. Scope catalog:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn promotion_update(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "Optimistic guard: its revision as last read.")] expected_revision: Option<i64>,
        input: PromotionInput,
        idempotency_key: String,
    ) -> Result<PromotionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.promotionUpdate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = (limits::storable("id", &id)?, expected_revision);
        let done = commands(ctx)?.update_promotion(&caller, of, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Scope catalog:write.
    async fn promotion_delete(
        &self,
        ctx: &Context<'_>,
        id: ID,
        idempotency_key: String,
    ) -> Result<PromotionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.promotionDelete")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.delete_promotion(&caller, limits::storable("id", &id)?, key).await?;
        payload(ctx, done).await
    }
}

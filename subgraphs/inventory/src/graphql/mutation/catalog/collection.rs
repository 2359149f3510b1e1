//! Collections.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use selvedge_kit::server::Changed;

use crate::{
    command::{
        Answer, Caller,
        catalog::{CollectionDraft, CollectionWritten},
    },
    domain::collection::{Rule, Rules},
    graphql::{
        access, limits,
        loaders::{CollectionById, loaders},
        mutation::{
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::{Collection, CollectionMatch, CollectionRuleField, CollectionRuleRelation, CollectionSort},
    },
};

#[derive(InputObject)]
pub(crate) struct CollectionInput {
    /// Unique name in addresses: 1 to 200 lower-case letters, digits and `-`.
    handle: String,
    /// 1 to 200 characters.
    title: String,
    /// At most 10000 characters.
    #[graphql(default)]
    description: String,
    /// The order of its products; MANUAL only where they are chosen by hand.
    sort: CollectionSort,
    /// What is in it. Without rules that is chosen by hand; what it is once it stays.
    rules: Option<CollectionRulesInput>,
}

#[derive(InputObject)]
pub(crate) struct CollectionRulesInput {
    #[graphql(default_with = "CollectionMatch::All")]
    matching: CollectionMatch,
    /// 1 to 30.
    rules: Vec<CollectionRuleInput>,
}

/// TITLE, VENDOR, CATEGORY: EQUALS, CONTAINS, STARTS_WITH, ENDS_WITH and their opposites. GENDER, STYLE, MATERIAL,
/// OCCASION: the same, IS_SET, IS_NOT_SET. TAG: EQUALS, NOT_EQUALS, IS_SET, IS_NOT_SET. PRICE, STOCK: EQUALS, NOT_EQUALS,
/// GREATER_THAN, LESS_THAN.
#[derive(InputObject)]
pub(crate) struct CollectionRuleInput {
    field: CollectionRuleField,
    relation: CollectionRuleRelation,
    /// 1 to 255 characters, a whole number from 0 on for PRICE (in minor units) and STOCK, empty for IS_SET, IS_NOT_SET.
    #[graphql(default)]
    value: String,
}

#[derive(SimpleObject)]
pub(crate) struct CollectionPayload {
    /// Null when it was refused, or deleted.
    collection: Option<Collection>,
    user_errors: Vec<InventoryUserError>,
}

impl CollectionInput {
    fn draft(self) -> Result<CollectionDraft, Error> {
        for (name, text) in [("title", &self.title), ("description", &self.description)] {
            limits::storable(name, text)?;
        }
        let rules = self.rules.map(|input| {
            let rule = |input: CollectionRuleInput| {
                limits::storable("value", &input.value)?;
                Ok(Rule { field: input.field.into(), relation: input.relation.into(), value: input.value })
            };
            let rules = input.rules.into_iter().map(rule).collect::<Result<_, Error>>()?;
            Ok::<_, Error>(Rules { any: input.matching == CollectionMatch::Any, rules })
        });
        Ok(CollectionDraft {
            handle: self.handle,
            title: self.title,
            description: self.description,
            sort: self.sort.into(),
            rules: rules.transpose()?,
        })
    }
}

/// The collection as it is now, which is told to whoever keeps it.
pub(super) async fn payload(ctx: &Context<'_>, answer: Answer<CollectionWritten>) -> Result<CollectionPayload, Error> {
    let changed = ctx.data::<Changed>().ok();
    if let Some(changed) = changed {
        changed.nothing();
    }
    let id = match answer {
        Err(errors) => return Ok(CollectionPayload { collection: None, user_errors: user_errors(errors) }),
        Ok(written) => written.id,
    };
    let row = loaders(ctx)?.load_one(CollectionById(id.clone())).await?;
    if let Some(changed) = changed {
        match &row {
            Some(row) => changed.tell("Collection", &[("id", &id), ("handle", &row.handle)]),
            None => changed.tell("Collection", &[("id", &id)]),
        }
    }
    Ok(CollectionPayload { collection: row.map(Collection), user_errors: Vec::new() })
}

#[derive(Default)]
pub(crate) struct CollectionMutation;

#[Object(cache_control(no_cache))]
impl CollectionMutation {
    /// Scope catalog:write.
    async fn collection_create(
        &self,
        ctx: &Context<'_>,
        input: CollectionInput,
        idempotency_key: String,
    ) -> Result<CollectionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionCreate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.write_collection(&caller, None, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Makes it what the input says, all of it; what is inside by hand stays. Scope catalog:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn collection_update(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "Optimistic guard: its revision as last read.")] expected_revision: Option<i64>,
        input: CollectionInput,
        idempotency_key: String,
    ) -> Result<CollectionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionUpdate")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let of = Some((limits::storable("id", &id)?, expected_revision));
        let done = commands(ctx)?.write_collection(&caller, of, &input.draft()?, key).await?;
        payload(ctx, done).await
    }

    /// Its products stay. Scope catalog:write.
    async fn collection_delete(
        &self,
        ctx: &Context<'_>,
        id: ID,
        idempotency_key: String,
    ) -> Result<CollectionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionDelete")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let done = commands(ctx)?.delete_collection(&caller, limits::storable("id", &id)?, key).await?;
        payload(ctx, done).await
    }
}

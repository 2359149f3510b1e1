//! Channels as merchandisers read and set them.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};

use super::{
    access,
    limits::{idempotency_key as checked_key, storable},
    mutation::{InventoryUserError, commands},
    types::Channel,
};
use crate::{
    command::{AllocationRule, Answer, Caller, SetAllocations, SetChannel},
    entity::channel,
    store::{Store, channels},
};

/// The most channels that are listed.
const CHANNELS_MAX: u64 = 250;

#[derive(Default)]
pub(crate) struct ChannelQuery;

#[Object]
impl ChannelQuery {
    /// Sales channels by code, at most 250.
    #[graphql(cache_control(no_cache))]
    async fn channels(&self, ctx: &Context<'_>) -> Result<Option<Vec<Channel>>, Error> {
        access::require(ctx, "Query.channels")?;
        let rows = channels::list(ctx.data::<Store>()?.reader(), CHANNELS_MAX).await?;
        Ok(Some(rows.into_iter().map(|row| Channel(row.into())).collect()))
    }

    /// The sales channel with this code.
    #[graphql(cache_control(no_cache))]
    async fn channel(&self, ctx: &Context<'_>, code: String) -> Result<Option<Channel>, Error> {
        storable("code", &code)?;
        let found = channels::read(ctx.data::<Store>()?.reader(), &code, &[]).await?;
        Ok(found.map(|found| Channel(found.channel.into())))
    }
}

#[derive(Default)]
pub(crate) struct ChannelMutation;

#[derive(InputObject)]
pub(crate) struct ChannelInput {
    /// Unique short name: 1 to 50 lower-case letters, digits and hyphens.
    code: String,
    name: String,
    /// Whether it sells.
    #[graphql(default = true)]
    active: bool,
    /// Pieces of each variant that it does not offer.
    #[graphql(default)]
    safety_stock: i32,
    /// Where it sells from, first to be taken from in front; empty for every location. At most 1,000.
    #[graphql(default)]
    location_ids: Vec<ID>,
}

#[derive(InputObject)]
pub(crate) struct ChannelAllocationsInput {
    /// The channel's code.
    channel: String,
    /// 1 to 1,000; rules that are not named stay.
    allocations: Vec<ChannelAllocationInput>,
}

/// How much of what there is the channel may offer. Neither a share nor a limit takes the rule away.
#[derive(InputObject)]
pub(crate) struct ChannelAllocationInput {
    /// Null for all variants that have no rule of their own.
    sku: Option<String>,
    /// Percent, 0 to 100, rounded down to whole pieces.
    share_percent: Option<i32>,
    /// Pieces at a time.
    limit: Option<i32>,
}

/// The channel as it is then, or why it was not changed.
#[derive(SimpleObject)]
pub(crate) struct ChannelPayload {
    channel: Option<Channel>,
    user_errors: Vec<InventoryUserError>,
}

#[Object(cache_control(no_cache))]
impl ChannelMutation {
    /// Makes a sales channel, or sets everything of the one with this code. Scope channels:write.
    async fn channel_set(
        &self,
        ctx: &Context<'_>,
        input: ChannelInput,
        idempotency_key: String,
    ) -> Result<ChannelPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.channelSet")?);
        let key = checked_key(&idempotency_key)?;
        storable("name", &input.name)?;
        for id in &input.location_ids {
            storable("locationIds", id)?;
        }
        let input = SetChannel {
            code: storable("code", &input.code)?.to_owned(),
            name: input.name,
            active: input.active,
            safety_stock: input.safety_stock,
            location_ids: input.location_ids.into_iter().map(|id| id.0).collect(),
        };
        Ok(commands(ctx)?.set_channel(&caller, &input, key).await?.into())
    }

    /// Sets how much of what there is a channel may offer. It holds from the next answer on. Scope channels:write.
    async fn channel_allocations_set(
        &self,
        ctx: &Context<'_>,
        input: ChannelAllocationsInput,
        idempotency_key: String,
    ) -> Result<ChannelPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.channelAllocationsSet")?);
        let key = checked_key(&idempotency_key)?;
        let mut allocations = Vec::with_capacity(input.allocations.len());
        for ChannelAllocationInput { sku, share_percent, limit } in input.allocations {
            storable("sku", sku.as_deref().unwrap_or_default())?;
            allocations.push(AllocationRule { sku, share_percent, limit });
        }
        let input = SetAllocations { channel: storable("channel", &input.channel)?.to_owned(), allocations };
        Ok(commands(ctx)?.set_allocations(&caller, &input, key).await?.into())
    }
}

impl From<Answer<channel::Model>> for ChannelPayload {
    fn from(answer: Answer<channel::Model>) -> Self {
        match answer {
            Ok(row) => Self { channel: Some(Channel(row.into())), user_errors: Vec::new() },
            Err(errors) => Self { channel: None, user_errors: errors.into_iter().map(Into::into).collect() },
        }
    }
}

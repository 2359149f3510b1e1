//! Mutation fields: they check who asks, and translate.

mod catalog;
mod changed;
mod input;
mod payload;
mod reservation;
mod stock;
mod stock_input;

use async_graphql::{Context, Error, MergedObject};

pub(super) use self::payload::InventoryUserError;
use self::{catalog::CatalogMutation, reservation::ReservationMutation, stock::StockMutation};
use super::{channels::ChannelMutation, loaders::loaders};
use crate::command::Commands;

// The root of everything that changes something, one part per file; an ordinary comment, because the API would show it.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(StockMutation, ReservationMutation, ChannelMutation, CatalogMutation);

/// The commands, for a resolver whose answer must show what they did: nothing read before is used again.
pub(super) fn commands<'a>(ctx: &Context<'a>) -> Result<&'a Commands, Error> {
    loaders(ctx)?.enable_all_cache(false);
    ctx.data::<Commands>()
}

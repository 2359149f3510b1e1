//! Mutation fields: they check who asks, and translate.

mod alert;
mod cart;
mod catalog;
mod changed;
mod input;
mod order;
mod order_input;
mod payload;
mod reservation;
mod stock;
mod stock_input;
mod supply;
mod waitlist;

use async_graphql::{Context, Error, MergedObject};

pub(super) use self::payload::InventoryUserError;
use self::{
    alert::AlertMutation, cart::CartMutation, catalog::CatalogMutation, order::OrderMutation,
    reservation::ReservationMutation, stock::StockMutation, supply::SupplyMutation, waitlist::WaitlistMutation,
};
use super::{channels::ChannelMutation, loaders::loaders};
use crate::command::{Commands, order::Orders};

// The root of everything that changes something, one part per file; an ordinary comment, because the API would show it.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(
    StockMutation,
    ReservationMutation,
    ChannelMutation,
    CatalogMutation,
    CartMutation,
    OrderMutation,
    AlertMutation,
    SupplyMutation,
    WaitlistMutation,
);

/// The commands, for a resolver whose answer must show what they did: nothing read before is used again.
pub(super) fn commands<'a>(ctx: &Context<'a>) -> Result<&'a Commands, Error> {
    loaders(ctx)?.enable_all_cache(false);
    ctx.data::<Commands>()
}

/// The commands of carts and orders, likewise.
fn orders<'a>(ctx: &Context<'a>) -> Result<&'a Orders, Error> {
    loaders(ctx)?.enable_all_cache(false);
    ctx.data::<Orders>()
}

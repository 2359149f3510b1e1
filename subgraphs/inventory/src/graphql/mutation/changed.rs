//! What a mutation tells to have changed.

use async_graphql::Context;
use selvedge_kit::server::Changed;

use crate::{
    command::{Answer, StockChange},
    entity::reservation_line,
    graphql::loaders::{LinesOfOrder, VariantById, loaders},
};

/// Tells the stock of these levels.
pub(super) async fn tell_levels(ctx: &Context<'_>, done: &Answer<StockChange>) {
    let variants = done.iter().flat_map(|done| &done.levels).map(|level| level.variant_id.clone()).collect();
    tell_variants(ctx, variants).await;
}

/// Tells the stock of what is reserved.
pub(super) async fn tell_reservation(ctx: &Context<'_>, lines: &[reservation_line::Model]) {
    tell_variants(ctx, lines.iter().map(|line| line.variant_id.clone()).collect()).await;
}

/// Tells an order and the stock of what is in it.
pub(super) async fn tell_order(ctx: &Context<'_>, done: &Answer<String>) {
    let Ok(order_id) = done else { return tell_variants(ctx, Vec::new()).await };
    let (Ok(changed), Ok(loaders)) = (ctx.data::<Changed>(), loaders(ctx)) else { return };
    let Ok(lines) = loaders.load_one(LinesOfOrder(order_id.clone())).await else { return changed.anything() };
    let variants = lines.iter().flat_map(|lines| lines.iter()).map(|line| line.variant_id.clone()).collect();
    tell_variants(ctx, variants).await;
    changed.tell("Order", &[("id", order_id)]);
}

/// Tells badges, variants and products, as the events of the same change do. What cannot be looked up is not told, and
/// then it counts as if anything had changed.
pub(super) async fn tell_variants(ctx: &Context<'_>, mut ids: Vec<String>) {
    let Ok(changed) = ctx.data::<Changed>() else { return };
    changed.nothing();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return;
    }
    let Ok(loaders) = loaders(ctx) else { return changed.anything() };
    let Ok(variants) = loaders.load_many(ids.iter().cloned().map(VariantById)).await else {
        return changed.anything();
    };
    if variants.len() < ids.len() {
        changed.anything();
    }
    for variant in variants.values() {
        changed.tell("StockBadge", &[("sku", &variant.sku)]);
        changed.tell("ProductVariant", &[("id", &variant.id), ("sku", &variant.sku)]);
        changed.tell("Product", &[("id", &variant.product_id)]);
    }
}

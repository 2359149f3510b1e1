//! What a mutation tells to have changed.

use async_graphql::Context;
use selvedge_kit::server::Changed;

use crate::{
    command::{Answer, StockChange},
    entity::reservation_line,
    graphql::loaders::{VariantById, loaders},
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

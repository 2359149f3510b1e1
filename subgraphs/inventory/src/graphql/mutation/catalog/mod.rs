//! Changes of the catalog by staff.

mod collection;
mod curation;
mod media;
mod prices;
mod promotion;
mod publication;
mod taxonomy;
mod tiers;

use async_graphql::{Context, Error, MergedObject};
use selvedge_kit::server::Changed;

use self::{
    collection::CollectionMutation, curation::CurationMutation, media::MediaMutation, prices::PriceMutation,
    promotion::PromotionMutation, publication::PublicationMutation, taxonomy::TaxonomyMutation, tiers::TierMutation,
};

use crate::graphql::loaders::{ProductById, VariantsOfProduct, loaders};

// An ordinary comment, because the API would show it: one part per file.
#[derive(Default, MergedObject)]
pub(crate) struct CatalogMutation(
    PriceMutation,
    TierMutation,
    PromotionMutation,
    CollectionMutation,
    CurationMutation,
    PublicationMutation,
    TaxonomyMutation,
    MediaMutation,
);

/// Tells these products and their variants, as their events do.
async fn tell_products(ctx: &Context<'_>, ids: &[String]) -> Result<(), Error> {
    let Ok(changed) = ctx.data::<Changed>() else { return Ok(()) };
    changed.nothing();
    let rows = loaders(ctx)?.load_many(ids.iter().cloned().map(ProductById)).await?;
    for row in rows.values() {
        changed.tell("Product", &[("id", &row.id), ("handle", &row.handle)]);
    }
    let variants = loaders(ctx)?.load_many(ids.iter().cloned().map(VariantsOfProduct)).await?;
    for row in variants.values().flat_map(|rows| rows.iter()) {
        changed.tell("ProductVariant", &[("id", &row.id), ("sku", &row.sku)]);
    }
    Ok(())
}

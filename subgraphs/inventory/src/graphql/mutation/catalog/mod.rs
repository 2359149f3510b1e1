//! Changes of the catalog by staff.

mod collection;
mod curation;
mod prices;
mod promotion;
mod publication;
mod tiers;

use async_graphql::MergedObject;

use self::{
    collection::CollectionMutation, curation::CurationMutation, prices::PriceMutation, promotion::PromotionMutation,
    publication::PublicationMutation, tiers::TierMutation,
};

// An ordinary comment, because the API would show it: one part per file.
#[derive(Default, MergedObject)]
pub(crate) struct CatalogMutation(
    PriceMutation,
    TierMutation,
    PromotionMutation,
    CollectionMutation,
    CurationMutation,
    PublicationMutation,
);

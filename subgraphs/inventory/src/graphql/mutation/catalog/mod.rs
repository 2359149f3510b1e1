//! Changes of the catalog by staff.

mod prices;
mod promotion;
mod tiers;

use async_graphql::MergedObject;

use self::{prices::PriceMutation, promotion::PromotionMutation, tiers::TierMutation};

// An ordinary comment, because the API would show it: one part per file.
#[derive(Default, MergedObject)]
pub(crate) struct CatalogMutation(PriceMutation, TierMutation, PromotionMutation);

//! Changes of what is shown and what it costs: each counts up the products that it changes and announces them in its own
//! transaction.

mod collection;
mod media;
mod prices;
mod promotions;
mod publish;
mod taxonomy;
mod tiers;

pub use collection::{
    Added, CHANGES_MAX, CollectionDraft, CollectionWritten, Curate, NOTE_MAX, PRODUCTS_MAX, SMART_MAX,
};
pub use media::{MEDIA_MAX, MediaDraft, MediaSet, SetMedia};
pub use prices::{PRICES_MAX, PricesSet, SetVariantPrices, VariantPrice};
pub(crate) use promotions::is_code;
pub use promotions::{PromotionDraft, PromotionWritten, TARGETS_MAX};
pub use publish::{PUBLICATIONS_MAX, PublicationDraft, PublicationsSet, SUBJECTS_MAX, SetPublications, run_publisher};
pub use taxonomy::{CHILDREN_MAX, CategoriesSet, CategoryEdit, CategoryWritten, SetCategories};
pub use tiers::{QUANTITY_MAX, SetPriceTiers, TIERS_MAX, TierDraft, TiersOfVariant, TiersSet};

use chrono::{DateTime, Utc};

use crate::domain::{ErrorCode, UserError};

/// Refusals of the input, collected.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Vec<UserError>);

impl Refusals {
    /// Adds that the argument at `path` (below `input`, its parts joined by dots) cannot be as it is.
    pub(crate) fn add(&mut self, path: &str, code: ErrorCode, message: impl Into<String>) {
        let path: Vec<&str> = ["input"].into_iter().chain(path.split('.')).collect();
        self.0.push(UserError::at(&path, code, message));
    }

    /// Adds that what begins and ends below `path` ends before it has begun.
    pub(crate) fn check_period(
        &mut self,
        path: &str,
        starts_at: Option<DateTime<Utc>>,
        ends_at: Option<DateTime<Utc>>,
    ) {
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end <= start
        {
            let path = [path, "endsAt"].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
            self.add(&path, ErrorCode::InvalidInput, format!("the end {end} is not after the start {start}"));
        }
    }

    /// The refusals, unless there are none.
    pub(crate) fn or_none(self) -> Result<(), Vec<UserError>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

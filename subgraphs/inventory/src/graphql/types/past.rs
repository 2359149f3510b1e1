//! Stock as it was.

use std::sync::Arc;

use async_graphql::{Context, Error, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{Location, level::InventoryQuantities};
use crate::{
    domain::Quantities,
    graphql::loaders::{LevelsOfVariantAt, loaders},
    store::catalog_read::PastLevel,
};

/// The stock of one variant as it was, the ledger replayed.
#[derive(SimpleObject)]
pub(crate) struct StockAt {
    sku: String,
    /// The changes of this very moment are in it. A time to come is as of now.
    time: DateTime<Utc>,
    /// Over all locations that are asked for. What is available at each is added up, so that what one keeps back does
    /// not take from another.
    quantities: InventoryQuantities,
    /// Ordered by location; one that had no stock yet is left out.
    levels: Vec<PastInventoryLevel>,
}

pub(crate) struct PastInventoryLevel(PastLevel);

#[Object]
impl PastInventoryLevel {
    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn quantities(&self) -> InventoryQuantities {
        self.0.level.quantities.into()
    }

    async fn version(&self) -> i64 {
        self.0.level.version
    }

    /// Time of the last change before.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }
}

impl StockAt {
    /// The stock of a variant at `time`, at one location if that is given.
    pub(crate) async fn read(
        ctx: &Context<'_>,
        (variant_id, sku): (&str, &str),
        location_id: Option<&str>,
        time: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let levels = loaders(ctx)?.load_one(LevelsOfVariantAt(variant_id.to_owned(), time)).await?;
        let levels: Vec<Arc<PastLevel>> = levels
            .iter()
            .flat_map(|levels| levels.iter())
            .filter(|level| location_id.is_none_or(|id| id == level.location_id))
            .cloned()
            .collect();
        let all: Vec<Quantities> = levels.iter().map(|level| level.level.quantities).collect();
        let levels = levels.iter().map(|level| PastInventoryLevel(PastLevel::clone(level))).collect();
        Ok(Self { sku: sku.to_owned(), time, quantities: InventoryQuantities::sum(&all), levels })
    }
}

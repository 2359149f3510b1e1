//! Writing levels and badges anew from the events.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Caller, Commands};
use crate::{
    domain::{Level, Stock},
    entity::{location, variant},
    store::{
        Discrepancy, StoreError, Verification, alerts,
        ledger::{overwrite_levels, refresh_badges},
        levels::{Which, load},
        transact::{Work, transact},
        verify::{Levels, replay},
    },
};

/// What a rebuild has put right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RebuildSummary {
    /// Variants looked at.
    pub variants: u64,
    /// Levels that were not as their events say.
    pub levels: u64,
    /// Badges that were not as their levels say.
    pub badges: u64,
    /// Events that cannot be folded; their variants are left as they are.
    pub unusable: Vec<Discrepancy>,
}

/// Variants of one transaction.
const VARIANTS_PER_TRANSACTION: u64 = 100;

impl Commands {
    /// Replays the ledger, page by page under the lock of its SKUs, and overwrites what differs: levels first, then the
    /// badges over them, which are announced; and has what alerts are
    /// raised of added up anew. May run while shoppers buy. `progress` hears after each page what was done so far.
    ///
    /// # Errors
    ///
    /// When the store fails; pages before stay rebuilt.
    pub async fn rebuild(
        &self,
        caller: &Caller,
        mut progress: impl FnMut(&RebuildSummary) + Send,
    ) -> Result<RebuildSummary, StoreError> {
        let mut summary = RebuildSummary::default();
        let mut after = String::new();
        loop {
            let ids: Vec<String> = variant::Entity::find()
                .select_only()
                .column(variant::Column::Id)
                .filter(variant::Column::Id.gt(after.as_str()))
                .order_by_asc(variant::Column::Id)
                .limit(VARIANTS_PER_TRANSACTION)
                .into_tuple()
                .all(self.store.reader())
                .await?;
            let Some(last) = ids.last() else {
                alerts::forget_sums(&self.store).await?;
                return Ok(summary);
            };
            after.clone_from(last);
            let page = transact(&self.store, &Rebuild { commands: self, caller, ids }).await?;
            self.signal.ring();
            summary.variants += page.variants;
            summary.levels += page.levels;
            summary.badges += page.badges;
            summary.unusable.extend(page.unusable);
            progress(&summary);
        }
    }
}

struct Rebuild<'a> {
    commands: &'a Commands,
    caller: &'a Caller,
    ids: Vec<String>,
}

impl Work for Rebuild<'_> {
    type Output = RebuildSummary;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<RebuildSummary, StoreError> {
        // A level that is gone can be at any location.
        let places: Vec<String> =
            location::Entity::find().select_only().column(location::Column::Id).into_tuple().all(transaction).await?;
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        let mut loaded = load(transaction, Which::Ids(&self.ids), &places).await?;
        // As the pages of ids come: in order.
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let mut report = Verification::default();
        let replayed = replay(transaction, &ids, &mut report).await?;
        let stale = stale_levels(&loaded.stock, &replayed, &report);
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        let levels = count(stale.len());
        overwrite_levels(transaction, &mut loaded, stale).await?;
        let threshold = self.commands.low_stock_threshold;
        let badges = refresh_badges(transaction, &mut loaded, threshold, &self.caller.correlation_id).await?;
        let variants = count(loaded.stock.variants.len());
        Ok(RebuildSummary { variants, levels, badges: count(badges), unusable: report.discrepancies })
    }
}

/// What stored levels should be where they differ from the replayed ones, without those whose events do not fold. A level
/// without events is all zero.
fn stale_levels(stock: &Stock, replayed: &Levels, report: &Verification) -> Vec<((String, String), Level)> {
    let is_usable = |(variant_id, location_id): &(String, String)| {
        !report.discrepancies.iter().any(|discrepancy| match discrepancy {
            Discrepancy::Impossible(event) => event.variant_id == *variant_id && event.location_id == *location_id,
            _ => true,
        })
    };
    let stored = stock
        .variants
        .values()
        .flat_map(|variant| variant.levels.keys().map(|location_id| (variant.variant_id.clone(), location_id.clone())));
    let keys: BTreeSet<(String, String)> = stored.chain(replayed.keys().cloned()).filter(is_usable).collect();
    let with_level = |key: (String, String)| {
        let level = replayed.get(&key).copied().unwrap_or_default();
        (key, level)
    };
    keys.into_iter().map(with_level).filter(|(key, level)| stock.level(&key.0, &key.1) != *level).collect()
}

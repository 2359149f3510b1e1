//! What a batch changes: reservations as rows, and the variants and levels that they were decided on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    domain::{Badge, Level, StockEvent, StockPolicy},
    store::{
        StoreError, badges::BadgeOfSku, ledger::project_badges, levels::LoadedStock, outbox,
        reservations::ReservationWithLines,
    },
};

/// A request under its key, with the answer that is stored for it.
#[derive(Debug)]
pub(crate) struct Answered {
    /// Whose key it is.
    pub(crate) scope: String,
    /// The key.
    pub(crate) key: String,
    /// SHA-256 of the request.
    pub(crate) request_hash: String,
    /// The answer as JSON.
    pub(crate) response: String,
}

/// A reservation that was granted. Its lines and its events belong together pair by pair.
#[derive(Debug)]
pub(crate) struct Sale {
    /// The rows.
    pub(crate) reserved: ReservationWithLines,
    /// What happened to levels.
    pub(crate) events: Vec<StockEvent>,
    /// The key of the request.
    pub(crate) key: String,
}

/// A variant as it was decided on.
#[derive(Debug)]
pub(super) struct VariantGuard {
    pub(super) id: String,
    pub(super) revision: i64,
    pub(super) policy: StockPolicy,
    pub(super) expected_at: Option<DateTime<Utc>>,
    /// What it shall show.
    pub(super) next: Badge,
}

/// A level as it was decided on, and what it shall be.
#[derive(Debug)]
pub(super) struct LevelGuard {
    pub(super) id: String,
    pub(super) version: i64,
    pub(super) next: Level,
}

/// Requests that are answered together.
#[derive(Debug)]
pub(crate) struct Batch {
    /// All requests, refused ones too.
    pub(crate) answers: Vec<Answered>,
    /// Those that were granted, in the order in which they were decided.
    pub(crate) sales: Vec<Sale>,
    pub(super) variants: Vec<VariantGuard>,
    pub(super) levels: Vec<LevelGuard>,
    /// Subjects and envelopes of the events that announce changed badges.
    pub(super) announcements: Vec<(String, String)>,
}

impl Batch {
    /// The batch of what was decided on `loaded`, whose levels are those after all of `sales` and whose badges are those
    /// before; they are brought up to date.
    ///
    /// # Errors
    ///
    /// When a sale is of a level that was not loaded.
    pub(crate) fn new(
        loaded: &mut LoadedStock,
        answers: Vec<Answered>,
        sales: Vec<Sale>,
        low_stock_threshold: i32,
    ) -> Result<Self, StoreError> {
        let levels = guard_levels(loaded, &sales)?;
        let touched: BTreeSet<String> =
            sales.iter().flat_map(|sale| &sale.events).map(|event| event.variant_id.clone()).collect();
        let before: Vec<(String, i64)> =
            touched.iter().filter_map(|id| Some((id.clone(), loaded.stock.variants.get(id)?.badge.revision))).collect();
        let changed = project_badges(loaded, &touched, low_stock_threshold);
        let guard = |(id, revision): (String, i64)| {
            let variant = loaded.stock.variants.get(&id)?;
            let (policy, expected_at, next) = (variant.policy, variant.expected_at, variant.badge);
            Some(VariantGuard { id, revision, policy, expected_at, next })
        };
        let variants = before.into_iter().filter_map(guard).collect();
        let announcements = announce(&changed, &sales, loaded.now)?;
        Ok(Self { answers, sales, variants, levels, announcements })
    }
}

/// Each level once, with the version before its first event.
fn guard_levels(loaded: &LoadedStock, sales: &[Sale]) -> Result<Vec<LevelGuard>, StoreError> {
    let mut before: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for event in sales.iter().flat_map(|sale| &sale.events) {
        before.entry((&event.variant_id, &event.location_id)).or_insert(event.version - 1);
    }
    let guard = |((variant_id, location_id), version): ((&str, &str), i64)| {
        let key = (variant_id.to_owned(), location_id.to_owned());
        let id = loaded.level_ids.get(&key).cloned().ok_or_else(|| StoreError::Corrupt {
            table: "stock_level",
            reason: format!("there is no level of `{variant_id}` at `{location_id}` to sell from"),
        })?;
        Ok(LevelGuard { id, version, next: loaded.stock.level(variant_id, location_id) })
    };
    before.into_iter().map(guard).collect()
}

/// One event per changed badge, however many reservations changed it; it names the last of them.
fn announce(changed: &[BadgeOfSku], sales: &[Sale], now: DateTime<Utc>) -> Result<Vec<(String, String)>, StoreError> {
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for sale in sales {
        for event in &sale.events {
            last.insert(&event.variant_id, &sale.reserved.reservation.correlation_id);
        }
    }
    let event = |badge: &BadgeOfSku| {
        let correlation_id = last.get(badge.variant_id.as_str()).copied().unwrap_or_default();
        let envelope = outbox::envelope(outbox::of_badge(badge)?, now, correlation_id)?;
        Ok((badge.sku.clone(), envelope.to_string()))
    };
    changed.iter().map(event).collect()
}

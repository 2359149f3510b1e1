//! Levels as they are now → alerts that are raised, changed, over.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use serde_json::json;

use super::{
    threshold::thresholds,
    write::{AlertChange, Happened},
};
use crate::{
    domain::{
        Level,
        alert::{AlertKind, AlertSettings, AlertSeverity, LevelRule, Verdict},
    },
    entity::{
        stock_alert::{Column, Entity, Model},
        stock_level, variant,
    },
    store::{
        StoreError,
        catalog_read::{STATUS_SHOWN, among},
        ledger::new_id,
        now,
    },
};

/// Places that are judged together.
const PLACES_AT_ONCE: usize = 500;
/// In the place of a location: over all of them.
const EVERYWHERE: &str = "";
/// Not out yet, so that nothing of it is missing.
const PREORDER: &str = "PREORDER";

/// A variant at a location, or over all of them.
pub(super) type PlaceKey = (String, String);

/// A variant as far as its alerts need it.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Watched {
    pub(super) id: String,
    pub(super) product_id: String,
    pub(super) sku: String,
    stock_policy: String,
    pub(super) badge_available: i32,
    product_status: String,
}

impl Watched {
    /// An alert about it that was never there before.
    pub(super) fn new_alert(&self, (kind, severity): (AlertKind, AlertSeverity), now: DateTime<Utc>) -> Model {
        Model {
            id: new_id(),
            kind: kind.as_str().to_owned(),
            severity: severity.as_str().to_owned(),
            variant_id: self.id.clone(),
            product_id: self.product_id.clone(),
            sku: self.sku.clone(),
            location_id: String::new(),
            channel: String::new(),
            threshold: None,
            available: Some(self.badge_available),
            facts: json!({}),
            occurrences: 1,
            revision: 0,
            raised_at: now,
            changed_at: now,
            resolved_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
        }
    }
}

/// The variants with these ids, or with these SKUs.
pub(super) async fn watched(
    connection: &impl ConnectionTrait,
    by: variant::Column,
    keys: impl IntoIterator<Item = String>,
) -> Result<Vec<Watched>, StoreError> {
    let query = variant::Entity::find()
        .select_only()
        .columns([
            variant::Column::Id,
            variant::Column::ProductId,
            variant::Column::Sku,
            variant::Column::StockPolicy,
            variant::Column::BadgeAvailable,
        ])
        .expr_as(Expr::cust("(SELECT status FROM product WHERE product.id = variant.product_id)"), "product_status")
        .filter(among(connection.get_database_backend(), by, keys));
    Ok(query.into_model::<Watched>().all(connection).await?)
}

/// Judges the stock at `places` as it is now, and over all locations for each of their variants. What was in between does
/// not matter, so that it may be called at any time, any number of times. Hold the lock of alerts; [`super::save`] what it gives.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn evaluate(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
    places: &BTreeSet<PlaceKey>,
) -> Result<Vec<AlertChange>, StoreError> {
    let mut all = places.clone();
    all.extend(places.iter().map(|(variant_id, _)| (variant_id.clone(), EVERYWHERE.to_owned())));
    let all: Vec<PlaceKey> = all.into_iter().collect();
    let mut changes = Vec::new();
    for chunk in all.chunks(PLACES_AT_ONCE) {
        let facts = Facts::read(transaction, settings, chunk).await?;
        changes.extend(facts.judge(transaction, settings, chunk).await?);
    }
    Ok(changes)
}

/// The places of up to `limit` open alerts behind the alert `after`, in the order of ids, with the id of the last one.
pub(crate) async fn open_places(
    connection: &impl ConnectionTrait,
    after: &str,
    limit: u64,
) -> Result<(BTreeSet<PlaceKey>, Option<String>), StoreError> {
    let rows = Entity::find()
        .filter(Column::Kind.eq(AlertKind::StockLevel.as_str()))
        .filter(Column::ResolvedAt.is_null())
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    let last = rows.last().map(|row| row.id.clone());
    Ok((rows.into_iter().map(|row| (row.variant_id, row.location_id)).collect(), last))
}

/// What is known of the places that are judged.
struct Facts {
    now: DateTime<Utc>,
    variants: HashMap<String, Watched>,
    thresholds: HashMap<PlaceKey, i32>,
    available_at: HashMap<PlaceKey, i32>,
    open: HashMap<PlaceKey, Model>,
}

impl Facts {
    async fn read(
        transaction: &impl ConnectionTrait,
        settings: &AlertSettings,
        places: &[PlaceKey],
    ) -> Result<Self, StoreError> {
        let backend = transaction.get_database_backend();
        let ids: BTreeSet<String> = places.iter().map(|(variant_id, _)| variant_id.clone()).collect();
        let variants = watched(transaction, variant::Column::Id, ids.clone()).await?;
        let thresholds = thresholds(transaction, ids.clone()).await?;
        let of_levels = |key: &&PlaceKey| {
            key.1 != EVERYWHERE && (settings.location_threshold.is_some() || thresholds.contains_key(*key))
        };
        let with_levels: BTreeSet<String> = places.iter().filter(of_levels).map(|(id, _)| id.clone()).collect();
        let mut available_at = HashMap::new();
        if !with_levels.is_empty() {
            let levels = stock_level::Entity::find();
            let levels = levels.filter(among(backend, stock_level::Column::VariantId, with_levels));
            for row in levels.all(transaction).await? {
                let available = Level::from(&row).available();
                available_at.insert((row.variant_id, row.location_id), available);
            }
        }
        let open = Entity::find()
            .filter(among(backend, Column::VariantId, ids))
            .filter(Column::Kind.eq(AlertKind::StockLevel.as_str()))
            .filter(Column::ResolvedAt.is_null())
            .all(transaction)
            .await?;
        Ok(Self {
            now: now::read(transaction).await?,
            variants: variants.into_iter().map(|row| (row.id.clone(), row)).collect(),
            thresholds,
            available_at,
            open: open.into_iter().map(|row| ((row.variant_id.clone(), row.location_id.clone()), row)).collect(),
        })
    }

    /// The rule of a place, and the pieces there; `None` when nobody wants to hear of it.
    fn rule(&self, settings: &AlertSettings, place: &PlaceKey) -> Option<(LevelRule, i32)> {
        let variant = self.variants.get(&place.0)?;
        if variant.product_status != STATUS_SHOWN || variant.stock_policy == PREORDER {
            return None;
        }
        let own = self.thresholds.get(place).copied();
        let (threshold, available) = if place.1 == EVERYWHERE {
            (own.unwrap_or(settings.threshold), variant.badge_available)
        } else {
            (own.or(settings.location_threshold)?, self.available_at.get(place).copied().unwrap_or(0))
        };
        Some((LevelRule { threshold, clear_margin: settings.clear_margin }, available))
    }

    async fn judge(
        mut self,
        transaction: &impl ConnectionTrait,
        settings: &AlertSettings,
        places: &[PlaceKey],
    ) -> Result<Vec<AlertChange>, StoreError> {
        let mut changes = Vec::new();
        let mut raised = Vec::new();
        for place in places {
            let open = self.open.remove(place);
            let Some((rule, available)) = self.rule(settings, place) else {
                changes.extend(open.map(|row| AlertChange::of(row, Happened::Resolved, self.now)));
                continue;
            };
            let severity = open.as_ref().and_then(|row| AlertSeverity::parse(&row.severity));
            let with_facts = move |mut change: AlertChange| {
                (change.row.threshold, change.row.available) = (Some(rule.threshold), Some(available));
                change
            };
            match (rule.judge(available, severity), open) {
                (Verdict::Raise(severity), _) => raised.push((place, severity, with_facts)),
                (Verdict::Change(severity), Some(row)) => {
                    let change = AlertChange::of(row, Happened::Changed, self.now);
                    changes.push(with_facts(change.with_severity(severity)));
                }
                (Verdict::Resolve, Some(row)) => {
                    changes.push(with_facts(AlertChange::of(row, Happened::Resolved, self.now)));
                }
                _ => {}
            }
        }
        let ids: BTreeSet<String> = raised.iter().map(|(place, ..)| place.0.clone()).collect();
        let mut recent =
            resolved_since(transaction, AlertKind::StockLevel, ids, self.now - settings.reopen_within).await?;
        for (place, severity, with_facts) in raised {
            let key = (place.0.clone(), place.1.clone(), String::new());
            let change = match (recent.remove(&key), self.variants.get(&place.0)) {
                (Some(row), _) => AlertChange::of(row, Happened::Reopened, self.now).with_severity(severity),
                (None, Some(variant)) => {
                    let mut row = variant.new_alert((AlertKind::StockLevel, severity), self.now);
                    row.location_id.clone_from(&place.1);
                    AlertChange::of(row, Happened::Raised, self.now)
                }
                (None, None) => continue,
            };
            changes.push(with_facts(change));
        }
        Ok(changes)
    }
}

/// The last alert of each place (variant, location, channel) that was over at or after `since`.
pub(super) async fn resolved_since(
    transaction: &impl ConnectionTrait,
    kind: AlertKind,
    variant_ids: BTreeSet<String>,
    since: DateTime<Utc>,
) -> Result<BTreeMap<(String, String, String), Model>, StoreError> {
    if variant_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = Entity::find()
        .filter(among(transaction.get_database_backend(), Column::VariantId, variant_ids))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::ResolvedAt.gte(since))
        .order_by_asc(Column::ResolvedAt)
        .all(transaction)
        .await?;
    let place = |row: &Model| (row.variant_id.clone(), row.location_id.clone(), row.channel.clone());
    Ok(rows.into_iter().map(|row| (place(&row), row)).collect())
}

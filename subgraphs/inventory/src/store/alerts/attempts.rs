//! What could not be sold, by variant, channel and window.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockType, OnConflict},
};
use serde_json::{Value, json};

use super::{
    level::{Watched, resolved_since, watched},
    write::{AlertChange, Happened},
};
use crate::{
    domain::alert::{AlertKind, AlertSettings, AlertSeverity, Shoppers, Tally, WINDOW_SECONDS, is_news, window_start},
    entity::{
        sale_attempt::{ActiveModel, Column, Entity, Model},
        stock_alert, variant,
    },
    store::{
        Store, StoreError,
        catalog_read::{Key, Ordering, Page, PageRequest, ReadError, among, encode_cursor, select_page},
        now,
    },
};

/// Open alerts that are looked at in one round.
const ALERTS_AT_ONCE: u64 = 500;

/// What one process counted of one SKU and channel since it last wrote.
#[derive(Debug, Clone)]
pub(crate) struct Tallied {
    pub(crate) sku: String,
    /// Empty for a reservation without one.
    pub(crate) channel: String,
    pub(crate) tally: Tally,
}

/// Adds what was counted to the window of this moment, and raises alerts where that is enough; [`super::save`] what it
/// gives. SKUs that are gone are left out.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn add_attempts(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
    tallied: &[Tallied],
) -> Result<Vec<AlertChange>, StoreError> {
    let now = now::read(transaction).await?;
    let skus = tallied.iter().map(|one| one.sku.clone());
    let variants = watched(transaction, variant::Column::Sku, skus).await?;
    let variants: HashMap<&str, &Watched> = variants.iter().map(|row| (row.sku.as_str(), row)).collect();
    // In the order of their keys, as everybody does.
    let mut rows: BTreeMap<String, (Model, &Watched)> = BTreeMap::new();
    for one in tallied {
        let Some(variant) = variants.get(one.sku.as_str()) else { continue };
        let row = counted(variant, one, now);
        rows.insert(row.id.clone(), (row, variant));
    }
    let stored = sum_up(transaction, &rows).await?;
    let hot: Vec<(&Model, &Watched)> = stored
        .iter()
        .filter(|row| row.attempts >= settings.attempts_threshold)
        .filter_map(|row| Some((row, rows.get(&row.id)?.1)))
        .collect();
    if hot.is_empty() {
        return Ok(Vec::new());
    }
    super::lock(transaction).await?;
    raise(transaction, settings, &hot, now).await
}

fn counted(variant: &Watched, one: &Tallied, now: DateTime<Utc>) -> Model {
    let window_start = window_start(now);
    Model {
        id: format!("{}/{}/{}", variant.id, one.channel, window_start.timestamp()),
        variant_id: variant.id.clone(),
        product_id: variant.product_id.clone(),
        sku: variant.sku.clone(),
        channel: one.channel.clone(),
        window_start,
        attempts: one.tally.attempts,
        units_wanted: one.tally.units_wanted,
        units_missed: one.tally.units_missed,
        shoppers: one.tally.shoppers.to_bytes(),
        last_at: now,
    }
}

fn tally_of(row: &Model) -> Tally {
    Tally {
        attempts: row.attempts,
        units_wanted: row.units_wanted,
        units_missed: row.units_missed,
        shoppers: Shoppers::from_bytes(&row.shoppers),
    }
}

/// Adds `rows` to those that are stored, and gives the sums. Databases cannot merge sketches, so that the rows are read under
/// a lock.
async fn sum_up(
    transaction: &impl ConnectionTrait,
    rows: &BTreeMap<String, (Model, &Watched)>,
) -> Result<Vec<Model>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let empty = |(row, _): &(Model, &Watched)| ActiveModel {
        attempts: Set(0),
        units_wanted: Set(0),
        units_missed: Set(0),
        shoppers: Set(Shoppers::default().to_bytes()),
        ..row.clone().into_active_model().reset_all()
    };
    Entity::insert_many(rows.values().map(empty))
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    let own = among(transaction.get_database_backend(), Column::Id, rows.keys().cloned());
    let stored = Entity::find().filter(own).order_by_asc(Column::Id).lock(LockType::Update).all(transaction).await?;
    let mut sums = Vec::with_capacity(stored.len());
    for mut row in stored {
        let Some((new, _)) = rows.get(&row.id) else { continue };
        let mut tally = tally_of(&row);
        tally.merge(&tally_of(new));
        (row.attempts, row.units_wanted, row.units_missed) = (tally.attempts, tally.units_wanted, tally.units_missed);
        (row.shoppers, row.last_at) = (tally.shoppers.to_bytes(), new.last_at);
        row.clone().into_active_model().reset_all().update(transaction).await?;
        sums.push(row);
    }
    Ok(sums)
}

/// Raises, or brings up to date, the alerts of windows with many attempts.
async fn raise(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
    hot: &[(&Model, &Watched)],
    now: DateTime<Utc>,
) -> Result<Vec<AlertChange>, StoreError> {
    let ids: BTreeSet<String> = hot.iter().map(|(row, _)| row.variant_id.clone()).collect();
    let open = open_alerts(transaction, &ids).await?;
    let kind = AlertKind::SaleAttempts;
    let mut recent = resolved_since(transaction, kind, ids, now - settings.reopen_within).await?;
    let mut changes = Vec::new();
    for (row, variant) in hot {
        let place = (row.variant_id.clone(), String::new(), row.channel.clone());
        let found = open.get(&place).cloned();
        let window = json!(row.window_start);
        let told = found.as_ref().filter(|alert| alert.facts.get("windowStart") == Some(&window));
        let told = told.and_then(|alert| alert.facts.get("attempts").and_then(Value::as_i64));
        if !is_news(row.attempts, settings.attempts_threshold, told) {
            continue;
        }
        let mut change = match (found, recent.remove(&place)) {
            (Some(alert), _) => AlertChange::of(alert, Happened::Changed, now),
            (None, Some(alert)) => AlertChange::of(alert, Happened::Reopened, now),
            (None, None) => {
                let mut alert = variant.new_alert((kind, AlertSeverity::MissedSales), now);
                alert.channel.clone_from(&row.channel);
                AlertChange::of(alert, Happened::Raised, now)
            }
        };
        change.row.threshold = i32::try_from(settings.attempts_threshold).ok();
        change.row.available = Some(variant.badge_available);
        change.row.facts = json!({
            "attempts": row.attempts,
            "unitsWanted": row.units_wanted,
            "unitsMissed": row.units_missed,
            "shoppers": Shoppers::from_bytes(&row.shoppers).estimate(),
            "windowStart": window,
            "windowSeconds": WINDOW_SECONDS,
        });
        changes.push(change);
    }
    Ok(changes)
}

type OpenAlerts = BTreeMap<(String, String, String), stock_alert::Model>;

async fn open_alerts(transaction: &impl ConnectionTrait, ids: &BTreeSet<String>) -> Result<OpenAlerts, StoreError> {
    let rows = stock_alert::Entity::find()
        .filter(among(transaction.get_database_backend(), stock_alert::Column::VariantId, ids.iter().cloned()))
        .filter(stock_alert::Column::Kind.eq(AlertKind::SaleAttempts.as_str()))
        .filter(stock_alert::Column::ResolvedAt.is_null())
        .all(transaction)
        .await?;
    let place = |row: &stock_alert::Model| (row.variant_id.clone(), row.location_id.clone(), row.channel.clone());
    Ok(rows.into_iter().map(|row| (place(&row), row)).collect())
}

/// Ends the alerts of rushes that are over: neither this window nor the one before it has enough attempts. Hold the lock of
/// alerts; [`super::save`] what it gives.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn resolve_attempts(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
) -> Result<Vec<AlertChange>, StoreError> {
    let now = now::read(transaction).await?;
    let since = window_start(now) - TimeDelta::seconds(WINDOW_SECONDS);
    let open = stock_alert::Entity::find()
        .filter(stock_alert::Column::Kind.eq(AlertKind::SaleAttempts.as_str()))
        .filter(stock_alert::Column::ResolvedAt.is_null())
        .filter(stock_alert::Column::ChangedAt.lt(since))
        .order_by_asc(stock_alert::Column::RaisedAt)
        .limit(ALERTS_AT_ONCE)
        .all(transaction)
        .await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<String> = open.iter().map(|row| row.variant_id.clone()).collect();
    let hot: Vec<(String, String)> = Entity::find()
        .select_only()
        .columns([Column::VariantId, Column::Channel])
        .filter(Column::WindowStart.gte(since))
        .filter(Column::Attempts.gte(settings.attempts_threshold))
        .filter(among(transaction.get_database_backend(), Column::VariantId, ids))
        .into_tuple()
        .all(transaction)
        .await?;
    let is_over = |row: &stock_alert::Model| !hot.contains(&(row.variant_id.clone(), row.channel.clone()));
    Ok(open.into_iter().filter(is_over).map(|row| AlertChange::of(row, Happened::Resolved, now)).collect())
}

/// Which windows are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttemptFilter {
    /// Only of this SKU.
    pub sku: Option<String>,
    /// Only through this channel; empty for reservations without one.
    pub channel: Option<String>,
    /// Only windows that began at or after this time.
    pub from: Option<DateTime<Utc>>,
    /// Only windows that began before this time.
    pub until: Option<DateTime<Utc>>,
}

fn ordering() -> Ordering {
    Ordering::by("sale_attempts", Column::WindowStart, Column::Id).descending()
}

/// The cursor of `row` in the list.
#[must_use]
pub fn attempt_cursor(row: &Model) -> String {
    encode_cursor(ordering().name, Key::Time(row.window_start), &row.id)
}

/// One page of the windows that `filter` leaves, the latest in front.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_attempts(
    store: &Store,
    filter: &AttemptFilter,
    page: &PageRequest,
) -> Result<Page<Model>, ReadError> {
    let mut select = Entity::find();
    if let Some(sku) = &filter.sku {
        select = select.filter(Column::Sku.eq(sku.as_str()));
    }
    if let Some(channel) = &filter.channel {
        select = select.filter(Column::Channel.eq(channel.as_str()));
    }
    if let Some(from) = filter.from {
        select = select.filter(Expr::col(Column::WindowStart).gte(from));
    }
    if let Some(until) = filter.until {
        select = select.filter(Expr::col(Column::WindowStart).lt(until));
    }
    let select = select_page(select, &ordering(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

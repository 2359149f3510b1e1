//! Stock badges as last projected: reading them, and the event that announces a change.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use selvedge_kit::event::Event;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::{
    domain::{Badge, SkuStock, StockPolicy, StockState},
    entity::variant,
};

/// Type of the event that carries a badge.
pub const BADGE_CHANGED: &str = "com.selvedge.inventory.stock_badge_changed.v1";

/// The badge of one SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeOfSku {
    /// The SKU.
    pub sku: String,
    /// Its variant.
    pub variant_id: String,
    /// Its product.
    pub product_id: String,
    /// Its state.
    pub state: StockState,
    /// Pieces available over all active locations.
    pub available: i32,
    /// When more is expected; only when back-ordered or pre-ordered.
    pub expected_at: Option<DateTime<Utc>>,
    /// Grows with every change of the badge.
    pub revision: i64,
}

impl BadgeOfSku {
    pub(super) fn new(variant: &SkuStock, badge: &Badge) -> Self {
        Self {
            sku: variant.sku.clone(),
            variant_id: variant.variant_id.clone(),
            product_id: variant.product_id.clone(),
            state: badge.state,
            available: badge.available,
            expected_at: badge.expected_at,
            revision: badge.revision,
        }
    }
}

/// `data` of [`BADGE_CHANGED`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BadgeData {
    sku: String,
    variant_id: String,
    product_id: String,
    state: String,
    available: i32,
    expected_at: Option<DateTime<Utc>>,
    revision: i64,
}

/// The badges of `skus` in one query; unknown SKUs are left out, the order is the database's.
///
/// # Errors
///
/// When the database fails, or holds a state or policy that does not exist.
pub async fn read(store: &Store, skus: &[String]) -> Result<Vec<BadgeOfSku>, StoreError> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    let rows = variant::Entity::find()
        .filter(variant::Column::Sku.is_in(skus.iter().map(String::as_str)))
        .all(store.reader())
        .await?;
    rows.iter().map(of_variant).collect()
}

/// The badge that a variant's row carries.
///
/// # Errors
///
/// When the row holds a state or policy that does not exist.
pub fn of_variant(row: &variant::Model) -> Result<BadgeOfSku, StoreError> {
    let badge = stored((&row.badge_state, row.badge_available, row.badge_revision), row.expected_at)?;
    Ok(BadgeOfSku {
        sku: row.sku.clone(),
        variant_id: row.id.clone(),
        product_id: row.product_id.clone(),
        state: badge.state,
        available: badge.available,
        expected_at: badge.expected_at,
        revision: badge.revision,
    })
}

/// Whether the variant in this row can be bought or ordered.
#[must_use]
pub fn is_for_sale(row: &variant::Model) -> bool {
    StockState::parse(&row.badge_state).is_some_and(StockState::is_for_sale)
}

/// The badge in an event of type [`BADGE_CHANGED`].
///
/// # Errors
///
/// When the event's data is of another form.
pub fn from_event(event: &Event) -> Result<BadgeOfSku, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { table: "outbox", reason };
    let data = BadgeData::deserialize(&event.data).map_err(|error| corrupt(error.to_string()))?;
    let state =
        StockState::parse(&data.state).ok_or_else(|| corrupt(format!("there is no stock state `{}`", data.state)))?;
    Ok(BadgeOfSku {
        sku: data.sku,
        variant_id: data.variant_id,
        product_id: data.product_id,
        state,
        available: data.available,
        expected_at: data.expected_at,
        revision: data.revision,
    })
}

/// `data` of the event that announces `badge`.
pub(super) fn event_data(badge: &BadgeOfSku) -> Result<serde_json::Value, StoreError> {
    let data = BadgeData {
        sku: badge.sku.clone(),
        variant_id: badge.variant_id.clone(),
        product_id: badge.product_id.clone(),
        state: badge.state.as_str().to_owned(),
        available: badge.available,
        expected_at: badge.expected_at,
        revision: badge.revision,
    };
    serde_json::to_value(data).map_err(|error| StoreError::Corrupt { table: "outbox", reason: error.to_string() })
}

/// The badge in the columns `(badge_state, badge_available, badge_revision)`.
pub(super) fn stored(
    (state, available, revision): (&str, i32, i64),
    expected_at: Option<DateTime<Utc>>,
) -> Result<Badge, StoreError> {
    let state = StockState::parse(state).ok_or_else(|| StoreError::Corrupt {
        table: "variant",
        reason: format!("there is no stock state `{state}`"),
    })?;
    let is_awaited = matches!(state, StockState::Backorder | StockState::Preorder);
    Ok(Badge { state, available, expected_at: expected_at.filter(|_| is_awaited), revision })
}

pub(crate) fn policy(name: &str) -> Result<StockPolicy, StoreError> {
    StockPolicy::parse(name)
        .ok_or_else(|| StoreError::Corrupt { table: "variant", reason: format!("there is no stock policy `{name}`") })
}

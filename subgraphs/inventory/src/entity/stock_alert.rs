//! Something about stock that somebody should look at.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Something about stock that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "stock_alert")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// `AlertKind` as text.
    pub kind: String,
    /// `AlertSeverity` as text.
    pub severity: String,
    /// The variant.
    pub variant_id: String,
    /// Its product.
    pub product_id: String,
    /// Its SKU.
    pub sku: String,
    /// Where; empty for over all locations.
    pub location_id: String,
    /// Through which channel; empty where that plays no part.
    pub channel: String,
    /// What was reached or passed.
    pub threshold: Option<i32>,
    /// Pieces available when it last changed.
    pub available: Option<i32>,
    /// What else there is to know: an object of numbers and texts.
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json,
    /// How often it was raised; again soon after it was resolved counts as the same.
    pub occurrences: i32,
    /// Grows with every change.
    pub revision: i64,
    /// When it was first raised.
    pub raised_at: DateTimeUtc,
    /// When it last changed.
    pub changed_at: DateTimeUtc,
    /// When it was over; none while it is open.
    pub resolved_at: Option<DateTimeUtc>,
    /// When somebody took note.
    pub acknowledged_at: Option<DateTimeUtc>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// What they wrote.
    pub note: Option<String>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

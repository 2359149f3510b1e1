//! Quantities of one variant at one location: the fold of its events.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Quantities of one variant at one location: the fold of its events.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "stock_level")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The variant.
    pub variant_id: String,
    /// The location.
    pub location_id: String,
    /// Pieces there.
    pub on_hand: i32,
    /// Pieces promised to customers.
    pub committed: i32,
    /// Pieces set aside by staff.
    pub reserved: i32,
    /// Pieces not fit for sale.
    pub damaged: i32,
    /// Pieces being looked at.
    pub quality_control: i32,
    /// Pieces kept back.
    pub safety_stock: i32,
    /// Pieces on their way.
    pub incoming: i32,
    /// Number of events.
    pub version: i64,
    /// Time of the last event.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

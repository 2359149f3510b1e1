//! What could not be sold within a window of time.

use sea_orm::entity::prelude::*;

/// What could not be sold of a variant through a channel within a window of time.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sale_attempt")]
pub struct Model {
    /// Variant, channel and window.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The variant.
    pub variant_id: String,
    /// Its product.
    pub product_id: String,
    /// Its SKU.
    pub sku: String,
    /// The channel; empty for a reservation without one.
    pub channel: String,
    /// When the window began.
    pub window_start: DateTimeUtc,
    /// How often pieces were refused for want of stock.
    pub attempts: i64,
    /// Pieces that were wanted then.
    pub units_wanted: i64,
    /// Of these, how many were not sold.
    pub units_missed: i64,
    /// A sketch of who wanted them.
    #[sea_orm(column_type = "VarBinary(StringLen::None)")]
    pub shoppers: Vec<u8>,
    /// When the last of them was written down.
    pub last_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

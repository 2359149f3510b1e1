//! Pieces of one variant that are bought for one location.

use sea_orm::entity::prelude::*;

/// Pieces of one variant that are bought for one location.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_order_line")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub purchase_order_id: String,
    /// Order, from 1.
    pub position: i32,
    /// The variant.
    pub variant_id: String,
    /// Where they go.
    pub location_id: String,
    /// Pieces.
    pub quantity: i32,
    /// Cost of one in minor units.
    pub unit_cost_minor: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Pieces of one variant that were ordered.

use sea_orm::entity::prelude::*;

/// Pieces of one variant that were ordered.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub order_id: String,
    /// Order, from 1.
    pub position: i32,
    /// The variant.
    pub variant_id: String,
    /// Its SKU at that time.
    pub sku: String,
    /// Its title at that time.
    pub title: String,
    /// Pieces.
    pub quantity: i32,
    /// What one costs the customer, in minor units.
    pub unit_price_minor: i64,
    /// What one would have cost at that time without tiers and promotions.
    pub base_price_minor: i64,
    /// Pieces sent, those that came back too.
    pub fulfilled_quantity: i32,
    /// Pieces that will not be sent.
    pub cancelled_quantity: i32,
    /// Pieces that came back.
    pub returned_quantity: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Where open pieces of an order lie.

use sea_orm::entity::prelude::*;

/// Where open pieces of an order lie.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_allocation")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub order_id: String,
    /// The line.
    pub line_id: String,
    /// The variant.
    pub variant_id: String,
    /// Where they lie.
    pub location_id: String,
    /// Pieces still to be sent from there.
    pub quantity: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Pieces of a line in a fulfillment.

use sea_orm::entity::prelude::*;

/// Pieces of a line in a fulfillment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fulfillment_line")]
pub struct Model {
    /// The fulfillment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fulfillment_id: String,
    /// The line of the order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_id: String,
    /// The variant.
    pub variant_id: String,
    /// Pieces.
    pub quantity: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

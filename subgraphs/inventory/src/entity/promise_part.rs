//! Pieces of an inbound line that are promised to one order line.

use sea_orm::entity::prelude::*;

/// Pieces of an inbound line that are promised to one order line.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_part")]
pub struct Model {
    /// The order line.
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_line_id: String,
    /// The inbound line.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_id: String,
    /// Pieces.
    pub quantity: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

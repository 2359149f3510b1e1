//! Pieces of a line that came back.

use sea_orm::entity::prelude::*;

/// Pieces of a line that came back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_return")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub order_id: String,
    /// The line.
    pub line_id: String,
    /// Where they came to.
    pub location_id: String,
    /// Pieces.
    pub quantity: i32,
    /// `RESTOCK`, `DAMAGED` or `DISCARDED`.
    pub disposition: String,
    /// When.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

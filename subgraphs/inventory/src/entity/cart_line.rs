//! Pieces of one variant in a cart.

use sea_orm::entity::prelude::*;

/// Pieces of one variant in a cart.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart_line")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The cart.
    pub cart_id: String,
    /// The variant.
    pub variant_id: String,
    /// Pieces.
    pub quantity: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A picture of a product.

use sea_orm::entity::prelude::*;

/// A picture of a product.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_image")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its product.
    pub product_id: String,
    /// Order, from 1.
    pub position: i32,
    /// Where it is.
    pub url: String,
    /// What it shows.
    pub alt_text: Option<String>,
    /// Pixels from left to right.
    pub width: Option<i32>,
    /// Pixels from top to bottom.
    pub height: Option<i32>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

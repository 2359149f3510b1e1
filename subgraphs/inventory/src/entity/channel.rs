//! A way to sell, such as a shop or a marketplace.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A way to sell, such as a shop or a marketplace.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "channel")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique short name.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whether it sells.
    pub active: bool,
    /// Pieces of each variant that it does not offer.
    pub safety_stock: i32,
    /// Grows with every change of its rules.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When its rules last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

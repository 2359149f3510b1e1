//! A place that holds stock.

use sea_orm::entity::prelude::*;

/// A place that holds stock.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "location")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique short name.
    pub code: String,
    /// Name.
    pub name: String,
    /// `WAREHOUSE` or `STORE`.
    pub kind: String,
    /// City.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// Smallest is taken from first.
    pub priority: i32,
    /// Whether its stock may be sold.
    pub active: bool,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

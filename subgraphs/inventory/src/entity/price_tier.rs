//! A price of a variant from some quantity on.

use sea_orm::entity::prelude::*;

/// A price of a variant from some quantity on.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_tier")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The variant.
    pub variant_id: String,
    /// From how many pieces on.
    pub minimum_quantity: i32,
    /// What each piece costs then, in minor units.
    pub unit_price_minor: i64,
    /// Not before this time.
    pub starts_at: Option<DateTimeUtc>,
    /// Only before this time.
    pub ends_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

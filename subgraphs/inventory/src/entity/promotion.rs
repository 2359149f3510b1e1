//! A promotion.

use sea_orm::entity::prelude::*;

/// A promotion.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotion")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What shoppers read.
    pub title: String,
    /// The code that it needs, in upper case; unique.
    pub code: Option<String>,
    /// `PERCENTAGE`, `FIXED_AMOUNT` or `FIXED_PRICE`.
    pub kind: String,
    /// Basis points of a percentage, else minor units.
    pub value: i64,
    /// ISO 4217 code of a fixed amount or price.
    pub currency: Option<String>,
    /// Higher is applied first.
    pub priority: i32,
    /// Whether others may be applied beside it.
    pub combinable: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Not before this time.
    pub starts_at: Option<DateTimeUtc>,
    /// Only before this time.
    pub ends_at: Option<DateTimeUtc>,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

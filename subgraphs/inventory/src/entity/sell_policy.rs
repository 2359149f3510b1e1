//! How a variant sells beyond its stock.

use sea_orm::entity::prelude::*;

/// How a variant sells beyond its stock.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sell_policy")]
pub struct Model {
    /// The variant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub variant_id: String,
    /// Nothing is promised before.
    pub starts_at: Option<DateTimeUtc>,
    /// Nothing is promised from then on.
    pub ends_at: Option<DateTimeUtc>,
    /// The most pieces that may wait at once.
    pub promise_limit: Option<i32>,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

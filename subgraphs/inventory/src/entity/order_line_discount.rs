//! What made the price of an order line lower.

use sea_orm::entity::prelude::*;

/// What made the price of an order line lower.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line_discount")]
pub struct Model {
    /// The line.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_id: String,
    /// Order in which they were applied, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// `TIER` or `PROMOTION`.
    pub kind: String,
    /// The promotion, which may be gone.
    pub promotion_id: Option<String>,
    /// What shoppers read of the promotion at that time.
    pub title: Option<String>,
    /// The code that it was asked for with.
    pub code: Option<String>,
    /// From how many pieces on the tier holds.
    pub minimum_quantity: Option<i32>,
    /// What it took off each piece, in minor units.
    pub amount_minor: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Pieces of an order line that were promised of what is on its way.

use sea_orm::entity::prelude::*;

/// Pieces of an order line that were promised of what is on its way.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_promise")]
pub struct Model {
    /// In the order in which promises were made.
    #[sea_orm(primary_key)]
    pub sequence: i64,
    /// The order.
    pub order_id: String,
    /// Its line.
    pub order_line_id: String,
    /// The variant.
    pub variant_id: String,
    /// Where it was sold.
    pub channel: String,
    /// Where it is fetched.
    pub pickup_location_id: Option<String>,
    /// Pieces that were promised.
    pub quantity: i32,
    /// Pieces that still wait.
    pub waiting_quantity: i32,
    /// When all that wait are expected; unknown when nothing is on its way for some.
    pub expected_at: Option<DateTimeUtc>,
    /// What was promised first.
    pub first_expected_at: DateTimeUtc,
    /// When it was promised.
    pub promised_at: DateTimeUtc,
    /// Grows with every change.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

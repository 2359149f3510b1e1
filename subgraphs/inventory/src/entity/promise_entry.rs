//! What happened to a promise.

use sea_orm::entity::prelude::*;

/// What happened to a promise.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_entry")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order line.
    pub order_line_id: String,
    /// The promise's revision after it.
    pub revision: i64,
    /// `MADE`, `MOVED`, `KEPT` or `GIVEN_UP`.
    pub kind: String,
    /// Pieces that still waited after it.
    pub waiting_quantity: i32,
    /// What was promised before.
    pub from_at: Option<DateTimeUtc>,
    /// What is promised since.
    pub to_at: Option<DateTimeUtc>,
    /// Why.
    pub reason: String,
    /// When.
    pub occurred_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

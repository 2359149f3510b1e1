//! One line of what happened to an order.

use sea_orm::entity::prelude::*;

/// One line of what happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_entry")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub order_id: String,
    /// The revision of the order that it made.
    pub revision: i64,
    /// What happened, such as `PLACED`.
    pub kind: String,
    /// More of it, without personal data.
    pub detail: Option<String>,
    /// When.
    pub occurred_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A payment, or one that goes back.

use sea_orm::entity::prelude::*;

/// A payment, or one that goes back.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_payment")]
pub struct Model {
    /// UUIDv7 text; the idempotency key at the provider.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub order_id: String,
    /// `CHARGE` or `REFUND`.
    pub kind: String,
    /// `PENDING`, `AUTHORIZED`, `CAPTURED`, `VOIDED`, `DECLINED` or `REFUNDED`.
    pub status: String,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Why it was declined, or why it goes back.
    pub reason: Option<String>,
    /// When it was begun.
    pub created_at: DateTimeUtc,
    /// When its status last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A payment in the books of the test provider.

use sea_orm::entity::prelude::*;

/// A payment in the books of the test provider.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "test_payment")]
pub struct Model {
    /// The idempotency key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// What it is for.
    pub order_id: String,
    /// `FAILING`, `AUTHORIZED`, `CAPTURED`, `VOIDED` or `DECLINED`.
    pub state: String,
    /// Why it was declined.
    pub reason: Option<String>,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Taken.
    pub captured_minor: i64,
    /// How often it was asked for.
    pub calls: i32,
    /// The token that steers it.
    pub behaviour: String,
    /// Until then it says that it is pending.
    pub settles_at: DateTimeUtc,
    /// How often it still has to tell of it.
    pub notices: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A refund in the books of the test provider.

use sea_orm::entity::prelude::*;

/// A refund in the books of the test provider.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "test_refund")]
pub struct Model {
    /// The idempotency key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The payment.
    pub payment_key: String,
    /// In minor units.
    pub amount_minor: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

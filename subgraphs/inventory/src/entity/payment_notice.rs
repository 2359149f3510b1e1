//! A notice of the payment provider that was heard.

use sea_orm::entity::prelude::*;

/// A notice of the payment provider that was heard.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_notice")]
pub struct Model {
    /// The provider's id of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// When.
    pub received_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

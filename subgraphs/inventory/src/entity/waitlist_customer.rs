//! Who waits, by a token that says nothing.

use sea_orm::entity::prelude::*;

/// Who waits. The only row that knows the customer; everything else has the token.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "waitlist_customer")]
pub struct Model {
    /// Random.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token: String,
    /// The subject of the signed identity.
    pub customer_id: String,
    /// When they first joined anything.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

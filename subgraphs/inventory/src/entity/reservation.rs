//! A hold on stock that ends by itself.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A hold on stock that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "reservation")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// `ACTIVE`, `RELEASED`, `EXPIRED` or `COMMITTED`.
    pub status: String,
    /// Cart or checkout.
    pub reference: Option<String>,
    /// Who made it.
    pub actor: String,
    /// The request behind it.
    pub correlation_id: String,
    /// End of the hold, by the clock of the database.
    pub expires_at: DateTimeUtc,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When its status last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

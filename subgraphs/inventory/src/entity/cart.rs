//! What a shopper wants to buy.

use sea_orm::entity::prelude::*;

/// What a shopper wants to buy.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart")]
pub struct Model {
    /// Made of randomness alone: who is not signed in proves to be its owner by knowing it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Whose it is.
    pub actor: String,
    /// Where it is sold.
    pub channel: String,
    /// `OPEN` or `ORDERED`.
    pub status: String,
    /// Array of strings: codes of promotions, in upper case.
    #[sea_orm(column_type = "JsonBinary")]
    pub codes: Json,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An event that waits for the bus, or was carried there lately.

use sea_orm::entity::prelude::*;

/// An event that waits for the bus, or was carried there lately.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Order of writing.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Key of the event.
    pub subject: String,
    /// The CloudEvents envelope.
    #[sea_orm(column_type = "JsonBinary")]
    pub event: Json,
    /// When it was written.
    pub created_at: DateTimeUtc,
    /// When it was carried to the bus.
    pub published_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

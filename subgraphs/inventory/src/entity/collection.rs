//! A collection of products.

use sea_orm::entity::prelude::*;

/// A collection of products.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collection")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique, part of the address.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// `MANUAL` or `SMART`.
    pub kind: String,
    /// `domain::collection::Rules` of a smart one.
    #[sea_orm(column_type = "JsonBinary")]
    pub rules: Option<Json>,
    /// `domain::collection::SortOrder` as text.
    pub sort: String,
    /// Grows with every change.
    pub revision: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Where and when a product or collection is published.

use sea_orm::entity::prelude::*;

/// Where and when a product or collection is published.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "publication")]
pub struct Model {
    /// `PRODUCT` or `COLLECTION`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The product or collection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: String,
    /// Code of the channel; empty for all without a row of their own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Whether it is, between the two times.
    pub published: bool,
    /// Not before this time.
    pub starts_at: Option<DateTimeUtc>,
    /// Only before this time.
    pub ends_at: Option<DateTimeUtc>,
    /// When it begins or ends next.
    pub next_change_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

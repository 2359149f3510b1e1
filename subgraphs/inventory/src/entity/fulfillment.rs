//! A parcel, or pieces that are fetched.

use sea_orm::entity::prelude::*;

/// A parcel, or pieces that are fetched.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fulfillment")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order.
    pub order_id: String,
    /// From where.
    pub location_id: String,
    /// `SENT`, `READY_FOR_PICKUP`, `PICKED_UP` or `CANCELLED`.
    pub status: String,
    /// The carrier's.
    pub tracking_number: Option<String>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When its status last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

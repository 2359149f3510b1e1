//! Goods on their way.

use sea_orm::entity::prelude::*;

/// Goods on their way.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_shipment")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order that it belongs to.
    pub purchase_order_id: Option<String>,
    /// Who sent it.
    pub supplier_id: Option<String>,
    /// For people.
    pub reference: Option<String>,
    /// Who brings it.
    pub carrier: Option<String>,
    /// The carrier's.
    pub tracking_number: Option<String>,
    /// `ShipmentStatus` as text.
    pub status: String,
    /// When it is expected.
    pub expected_at: DateTimeUtc,
    /// When it came.
    pub arrived_at: Option<DateTimeUtc>,
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

//! Pieces of one variant that are on their way to one location: ordered and not yet sent, or sent.

use sea_orm::entity::prelude::*;

/// Pieces of one variant that are on their way to one location: ordered and not yet sent, or sent.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_line")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The order behind it.
    pub purchase_order_id: Option<String>,
    /// The line of that order.
    pub purchase_order_line_id: Option<String>,
    /// The shipment; none while it is not sent.
    pub shipment_id: Option<String>,
    /// The variant.
    pub variant_id: String,
    /// Where they go.
    pub location_id: String,
    /// Pieces in all.
    pub quantity: i32,
    /// Pieces that came and are fit for sale.
    pub accepted_quantity: i32,
    /// Pieces that came and went back.
    pub rejected_quantity: i32,
    /// Pieces that came, are kept and are not fit for sale.
    pub damaged_quantity: i32,
    /// Pieces that will not come.
    pub cut_quantity: i32,
    /// Pieces that are still to come.
    pub open_quantity: i32,
    /// Of these, pieces that are promised to customers.
    pub promised_quantity: i32,
    /// When they are expected.
    pub expected_at: DateTimeUtc,
    /// When it was made.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An order at a supplier.

use sea_orm::entity::prelude::*;

/// An order at a supplier.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_order")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique; for people.
    pub number: String,
    /// The supplier.
    pub supplier_id: String,
    /// `PurchaseStatus` as text.
    pub status: String,
    /// ISO 4217 code of the costs.
    pub currency: String,
    /// When what is not yet sent is expected.
    pub expected_at: Option<DateTimeUtc>,
    /// For people.
    pub note: Option<String>,
    /// Grows with every change.
    pub revision: i64,
    /// When it was ordered.
    pub ordered_at: Option<DateTimeUtc>,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Pieces that came at once.

use sea_orm::entity::prelude::*;

/// Pieces that came at once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_receipt")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The inbound line.
    pub line_id: String,
    /// Fit for sale.
    pub accepted_quantity: i32,
    /// Sent back.
    pub rejected_quantity: i32,
    /// Kept, not fit for sale.
    pub damaged_quantity: i32,
    /// Who took them in.
    pub actor: String,
    /// The document behind it.
    pub reference: Option<String>,
    /// When.
    pub received_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

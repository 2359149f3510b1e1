//! A level as a projection has it.

use sea_orm::entity::prelude::*;

/// A level as a projection has it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projected_level")]
pub struct Model {
    /// Of which generation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i64,
    /// Variant and location.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The variant.
    pub variant_id: String,
    /// The location.
    pub location_id: String,
    /// Pieces there.
    pub on_hand: i32,
    /// Pieces promised to customers.
    pub committed: i32,
    /// Pieces set aside by staff.
    pub reserved: i32,
    /// Pieces not fit for sale.
    pub damaged: i32,
    /// Pieces being looked at.
    pub quality_control: i32,
    /// Pieces kept back.
    pub safety_stock: i32,
    /// Pieces on their way.
    pub incoming: i32,
    /// Number of events that were taken in.
    pub version: i64,
    /// Pieces that may be sold.
    pub available: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A location that a channel sells from.

use sea_orm::entity::prelude::*;

/// A location that a channel sells from.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel_location")]
pub struct Model {
    /// The channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// The location.
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: String,
    /// Smallest is taken from first.
    pub priority: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

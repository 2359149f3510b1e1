//! How much of what there is a channel may offer.

use sea_orm::entity::prelude::*;

/// How much of what there is a channel may offer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel_allocation")]
pub struct Model {
    /// The channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// The variant; empty for all that have no row of their own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub variant_id: String,
    /// `SHARE` or `LIMIT`.
    pub kind: String,
    /// Percent of a share, pieces of a limit.
    pub amount: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Something that a promotion holds for.

use sea_orm::entity::prelude::*;

/// Something that a promotion holds for.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotion_target")]
pub struct Model {
    /// The promotion.
    #[sea_orm(primary_key, auto_increment = false)]
    pub promotion_id: String,
    /// `ALL`, `PRODUCT`, `VARIANT`, `COLLECTION` or `CATEGORY`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Id of the product, variant or collection, name of the category; empty for everything.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

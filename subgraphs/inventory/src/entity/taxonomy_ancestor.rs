//! A node of the tree of categories below another one.

use sea_orm::entity::prelude::*;

/// A node of the tree of categories below another one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "taxonomy_ancestor")]
pub struct Model {
    /// The one above.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ancestor_id: String,
    /// The one below; the same at distance 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category_id: String,
    /// Levels between them.
    pub distance: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An option that the variants of a product differ in.

use sea_orm::entity::prelude::*;

/// An option that the variants of a product differ in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_option")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its product.
    pub product_id: String,
    /// Order, from 1.
    pub position: i32,
    /// Such as `Size`.
    pub name: String,
    /// Array of strings.
    #[sea_orm(column_type = "JsonBinary")]
    pub option_values: Json,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A product that is in a collection while its stock is in a range.

use sea_orm::entity::prelude::*;

/// A product that is in a collection while its stock is in a range.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collection_product")]
pub struct Model {
    /// The collection.
    #[sea_orm(primary_key, auto_increment = false)]
    pub collection_id: String,
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: String,
    /// The fewest available pieces with which it is inside.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stock_min: i64,
    /// The most available pieces with which it is inside.
    pub stock_max: i64,
    /// Place from 1; 0 where rules say what is inside.
    pub position: i32,
    /// The curator's note.
    pub note: Option<String>,
    /// Its place in the order of the collection, as a text that sorts so.
    pub sort_key: String,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

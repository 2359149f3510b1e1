//! One product of the catalog.

use sea_orm::entity::prelude::*;

/// One product of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique, part of the address.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Brand.
    pub vendor: String,
    /// Category.
    pub category: String,
    /// Its node in the tree of categories.
    pub taxonomy_category_id: Option<String>,
    /// Whom it is made for.
    pub gender: Option<String>,
    /// Material.
    pub material: Option<String>,
    /// Style.
    pub style: Option<String>,
    /// Occasion.
    pub occasion: Option<String>,
    /// Array of strings.
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    /// `ACTIVE`, `DRAFT` or `ARCHIVED`.
    pub status: String,
    /// Place in the featured order, smallest first.
    pub featured_rank: i32,
    /// ISO 4217 code of the price range.
    pub currency: String,
    /// Lowest variant price in minor units.
    pub price_min: i64,
    /// Highest variant price in minor units.
    pub price_max: i64,
    /// Grows with every change.
    pub revision: i64,
    /// When it was added.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! One sellable variant, with its stock badge as last projected.

use sea_orm::entity::prelude::*;

/// One sellable variant, with its stock badge as last projected.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "variant")]
pub struct Model {
    /// UUIDv7 text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its product.
    pub product_id: String,
    /// Unique.
    pub sku: String,
    /// Title.
    pub title: String,
    /// GTIN.
    pub barcode: Option<String>,
    /// Size as printed.
    pub size: Option<String>,
    /// Colour name.
    pub color: Option<String>,
    /// Array of `{name, value}`.
    #[sea_orm(column_type = "JsonBinary")]
    pub options: Json,
    /// Price in minor units.
    pub price_minor: i64,
    /// Price before, in minor units.
    pub compare_at_minor: Option<i64>,
    /// ISO 4217 code.
    pub currency: String,
    /// Order within the product.
    pub position: i32,
    /// `DENY`, `BACKORDER` or `PREORDER`.
    pub stock_policy: String,
    /// When more comes.
    pub expected_at: Option<DateTimeUtc>,
    /// `StockState` of the badge; written by the ledger alone.
    pub badge_state: String,
    /// Pieces available over all active locations; written by the ledger alone.
    pub badge_available: i32,
    /// Grows with every change of the badge; written by the ledger alone.
    pub badge_revision: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

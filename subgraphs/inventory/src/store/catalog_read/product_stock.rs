//! What a shopper may be told of a product's stock as a whole.

use sea_orm::{
    EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::keys::one_of;
use crate::{entity::variant, error::StoreError, store::Store};

/// The stock of a product over all of its variants.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ProductStock {
    /// The product.
    pub product_id: String,
    /// Available pieces.
    pub available: i64,
    /// How many variants can be ordered: in stock, on backorder or before their first delivery.
    pub variants_for_sale: i64,
}

/// The stock of the products with one of `ids`. The database adds up: a list of products with their stock would
/// otherwise carry every variant, some twenty times as many rows.
///
/// # Errors
///
/// When the store fails.
pub async fn stock_of_products(store: &Store, ids: &[String]) -> Result<Vec<ProductStock>, StoreError> {
    let for_sale = Expr::case(Expr::col(variant::Column::BadgeState).ne("OUT_OF_STOCK"), 1).finally(0);
    let query = variant::Entity::find()
        .select_only()
        .column(variant::Column::ProductId)
        .column_as(Expr::col(variant::Column::BadgeAvailable).sum(), "available")
        .column_as(Expr::expr(for_sale).sum(), "variants_for_sale")
        .filter(one_of(store, variant::Column::ProductId, ids))
        .group_by(variant::Column::ProductId);
    Ok(query.into_model::<ProductStock>().all(store.reader()).await?)
}

//! Products by key, and the product list.

use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::{
    filter::ProductFilter,
    keys::one_of,
    page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
};
use crate::{
    entity::{product, product_image, product_option},
    error::StoreError,
    store::Store,
};

/// The order of a product list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductOrder {
    /// As the shop ranks them.
    Featured,
    /// The latest first.
    Newest,
    /// By title.
    Title,
    /// The cheapest first.
    PriceAscending,
    /// The dearest first.
    PriceDescending,
}

impl ProductOrder {
    fn ordering(self) -> Ordering {
        use product::Column;
        match self {
            Self::Featured => Ordering::by("featured", Column::FeaturedRank, Column::Id),
            Self::Newest => Ordering::by("newest", Column::CreatedAt, Column::Id).descending(),
            Self::Title => Ordering::by("title", Column::Title, Column::Id),
            Self::PriceAscending => Ordering::by("price_asc", Column::PriceMin, Column::Id),
            Self::PriceDescending => Ordering::by("price_desc", Column::PriceMin, Column::Id).descending(),
        }
    }

    /// The cursor of `row` in a list of this order.
    #[must_use]
    pub fn cursor(self, row: &product::Model) -> String {
        let key = match self {
            Self::Featured => Key::Number(row.featured_rank.into()),
            Self::Newest => Key::Time(row.created_at),
            Self::Title => Key::Text(row.title.clone()),
            Self::PriceAscending | Self::PriceDescending => Key::Number(row.price_min),
        };
        encode_cursor(self.ordering().name, key, &row.id)
    }
}

/// One page of the shown products that `filter` leaves.
///
/// # Errors
///
/// When a cursor is not one of this order, or the store fails.
pub async fn list_products(
    store: &Store,
    filter: &ProductFilter,
    order: ProductOrder,
    page: &PageRequest,
) -> Result<Page<product::Model>, ReadError> {
    let shown = filter.condition(store.reader().backend(), None);
    let select = select_page(product::Entity::find().filter(shown), &order.ordering(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// How many shown products `filter` leaves.
///
/// # Errors
///
/// When the store fails.
pub async fn count_products(store: &Store, filter: &ProductFilter) -> Result<u64, StoreError> {
    let shown = filter.condition(store.reader().backend(), None);
    Ok(product::Entity::find().filter(shown).count(store.reader()).await?)
}

/// The products with one of `ids`, shown or not, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn products_by_id(store: &Store, ids: &[String]) -> Result<Vec<product::Model>, StoreError> {
    Ok(product::Entity::find().filter(one_of(store, product::Column::Id, ids)).all(store.reader()).await?)
}

/// The products with one of `handles`, shown or not, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn products_by_handle(store: &Store, handles: &[String]) -> Result<Vec<product::Model>, StoreError> {
    Ok(product::Entity::find().filter(one_of(store, product::Column::Handle, handles)).all(store.reader()).await?)
}

/// The options of the products with one of `product_ids`, each product's in order.
///
/// # Errors
///
/// When the store fails.
pub async fn options_of_products(
    store: &Store,
    product_ids: &[String],
) -> Result<Vec<product_option::Model>, StoreError> {
    let options = product_option::Entity::find().filter(one_of(store, product_option::Column::ProductId, product_ids));
    Ok(options.order_by_asc(product_option::Column::Position).all(store.reader()).await?)
}

/// The images of the products with one of `product_ids`, each product's in order.
///
/// # Errors
///
/// When the store fails.
pub async fn images_of_products(
    store: &Store,
    product_ids: &[String],
) -> Result<Vec<product_image::Model>, StoreError> {
    let images = product_image::Entity::find().filter(one_of(store, product_image::Column::ProductId, product_ids));
    Ok(images.order_by_asc(product_image::Column::Position).all(store.reader()).await?)
}

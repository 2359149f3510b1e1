//! The product list: its filter, its order, its pages and facets.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, InputObject, Object, SimpleObject,
    connection::{Connection, Edge},
};

use super::Product;
use crate::{
    entity::product,
    graphql::limits::{self, filter_values, search_words, storable},
    store::{
        Store,
        catalog_read::{self, Page, ProductOrder, count_products},
    },
};

pub(crate) type ProductConnection = Connection<String, Product, ProductTotal>;

/// Counts what is left by the filter of a connection, when asked.
pub(crate) struct ProductTotal {
    filter: catalog_read::ProductFilter,
}

#[Object]
impl ProductTotal {
    #[graphql(cache_control(no_cache))]
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        let total = count_products(ctx.data::<Store>()?, &self.filter).await?;
        Ok(i32::try_from(total).unwrap_or(i32::MAX))
    }
}

/// One page of products as a connection.
pub(crate) fn product_connection(
    page: Page<product::Model>,
    order: ProductOrder,
    filter: catalog_read::ProductFilter,
) -> ProductConnection {
    let total = ProductTotal { filter };
    let mut connection = Connection::with_additional_fields(page.has_previous_page, page.has_next_page, total);
    let edge = |row: product::Model| Edge::new(order.cursor(&row), Product(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

#[derive(Debug, Default, InputObject)]
pub(crate) struct ProductFilter {
    /// Words of the title, vendor or category.
    query: Option<String>,
    category: Option<Vec<String>>,
    vendor: Option<Vec<String>>,
    size: Option<Vec<String>>,
    color: Option<Vec<String>>,
    material: Option<Vec<String>>,
    style: Option<Vec<String>>,
    occasion: Option<Vec<String>>,
    gender: Option<Vec<String>>,
    tag: Option<Vec<String>>,
    available: Option<bool>,
    price_min: Option<i32>,
    price_max: Option<i32>,
    /// The id of a collection.
    collection: Option<ID>,
    /// The id of a category: products in it and below it.
    taxonomy_category: Option<ID>,
}

impl ProductFilter {
    /// The filter as the store understands it, for what is shown in `channel`.
    ///
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when it is larger than a filter may be.
    pub(crate) fn checked(self, channel: Option<String>) -> Result<catalog_read::ProductFilter, Error> {
        storable("taxonomyCategory", self.taxonomy_category.as_deref().map_or("", String::as_str))?;
        storable("collection", self.collection.as_deref().map_or("", String::as_str))?;
        Ok(catalog_read::ProductFilter {
            words: search_words(self.query.as_deref())?,
            category: filter_values("category", self.category)?,
            vendor: filter_values("vendor", self.vendor)?,
            size: filter_values("size", self.size)?,
            color: filter_values("color", self.color)?,
            material: filter_values("material", self.material)?,
            style: filter_values("style", self.style)?,
            occasion: filter_values("occasion", self.occasion)?,
            gender: filter_values("gender", self.gender)?,
            tag: filter_values("tag", self.tag)?,
            available: self.available,
            price_min: self.price_min.map(i64::from),
            price_max: self.price_max.map(i64::from),
            collection: self.collection.map(|id| id.0),
            below_categories: self.taxonomy_category.into_iter().map(|id| id.0).collect(),
            channel: channel.map(limits::channel).transpose()?,
        })
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
pub(crate) enum ProductSort {
    #[default]
    Featured,
    Newest,
    Title,
    PriceAsc,
    PriceDesc,
}

impl From<ProductSort> for ProductOrder {
    fn from(sort: ProductSort) -> Self {
        match sort {
            ProductSort::Featured => Self::Featured,
            ProductSort::Newest => Self::Newest,
            ProductSort::Title => Self::Title,
            ProductSort::PriceAsc => Self::PriceAscending,
            ProductSort::PriceDesc => Self::PriceDescending,
        }
    }
}

#[derive(SimpleObject)]
pub(crate) struct Facet {
    name: &'static str,
    values: Vec<FacetValue>,
}

#[derive(SimpleObject)]
pub(crate) struct FacetValue {
    value: String,
    count: i64,
}

impl From<catalog_read::Facet> for Facet {
    fn from(facet: catalog_read::Facet) -> Self {
        let values = facet.values.into_iter().map(|(value, count)| FacetValue { value, count }).collect();
        Self { name: facet.name.as_str(), values }
    }
}

//! Products.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    collection::Collection,
    money::{Money, PriceRange},
    publication::{Publication, is_published},
    taxonomy::TaxonomyCategory,
    texts,
    variant::ProductVariant,
};
use crate::{
    entity::{product, product_image, variant},
    graphql::{
        access, limits,
        loaders::{
            CategoryById, CollectionsOfProduct, ImagesOfProduct, OptionsOfProduct, PublicationsOfProduct,
            StockOfProduct, VariantsOfProduct, loaders,
        },
    },
    store::catalog_read::{ProductStock, STATUS_SHOWN},
};

#[derive(Debug, Clone)]
pub(crate) struct Product(pub(crate) Arc<product::Model>);

#[derive(SimpleObject)]
pub(crate) struct ProductOption {
    name: String,
    values: Vec<String>,
}

#[derive(SimpleObject)]
pub(crate) struct ProductImage {
    url: String,
    alt_text: Option<String>,
    position: i32,
}

/// A picture of a product.
#[derive(SimpleObject)]
pub(crate) struct ProductMedia {
    id: ID,
    url: String,
    alt_text: Option<String>,
    /// From 1.
    position: i32,
    /// In pixels, where it is known.
    width: Option<i32>,
    /// In pixels, where it is known.
    height: Option<i32>,
}

impl ProductMedia {
    fn of(row: &product_image::Model) -> Self {
        Self {
            id: row.id.clone().into(),
            url: row.url.clone(),
            alt_text: row.alt_text.clone(),
            position: row.position,
            width: row.width,
            height: row.height,
        }
    }
}

impl Product {
    /// The product, if it is shown in `channel` at this moment, or without one, anywhere.
    pub(crate) async fn shown(
        ctx: &Context<'_>,
        row: Option<Arc<product::Model>>,
        channel: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let Some(row) = row.filter(|row| row.status == STATUS_SHOWN) else { return Ok(None) };
        let rules = loaders(ctx)?.load_one(PublicationsOfProduct(row.id.clone())).await?;
        let is_shown = is_published(ctx, rules.as_deref().unwrap_or_default(), channel).await?;
        Ok(is_shown.then_some(Self(row)))
    }

    async fn variant_rows(&self, ctx: &Context<'_>) -> Result<Arc<[Arc<variant::Model>]>, Error> {
        let rows = loaders(ctx)?.load_one(VariantsOfProduct(self.0.id.clone())).await?;
        Ok(rows.unwrap_or_else(|| Arc::new([])))
    }

    async fn stock(&self, ctx: &Context<'_>) -> Result<Option<Arc<ProductStock>>, Error> {
        Ok(loaders(ctx)?.load_one(StockOfProduct(self.0.id.clone())).await?)
    }
}

// Events tell of every change: who hears them keeps it for as long as it is true.
#[Object(cache_control(max_age = 30))]
impl Product {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn handle(&self) -> &str {
        &self.0.handle
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    async fn vendor(&self) -> &str {
        &self.0.vendor
    }

    async fn category(&self) -> &str {
        &self.0.category
    }

    /// Its node in the tree of categories, which says more than the name of its category.
    async fn taxonomy_category(&self, ctx: &Context<'_>) -> Result<Option<TaxonomyCategory>, Error> {
        match &self.0.taxonomy_category_id {
            Some(id) => Ok(loaders(ctx)?.load_one(CategoryById(id.clone())).await?.map(TaxonomyCategory)),
            None => Ok(None),
        }
    }

    async fn gender(&self) -> Option<&str> {
        self.0.gender.as_deref()
    }

    async fn material(&self) -> Option<&str> {
        self.0.material.as_deref()
    }

    async fn style(&self) -> Option<&str> {
        self.0.style.as_deref()
    }

    async fn occasion(&self) -> Option<&str> {
        self.0.occasion.as_deref()
    }

    async fn tags(&self) -> Vec<String> {
        texts(&self.0.tags)
    }

    async fn options(&self, ctx: &Context<'_>) -> Result<Vec<ProductOption>, Error> {
        let rows = loaders(ctx)?.load_one(OptionsOfProduct(self.0.id.clone())).await?;
        let rows = rows.iter().flat_map(|rows| rows.iter());
        Ok(rows.map(|row| ProductOption { name: row.name.clone(), values: texts(&row.option_values) }).collect())
    }

    /// At most 250.
    async fn images(&self, ctx: &Context<'_>) -> Result<Vec<ProductImage>, Error> {
        let rows = loaders(ctx)?.load_one(ImagesOfProduct(self.0.id.clone())).await?;
        let image = |row: &Arc<product_image::Model>| ProductImage {
            url: row.url.clone(),
            alt_text: row.alt_text.clone(),
            position: row.position,
        };
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(250).map(image).collect())
    }

    /// The collections that it is in at this moment and that are published in this channel, or without one, anywhere; by
    /// title, at most 250.
    // Not kept: no event tells that a product has come to be in a collection.
    #[graphql(cache_control(no_cache))]
    async fn collections(&self, ctx: &Context<'_>, channel: Option<String>) -> Result<Vec<Collection>, Error> {
        let channel = channel.map(limits::channel).transpose()?;
        let rows = loaders(ctx)?.load_one(CollectionsOfProduct(self.0.id.clone())).await?;
        let rows = rows.iter().flat_map(|rows| rows.iter()).take(250);
        let all = rows.map(|row| Collection(Arc::new(row.collection.clone()))).collect();
        Collection::shown(ctx, all, channel.as_deref()).await
    }

    /// Whether it is published in this channel at this moment.
    #[graphql(cache_control(no_cache))]
    async fn published_in(&self, ctx: &Context<'_>, channel: String) -> Result<bool, Error> {
        let channel = limits::channel(channel)?;
        let rules = loaders(ctx)?.load_one(PublicationsOfProduct(self.0.id.clone())).await?;
        is_published(ctx, rules.as_deref().unwrap_or_default(), Some(&channel)).await
    }

    /// Where and when it is published; without any, everywhere. At most 100. Scope catalog:write.
    #[graphql(cache_control(private, no_cache))]
    async fn publications(&self, ctx: &Context<'_>) -> Result<Option<Vec<Publication>>, Error> {
        access::require(ctx, "Product.publications")?;
        let rules = loaders(ctx)?.load_one(PublicationsOfProduct(self.0.id.clone())).await?;
        Ok(Some(rules.iter().flat_map(|rows| rows.iter()).map(|row| Publication::of(row)).collect()))
    }

    /// The same as `images`, with what is known of each. At most 250.
    async fn media(&self, ctx: &Context<'_>) -> Result<Vec<ProductMedia>, Error> {
        let rows = loaders(ctx)?.load_one(ImagesOfProduct(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(250).map(|row| ProductMedia::of(row)).collect())
    }

    async fn price_range(&self) -> PriceRange {
        let money = |amount| Money { amount, currency_code: self.0.currency.clone() };
        PriceRange { min: money(self.0.price_min), max: money(self.0.price_max) }
    }

    /// At most 250.
    async fn variants(&self, ctx: &Context<'_>) -> Result<Vec<ProductVariant>, Error> {
        let rows = self.variant_rows(ctx).await?;
        Ok(rows.iter().take(250).map(|row| ProductVariant(Arc::clone(row))).collect())
    }

    async fn available_for_sale(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        Ok(self.stock(ctx).await?.is_some_and(|stock| stock.variants_for_sale > 0))
    }

    async fn total_available(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        let available = self.stock(ctx).await?.map_or(0, |stock| stock.available);
        // What GraphQL's `Int` cannot hold is shown as the most that it can.
        Ok(i32::try_from(available).unwrap_or(i32::MAX))
    }

    /// Grows with every change.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

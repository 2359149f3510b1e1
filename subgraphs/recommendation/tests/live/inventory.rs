//! An inventory subgraph with just what recommendation asks of it.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Enum, ID, Object, Result, Schema, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Its shelves, shared with the test.
#[derive(Clone)]
pub(crate) struct Shelves {
    products: Arc<Mutex<Vec<Product>>>,
    /// Permits to answer a page of the catalog; closed means that inventory is away.
    pub(crate) pages: Arc<Semaphore>,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum StockState {
    InStock,
    OutOfStock,
}

#[derive(Clone, SimpleObject)]
pub(crate) struct Product {
    pub(crate) id: ID,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) vendor: String,
    pub(crate) category: String,
    pub(crate) gender: Option<String>,
    pub(crate) material: Option<String>,
    pub(crate) style: Option<String>,
    pub(crate) occasion: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) variants: Vec<Variant>,
}

#[derive(Clone, SimpleObject)]
pub(crate) struct Variant {
    pub(crate) sku: String,
    size: Option<String>,
    color: Option<String>,
    badge: Badge,
}

#[derive(Clone, SimpleObject)]
struct Badge {
    state: StockState,
    available: i32,
    revision: i32,
}

impl Product {
    /// A product with sizes S and M, ten pieces each, in `category` and `style`.
    pub(crate) fn new(id: &str, title: &str, category: &str, style: &str) -> Self {
        let variant = |size: &str| Variant {
            sku: format!("{id}-{size}"),
            size: Some(size.to_owned()),
            color: Some("Navy".to_owned()),
            badge: Badge { state: StockState::InStock, available: 10, revision: 1 },
        };
        let age: i64 = id.bytes().map(i64::from).sum();
        Self {
            id: id.into(),
            title: title.to_owned(),
            description: format!("A {style} piece for every day."),
            vendor: format!("House {}", id.len()),
            category: category.to_owned(),
            gender: Some("women".to_owned()),
            material: Some("linen".to_owned()),
            style: Some(style.to_owned()),
            occasion: None,
            tags: vec![],
            created_at: DateTime::UNIX_EPOCH + TimeDelta::hours(age),
            variants: vec![variant("S"), variant("M")],
        }
    }

    pub(crate) fn sold_out(mut self) -> Self {
        for variant in &mut self.variants {
            variant.badge = Badge { state: StockState::OutOfStock, available: 0, revision: 1 };
        }
        self
    }
}

impl Shelves {
    pub(crate) fn of(products: Vec<Product>) -> Self {
        Self { products: Arc::new(Mutex::new(products)), pages: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)) }
    }

    pub(crate) fn add(&self, product: Product) {
        self.products.lock().push(product);
    }
}

#[derive(SimpleObject)]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(SimpleObject)]
struct ProductConnection {
    nodes: Vec<Product>,
    page_info: PageInfo,
}

pub(crate) struct Query(Shelves);

#[Object]
impl Query {
    async fn product(&self, id: ID) -> Option<Product> {
        self.0.products.lock().iter().find(|product| product.id == id).cloned()
    }

    async fn products(&self, first: i32, after: Option<String>) -> Result<ProductConnection> {
        let start: usize = after.map_or(0, |after| after.parse().unwrap());
        // The answer is made first and may then lie on the way for a while, as on a slow network.
        let connection = {
            let products = self.0.products.lock();
            let nodes: Vec<Product> =
                products.iter().skip(start).take(usize::try_from(first).unwrap()).cloned().collect();
            let end = start + nodes.len();
            let page_info = PageInfo { has_next_page: end < products.len(), end_cursor: Some(end.to_string()) };
            ProductConnection { nodes, page_info }
        };
        self.0.pages.acquire().await?.forget();
        Ok(connection)
    }
}

pub(crate) type InventorySchema = Schema<Query, EmptyMutation, EmptySubscription>;

pub(crate) fn schema(shelves: Shelves) -> InventorySchema {
    Schema::new(Query(shelves), EmptyMutation, EmptySubscription)
}

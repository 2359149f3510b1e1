//! A schema of its own with many SKUs at one location.

use selvedge_inventory::{
    command::{Caller, Commands},
    domain::Target,
    store::{Store, StoreOptions, verify},
};
use selvedge_kit::outbox::RelaySignal;

/// Of each SKU.
const ON_HAND: i32 = 100_000_000;

/// Where stock is.
#[derive(Clone)]
pub(crate) struct Warehouse {
    pub(crate) store: Store,
    pub(crate) commands: Commands,
    pub(crate) options: StoreOptions,
    pub(crate) skus: Vec<String>,
}

impl Warehouse {
    /// With as many SKUs, all in stock.
    pub(crate) async fn open(url: &str, schema: &str, skus: usize) -> Self {
        let options = StoreOptions { schema: Some(schema.to_owned()), ..StoreOptions::new(url) };
        let store = Store::open(&options).await.unwrap();
        let pool = store.reader().connection().get_postgres_connection_pool();
        for statement in CATALOG {
            sea_orm::sqlx::query(*statement).bind(i64::try_from(skus).unwrap()).execute(pool).await.unwrap();
        }
        let commands = Commands::new(store.clone(), RelaySignal::default(), 5);
        let skus: Vec<String> = (1..=skus).map(|number| format!("sku-{number}")).collect();
        let target = |sku: &String| Target {
            sku: sku.clone(),
            location_id: "location".to_owned(),
            on_hand: ON_HAND,
            safety_stock: 0,
            incoming: 0,
        };
        let targets = skus.iter().map(target).collect();
        commands.load_levels(&Caller::system("bench", "bench"), "bench", targets, |_| ()).await.unwrap();
        // Not of the empty tables: plans that are kept would then expect them to stay so.
        sea_orm::sqlx::query("ANALYZE location, product, variant, stock_level").execute(pool).await.unwrap();
        Self { store, commands, options, skus }
    }

    pub(crate) async fn assert_verified(&self) {
        assert_eq!(verify(&self.store).await.unwrap().discrepancies, []);
    }
}

/// Ten variants a product. All statements take the number of SKUs.
const CATALOG: &[&str] = &[
    "INSERT INTO location (id, code, name, kind, city, country_code, priority, active)
     SELECT 'location', 'l', 'l', 'WAREHOUSE', 'Porto', 'PT', 1, true WHERE $1 > 0",
    "INSERT INTO product (id, handle, title, description, vendor, category, tags, status, featured_rank, currency,
       price_min, price_max, revision, created_at, updated_at)
     SELECT 'product-' || n, 'product-' || n, 'Shirt', '', 'Vendor', 'Shirts', '[]', 'ACTIVE', n, 'EUR', 100, 100, 1,
       now(), now() FROM generate_series(0, $1 / 10) AS n",
    "INSERT INTO variant (id, product_id, sku, title, options, price_minor, currency, position, stock_policy)
     SELECT 'variant-' || n, 'product-' || n / 10, 'sku-' || n, 'Shirt', '[]', 100, 'EUR', 1, 'DENY'
     FROM generate_series(1, $1) AS n",
];

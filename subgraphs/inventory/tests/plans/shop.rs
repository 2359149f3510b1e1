//! A shop of some thousand variants with a past.

use std::sync::{Arc, Mutex};

use async_graphql::{Request, Variables};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryOrder, QuerySelect, Statement};
use selvedge_inventory::{
    AlertConfig, AnomalyConfig, Config, Connected, LargeAdjustmentConfig, ShrinkageConfig, UnusualOutflowConfig,
    catalog::{CatalogLoader, GeneratedCatalog, SampleSize},
    command::{
        Caller,
        waitlist::{Waitlist, WaitlistSettings},
    },
    connect,
    entity::{reservation, stock_level, variant},
    notify::LogNotifier,
    projection::{PROJECTIONS, catch_up},
    store::{StatementObserver, Store, StoreOptions},
};
use selvedge_kit::{identity::Identity, server::GraphqlExecutor};
use serde_json::Value;

/// Products; more than any operation has to read.
const PRODUCTS: u32 = 1_200;

/// A filled store, and what was asked of it.
pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) handle: String,
    pub(crate) vendor: String,
    pub(crate) product: String,
    pub(crate) variant: String,
    pub(crate) skus: Vec<String>,
    pub(crate) location: String,
    pub(crate) reservation: String,
    connected: Connected,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    /// Definitions of all indexes of these tables.
    pub(crate) async fn indexes_of(&self, tables: &[&str]) -> Vec<String> {
        let query = "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema AND tablename = ANY($1)";
        let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, query, [tables.into()]);
        let rows = self.store.reader().query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    pub(crate) async fn on_postgres(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT RUN: {test} needs TEST_POSTGRES_URL (postgres://user:password@host:port/database)");
            assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_POSTGRES_URL");
            return None;
        };
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&asked);
        let observer = StatementObserver(Arc::new(move |statement| noted.lock().unwrap().push(statement.to_string())));
        let schema = format!("plans_{}", uuid::Uuid::now_v7().simple());
        let options = StoreOptions {
            schema: Some(schema),
            max_connections: 4,
            observer: Some(observer),
            ..StoreOptions::new(server)
        };
        let store = Store::open(&options).await.unwrap();
        // Half of the generated shop is low. What is open is read as a whole now and then; it is not what grows with the shop.
        let alerts = AlertConfig { threshold: Some(0), anomalies: anomalies(), ..AlertConfig::default() };
        let connected = connect(&Config { alerts, ..Config::default() }, store.clone());
        fill(&store, &connected).await;
        let variants = variant::Entity::find().order_by_asc(variant::Column::Sku).limit(20).all(store.reader());
        let variants = variants.await.unwrap();
        let level = stock_level::Entity::find().one(store.reader()).await.unwrap().unwrap();
        let held = reservation::Entity::find_by_id("past-1000").one(store.reader()).await.unwrap().unwrap();
        let product = selvedge_inventory::entity::product::Entity::find().one(store.reader()).await.unwrap().unwrap();
        Some(Self {
            handle: product.handle,
            vendor: product.vendor,
            product: product.id,
            variant: variants[0].id.clone(),
            skus: variants.into_iter().map(|variant| variant.sku).collect(),
            location: level.location_id,
            reservation: held.id,
            store,
            connected,
            asked,
        })
    }

    /// Runs an operation and gives what the database was asked meanwhile, with the values in place.
    pub(crate) async fn run(&self, text: &str, variables: Value, by_staff: bool) -> Vec<String> {
        self.asked.lock().unwrap().clear();
        let scopes = if by_staff { vec!["inventory:write".to_owned(), "catalog:write".to_owned()] } else { Vec::new() };
        let subject = Some(if by_staff { "staff" } else { "anonymous" }.to_owned());
        let identity = Identity { subject, scopes: scopes.into_iter().collect(), ..Identity::default() };
        let request = Request::new(text).variables(Variables::from_json(variables)).data(identity);
        let response = self.connected.executor.execute(request).await;
        assert!(response.errors.is_empty(), "{text}: {:?}", response.errors);
        let data = response.data.into_json().unwrap().to_string();
        assert!(!data.contains("\"userErrors\":[{"), "{text}: {data}");
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Ends what is due.
    pub(crate) async fn expire(&self) -> Vec<String> {
        self.asked.lock().unwrap().clear();
        self.connected.commands.expire_due().await.unwrap();
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Reacts to what has changed since the shop was filled, and looks through what is open.
    pub(crate) async fn react(&self) -> Vec<String> {
        self.asked.lock().unwrap().clear();
        self.connected.reactions.catch_up().await.unwrap();
        self.connected.reactions.sweep().await.unwrap();
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Tells those who wait.
    pub(crate) async fn tell(&self) -> Vec<String> {
        let settings = WaitlistSettings::default();
        let signal = self.connected.signal.clone();
        let waitlist = Waitlist::new(self.store.clone(), signal, Arc::new(LogNotifier), settings);
        self.asked.lock().unwrap().clear();
        assert!(waitlist.decide().await.unwrap() > 0);
        assert!(waitlist.deliver_one().await.unwrap());
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// The smallest thresholds, so that everything is judged.
fn anomalies() -> AnomalyConfig {
    AnomalyConfig {
        unusual_outflow: UnusualOutflowConfig { pieces: 1, ..UnusualOutflowConfig::default() },
        large_adjustment: LargeAdjustmentConfig { pieces: 1, ..LargeAdjustmentConfig::default() },
        shrinkage: ShrinkageConfig { times: 1, pieces: 1, ..ShrinkageConfig::default() },
        ..AnomalyConfig::default()
    }
}

async fn fill(store: &Store, connected: &Connected) {
    let newest: DateTime<Utc> = DateTime::parse_from_rfc3339("2026-11-01T00:00:00Z").unwrap().to_utc();
    let generated = GeneratedCatalog::new(SampleSize { products: PRODUCTS, ..SampleSize::default() }, newest);
    let caller = Caller::system("test", "correlation");
    let mut loader = CatalogLoader::new(store.clone(), connected.commands.clone(), caller, "TEST");
    loader.load_locations(generated.locations()).await.unwrap();
    let products: Vec<_> = generated.products().collect();
    for chunk in products.chunks(100) {
        assert_eq!(loader.load_products(chunk).await.unwrap().rejected, []);
    }
    let transaction = store.begin_write().await.unwrap();
    transaction.execute_unprepared(PAST).await.unwrap();
    transaction.execute_unprepared(crate::supply::PAST).await.unwrap();
    transaction.commit().await.unwrap();
    for projection in PROJECTIONS {
        catch_up(store, projection).await.unwrap();
    }
    connected.reactions.catch_up().await.unwrap();
    let transaction = store.begin_write().await.unwrap();
    transaction.execute_unprepared(ALERTS).await.unwrap();
    transaction.execute_unprepared("ANALYZE projected_level, projected_movement, projection").await.unwrap();
    transaction.commit().await.unwrap();
}

/// Twenty thousand alerts that are over, and windows of attempts.
const ALERTS: &str = "
INSERT INTO stock_alert (id, kind, severity, variant_id, product_id, sku, facts, occurrences, revision, raised_at, changed_at,
  resolved_at)
SELECT 'past-' || n, 'STOCK_LEVEL', 'LOW_STOCK', variant.id, product_id, sku, '{}', 1, 2, now() - n * interval '1 minute',
  now() - n * interval '1 minute', now() - n * interval '1 minute'
FROM generate_series(1, 20000) AS n
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS number FROM variant) AS variant ON variant.number = n % 3000 + 1;
INSERT INTO sale_attempt (id, variant_id, product_id, sku, channel, window_start, attempts, units_wanted, units_missed,
  shoppers, last_at)
SELECT variant.id || '/web/' || n, variant.id, product_id, sku, 'web', now() - n * interval '5 minutes', 3, 3, 3, ''::bytea,
  now()
FROM generate_series(1, 20000) AS n
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS number FROM variant) AS variant ON variant.number = n % 3000 + 1;
INSERT INTO anomaly_outflow (variant_id, window_start, pieces)
SELECT variant.id, extract(epoch FROM date_trunc('day', now(), 'UTC'))::bigint - day * 86400, 3
FROM variant, generate_series(1, 28) AS day;
INSERT INTO anomaly_correction (variant_id, location_id, day, actor, by_hand, losses, lost)
SELECT variant_id, location_id, extract(epoch FROM now())::bigint / 86400 - day, 'staff', 1, 1, 1
FROM stock_level, generate_series(1, 6) AS day LIMIT 20000;
INSERT INTO waitlist_customer (token, customer_id, created_at)
SELECT 'token-' || n, 'customer-' || n, now() FROM generate_series(1, 5000) AS n;
INSERT INTO waitlist_entry (id, customer_token, variant_id, channel, quantity, status, joined_at)
SELECT 'past-' || n, 'token-' || n % 5000 + 1, variant.id, '', 1, CASE WHEN n % 100 = 0 THEN 'WAITING' ELSE 'LAPSED' END,
  now() - n * interval '1 minute'
FROM generate_series(1, 20000) AS n
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS number FROM variant) AS variant ON variant.number = n % 2900 + 1;
INSERT INTO waitlist_variant (variant_id, due_at)
SELECT DISTINCT variant_id, now() + interval '1 hour' FROM waitlist_entry WHERE status = 'WAITING';
INSERT INTO waitlist_notice (entry_id, seq, variant_id, status, attempts, next_attempt_at, lease_token, created_at)
SELECT id, seq, variant_id, 'DELIVERED', 1, joined_at, 1, joined_at FROM waitlist_entry WHERE status <> 'WAITING';
ANALYZE anomaly_outflow, anomaly_correction, stock_alert, stock_alert_threshold, sale_attempt, waitlist_customer, waitlist_entry, waitlist_variant, waitlist_notice;
";

/// Twenty thousand reservations of the last days, of which few still hold, with the answers that were given to them.
const PAST: &str = "
INSERT INTO reservation (id, status, reference, actor, correlation_id, expires_at, created_at, updated_at)
SELECT 'past-' || n, CASE WHEN n % 1000 = 0 THEN 'ACTIVE' ELSE 'EXPIRED' END, NULL, 'anonymous', 'past',
       now() + interval '1 hour', now() - interval '1 day', now()
FROM generate_series(1, 20000) AS n;
INSERT INTO reservation_line (id, reservation_id, position, variant_id, location_id, quantity)
SELECT 'past-' || row_number() OVER (), 'past-' || row_number() OVER (), 1, variant_id, location_id, 1
FROM (SELECT * FROM stock_level WHERE on_hand > 2 ORDER BY id LIMIT 20000) AS level;
UPDATE reservation SET status = 'RELEASED' WHERE status = 'ACTIVE' AND id <> 'past-1000';
UPDATE stock_level SET committed = committed + 1
FROM reservation_line AS line WHERE line.reservation_id = 'past-1000' AND line.variant_id = stock_level.variant_id
  AND line.location_id = stock_level.location_id;
INSERT INTO idempotency (scope, key, request_hash, response, created_at)
SELECT 'anonymous', 'past-' || n, 'hash', 'null', now() - interval '1 day' FROM generate_series(1, 20000) AS n;
INSERT INTO promotion (id, title, code, kind, value, priority, combinable, enabled, revision, created_at, updated_at)
SELECT 'past-' || n, 'Past', 'CODE-' || n, 'PERCENTAGE', 1, 0, true, true, 1, now() - n * interval '1 minute', now()
FROM generate_series(1, 5000) AS n;
INSERT INTO promotion_target (promotion_id, kind, target_id)
SELECT 'past-' || row_number() OVER (), 'VARIANT', id FROM (SELECT id FROM variant ORDER BY sku LIMIT 5000) AS variant;
INSERT INTO price_tier (id, variant_id, minimum_quantity, unit_price_minor)
SELECT id, id, 10, 1 FROM variant;
INSERT INTO cart (id, actor, channel, status, codes, created_at, updated_at)
SELECT 'past-' || n, 'anonymous', 'online', 'OPEN', '[\"CODE-7\"]', now(), now() FROM generate_series(1, 5000) AS n;
INSERT INTO cart_line (id, cart_id, variant_id, quantity)
SELECT 'past-' || row_number() OVER (), 'past-' || row_number() OVER (), id, 2
FROM (SELECT id FROM variant ORDER BY sku LIMIT 5000) AS variant;
INSERT INTO customer_order (id, cart_id, actor, channel, status, financial_status, fulfillment_status, currency,
  subtotal_minor, total_minor, authorized_minor, captured_minor, refunded_minor, revision, correlation_id, created_at,
  updated_at)
SELECT 'past-' || n, 'past-' || n, 'anonymous', 'online', 'CANCELLED', 'PAID', 'UNFULFILLED', 'EUR', 1, 1, 0, 1, 0, 1, 'past',
  now(), now() FROM generate_series(1, 5000) AS n;
INSERT INTO order_line (id, order_id, position, variant_id, sku, title, quantity, unit_price_minor, base_price_minor,
  fulfilled_quantity, cancelled_quantity, returned_quantity)
SELECT 'past-' || row_number() OVER (), 'past-' || row_number() OVER (), 1, id, sku, title, 1, 1, 2, 0, 1, 0
FROM (SELECT id, sku, title FROM variant ORDER BY sku LIMIT 5000) AS variant;
INSERT INTO order_line_discount (line_id, position, kind, title, amount_minor)
SELECT id, 1, 'PROMOTION', 'Past', 1 FROM order_line;
INSERT INTO collection (id, handle, title, description, kind, sort, revision, created_at, updated_at)
SELECT 'past-' || n, 'past-' || n, 'Past ' || n, '', 'MANUAL', 'FEATURED', 1, now(), now() FROM generate_series(1, 2000) AS n;
INSERT INTO collection_product (collection_id, product_id, stock_min, stock_max, position, sort_key)
SELECT 'past-' || n, product.id, CASE WHEN n = 7 THEN 1 ELSE 0 END, 9223372036854775807, 1,
  lpad(featured_rank::text, 20, '0') FROM generate_series(1, 20) AS n, product;
INSERT INTO publication (kind, subject_id, channel, published)
SELECT 'PRODUCT', id, 'elsewhere', false FROM product UNION ALL SELECT 'COLLECTION', id, 'elsewhere', false FROM collection;
INSERT INTO taxonomy_category (id, parent_id, name, revision, created_at, updated_at)
SELECT 'node-' || n, CASE WHEN n > 0 THEN 'node-' || (n - 1) / 5 END, 'Node ' || n, 1, now(), now()
FROM generate_series(0, 3000) AS n;
INSERT INTO taxonomy_ancestor (ancestor_id, category_id, distance)
WITH RECURSIVE up AS (SELECT id AS category_id, id AS ancestor_id, 0 AS distance, parent_id FROM taxonomy_category
  UNION ALL SELECT up.category_id, above.id, up.distance + 1, above.parent_id FROM up
  JOIN taxonomy_category AS above ON above.id = up.parent_id)
SELECT ancestor_id, category_id, distance FROM up;
UPDATE product SET taxonomy_category_id = 'node-' || (700 + featured_rank % 2000);
UPDATE outbox SET published_at = now();
ANALYZE product, product_image, product_option, variant, stock_level, stock_event, reservation, reservation_line,
  idempotency, outbox, location, cart, cart_line, customer_order, order_line, order_line_discount,
  collection, collection_product, publication, taxonomy_category, taxonomy_ancestor, product;
";

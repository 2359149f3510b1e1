//! A store with a few variants at three locations.

use std::{future::Future, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};
use selvedge_inventory::{
    command::{Caller, Commands, ReserveLine, ReserveStock, Reserved},
    domain::{Target, UserError},
    entity::{location, outbox, product, reservation, reservation_line, stock_event, stock_level, variant},
    store::{Store, StoreOptions, badges, badges::BadgeOfSku},
};
use selvedge_kit::outbox::RelaySignal;
use serde_json::json;
use uuid::Uuid;

/// Pieces at and below which stock is low.
pub(crate) const LOW_STOCK_THRESHOLD: i32 = 5;
/// Asked first.
pub(crate) const NEAR: &str = "location-near";
/// Asked second.
pub(crate) const FAR: &str = "location-far";
/// Does not sell.
pub(crate) const CLOSED: &str = "location-closed";

/// A store with variants `SKU-0` to `SKU-9` and no stock.
pub(crate) struct Warehouse {
    pub(crate) store: Store,
    pub(crate) commands: Commands,
    pub(crate) options: StoreOptions,
    _folder: Option<tempfile::TempDir>,
}

impl Warehouse {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/inventory.db?mode=rwc", folder.path().display());
        Self::open(StoreOptions::new(url), Some(folder)).await
    }

    pub(crate) async fn in_sqlite_memory() -> Self {
        Self::open(StoreOptions::new("sqlite::memory:"), None).await
    }

    pub(crate) async fn on_postgres(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT RUN: {test} needs TEST_POSTGRES_URL (postgres://user:password@host:port/database)");
            assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_POSTGRES_URL");
            return None;
        };
        // The application's name tells this test's connections from those of others.
        let schema = format!("ledger_{}", Uuid::now_v7().simple());
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}application_name={schema}");
        let options = StoreOptions { schema: Some(schema), max_connections: 5, ..StoreOptions::new(url) };
        Some(Self::open(options, None).await)
    }

    async fn open(options: StoreOptions, folder: Option<tempfile::TempDir>) -> Self {
        let store = Store::open(&options).await.unwrap();
        let commands = Commands::new(store.clone(), RelaySignal::default(), LOW_STOCK_THRESHOLD);
        insert_catalog(&store).await;
        Self { store, commands, options, _folder: folder }
    }

    /// How it is opened.
    pub(crate) const fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// What its PostgreSQL connections call themselves.
    pub(crate) fn application_name(&self) -> &str {
        self.options.schema.as_deref().unwrap()
    }

    /// Another process on the same database, as far as the database can tell.
    pub(crate) async fn second_process(&self) -> (Store, Commands) {
        let store = Store::open(&self.options).await.unwrap();
        let commands = Commands::new(store.clone(), RelaySignal::default(), LOW_STOCK_THRESHOLD);
        (store, commands)
    }

    /// Sets on hand of a SKU at a location.
    pub(crate) async fn stock(&self, sku: &str, location_id: &str, on_hand: i32) {
        let target =
            Target { sku: sku.to_owned(), location_id: location_id.to_owned(), on_hand, safety_stock: 0, incoming: 0 };
        let done = self.commands.load_levels(&staff(), "test", vec![target], |_| ()).await.unwrap();
        assert_eq!(done.rejected, []);
    }

    /// Reserves pieces of one SKU for an anonymous shopper under a new key.
    pub(crate) async fn reserve(&self, sku: &str, quantity: i32) -> Result<Reserved, Vec<UserError>> {
        let input = ReserveStock { lines: vec![line(sku, quantity)], ..ReserveStock::default() };
        self.commands.reserve(&shopper(), &input, &new_key()).await.unwrap()
    }

    pub(crate) async fn badge(&self, sku: &str) -> BadgeOfSku {
        badges::read(&self.store, &[sku.to_owned()]).await.unwrap().remove(0)
    }

    pub(crate) async fn level(&self, sku: &str, location_id: &str) -> stock_level::Model {
        let rows = stock_level::Entity::find()
            .filter(stock_level::Column::VariantId.eq(variant_id(sku)))
            .filter(stock_level::Column::LocationId.eq(location_id))
            .all(self.store.reader())
            .await
            .unwrap();
        rows.into_iter().next().unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<stock_event::Model> {
        stock_event::Entity::find().order_by_asc(stock_event::Column::Seq).all(self.store.reader()).await.unwrap()
    }

    pub(crate) async fn outbox(&self) -> Vec<outbox::Model> {
        outbox::Entity::find().order_by_asc(outbox::Column::Id).all(self.store.reader()).await.unwrap()
    }

    pub(crate) async fn lines(&self, reservation_id: &str) -> Vec<reservation_line::Model> {
        let of_it = reservation_line::Column::ReservationId.eq(reservation_id);
        reservation_line::Entity::find().filter(of_it).all(self.store.reader()).await.unwrap()
    }

    /// Moves the end of a reservation into the past.
    pub(crate) async fn run_out(&self, reservation_id: &str) {
        let past: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(365);
        let transaction = self.store.begin_write().await.unwrap();
        reservation::Entity::update_many()
            .set(reservation::ActiveModel { expires_at: Set(past), ..Default::default() })
            .filter(reservation::Column::Id.eq(reservation_id))
            .exec(&transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// Runs SQL as a hand in the database would.
    pub(crate) async fn sql(&self, sql: &str) -> Result<(), sea_orm::DbErr> {
        let transaction = self.store.begin_write().await.unwrap();
        transaction.execute_unprepared(sql).await?;
        transaction.commit().await
    }

    /// Fails unless levels, reservations and badges are what the ledger says.
    pub(crate) async fn assert_verified(&self) {
        let report = selvedge_inventory::store::verify(&self.store).await.unwrap();
        assert_eq!(report.discrepancies, []);
        assert_eq!(report.variants, 10);
    }
}

/// Waits until `condition` holds, at most a minute.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    for _ in 0..3_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen within a minute");
}

pub(crate) fn staff() -> Caller {
    Caller {
        actor: "staff-1".to_owned(),
        correlation_id: "correlation-1".to_owned(),
        manages_stock: true,
        manages_orders: true,
    }
}

pub(crate) fn shopper() -> Caller {
    Caller {
        actor: Caller::ANONYMOUS.to_owned(),
        correlation_id: "correlation-2".to_owned(),
        manages_stock: false,
        manages_orders: false,
    }
}

pub(crate) fn line(sku: &str, quantity: i32) -> ReserveLine {
    ReserveLine { sku: sku.to_owned(), quantity, location_id: None }
}

pub(crate) fn new_key() -> String {
    Uuid::now_v7().to_string()
}

pub(crate) fn variant_id(sku: &str) -> String {
    format!("variant-{sku}")
}

async fn insert_catalog(store: &Store) {
    let transaction = store.begin_write().await.unwrap();
    let places = [(NEAR, 1, true), (FAR, 2, true), (CLOSED, 0, false)];
    let places = places.map(|(id, priority, active)| location::Model {
        id: id.to_owned(),
        code: id.to_owned(),
        name: id.to_owned(),
        kind: "WAREHOUSE".to_owned(),
        city: "Porto".to_owned(),
        country_code: "PT".to_owned(),
        priority,
        active,
    });
    let places = places.into_iter().map(|row| row.into_active_model().reset_all());
    location::Entity::insert_many(places).exec_without_returning(&transaction).await.unwrap();
    product::Entity::insert(product_row().into_active_model().reset_all())
        .exec_without_returning(&transaction)
        .await
        .unwrap();
    let variants = (0..10).map(|index| variant_row(&format!("SKU-{index}")).into_active_model().reset_all());
    variant::Entity::insert_many(variants).exec_without_returning(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

fn product_row() -> product::Model {
    product::Model {
        id: "product-1".to_owned(),
        handle: "shirt".to_owned(),
        title: "Shirt".to_owned(),
        description: String::new(),
        vendor: "Vendor".to_owned(),
        category: "Shirts".to_owned(),
        taxonomy_category_id: None,
        gender: None,
        material: None,
        style: None,
        occasion: None,
        tags: json!([]),
        status: "ACTIVE".to_owned(),
        featured_rank: 1,
        currency: "EUR".to_owned(),
        price_min: 100,
        price_max: 100,
        revision: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn variant_row(sku: &str) -> variant::Model {
    variant::Model {
        id: variant_id(sku),
        product_id: "product-1".to_owned(),
        sku: sku.to_owned(),
        title: sku.to_owned(),
        barcode: None,
        size: None,
        color: None,
        options: json!([]),
        price_minor: 100,
        compare_at_minor: None,
        currency: "EUR".to_owned(),
        position: 1,
        stock_policy: if sku == "SKU-9" { "BACKORDER" } else { "DENY" }.to_owned(),
        expected_at: (sku == "SKU-9").then(|| DateTime::UNIX_EPOCH + TimeDelta::days(30_000)),
        badge_state: "OUT_OF_STOCK".to_owned(),
        badge_available: 0,
        badge_revision: 0,
    }
}

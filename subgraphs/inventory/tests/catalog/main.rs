//! Loading catalogs on each engine: the sample, a Shopify export, and the same again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may"
)]

use std::path::Path;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use selvedge_inventory::{
    catalog::{
        CatalogDraft, CatalogLoader, GeneratedCatalog, ImportOptions, LoadReport, LocationDraft, LocationKind,
        ProductDraft, SampleSize, StockPolicy, read_products,
    },
    command::{Caller, Commands, catalog::CollectionDraft},
    domain::{
        StockState,
        collection::{Field, Relation, Rule, Rules, SortOrder},
    },
    entity::{collection_product, outbox, product, product_option, stock_level, taxonomy_category, variant},
    store::{Store, StoreOptions, badges, catalog_read::paths_of_categories, verify},
};
use selvedge_kit::outbox::RelaySignal;

/// An empty store.
struct Shop {
    store: Store,
    loader: CatalogLoader,
    _folder: Option<tempfile::TempDir>,
}

impl Shop {
    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/inventory.db?mode=rwc", folder.path().display());
        Self::open(StoreOptions::new(url), Some(folder)).await
    }

    async fn on_postgres(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT RUN: {test} needs TEST_POSTGRES_URL (postgres://user:password@host:port/database)");
            assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_POSTGRES_URL");
            return None;
        };
        let schema = format!("catalog_{}", uuid::Uuid::now_v7().simple());
        Some(Self::open(StoreOptions { schema: Some(schema), ..StoreOptions::new(server) }, None).await)
    }

    async fn open(options: StoreOptions, folder: Option<tempfile::TempDir>) -> Self {
        let store = Store::open(&options).await.unwrap();
        let commands = Commands::new(store.clone(), RelaySignal::default(), 5);
        let loader = CatalogLoader::new(store.clone(), commands, Caller::system("test", "correlation"), "TEST");
        Self { store, loader, _folder: folder }
    }

    async fn load(&mut self, catalog: &CatalogDraft) -> LoadReport {
        self.loader.load_locations(&catalog.locations).await.unwrap();
        let mut report = LoadReport::default();
        for chunk in catalog.products.chunks(100) {
            report.add(self.loader.load_products(chunk).await.unwrap());
        }
        report
    }

    async fn assert_verified(&self) {
        assert_eq!(verify(&self.store).await.unwrap().discrepancies, []);
    }
}

macro_rules! on_each_engine {
    ($($test:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::Shop::on_sqlite().await).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(shop) = crate::Shop::on_postgres(concat!("postgres::", stringify!($test))).await {
                    super::$test(shop).await;
                }
            }
        )*}
    };
}

on_each_engine!(
    a_sample_catalog_is_loaded_with_its_stock,
    loading_again_updates_and_keeps_stock_and_ids,
    a_sku_of_another_product_is_refused,
    variants_that_a_file_leaves_out_stay_part_of_the_product,
    a_badge_follows_the_policy_though_no_stock_moves,
    a_real_shopify_export_is_imported,
    what_is_imported_goes_into_its_collections,
    the_product_category_of_a_file_is_a_node_of_the_tree,
);

fn sample(products: u32) -> CatalogDraft {
    let newest: DateTime<Utc> = DateTime::parse_from_rfc3339("2026-11-01T00:00:00Z").unwrap().to_utc();
    let generated = GeneratedCatalog::new(SampleSize { products, ..SampleSize::default() }, newest);
    CatalogDraft { locations: generated.locations().to_vec(), products: generated.products().collect() }
}

async fn a_sample_catalog_is_loaded_with_its_stock(mut shop: Shop) {
    let catalog = sample(150);
    let report = shop.load(&catalog).await;
    let variants: usize = catalog.products.iter().map(|product| product.variants.len()).sum();
    let levels: usize =
        catalog.products.iter().flat_map(|product| &product.variants).map(|variant| variant.levels.len()).sum();
    assert_eq!((report.products_created, report.products_updated, report.rejected), (150, 0, vec![]));
    assert_eq!(variant::Entity::find().count(shop.store.reader()).await.unwrap(), u64::try_from(variants).unwrap());
    assert_eq!(stock_level::Entity::find().count(shop.store.reader()).await.unwrap(), u64::try_from(levels).unwrap());
    assert_eq!(product_option::Entity::find().count(shop.store.reader()).await.unwrap(), 300);
    let announced = outbox::Entity::find().filter(outbox::Column::Subject.is_not_in(skus(&catalog)));
    assert_eq!(announced.count(shop.store.reader()).await.unwrap(), 150, "each product is announced once");
    let buyable = variant::Entity::find().filter(variant::Column::BadgeAvailable.gt(0));
    assert!(buyable.count(shop.store.reader()).await.unwrap() > u64::try_from(variants / 2).unwrap());
    shop.assert_verified().await;
}

fn skus(catalog: &CatalogDraft) -> Vec<String> {
    catalog.products.iter().flat_map(|product| &product.variants).map(|variant| variant.sku.clone()).collect()
}

async fn loading_again_updates_and_keeps_stock_and_ids(mut shop: Shop) {
    let mut catalog = sample(12);
    shop.load(&catalog).await;
    let before = product::Entity::find().all(shop.store.reader()).await.unwrap();
    catalog.products[0].title = "Renamed".to_owned();
    catalog.products[0].variants[0].price_minor = 100;
    let report = shop.load(&catalog).await;
    assert_eq!((report.products_created, report.products_updated), (0, 12));
    let after = product::Entity::find().all(shop.store.reader()).await.unwrap();
    let ids = |products: &[product::Model]| {
        let mut ids: Vec<_> = products.iter().map(|product| product.id.clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&before), ids(&after));
    let renamed = after.iter().find(|product| product.title == "Renamed").unwrap();
    assert_eq!((renamed.price_min, renamed.revision), (100, 2));
    assert_eq!(product_option::Entity::find().count(shop.store.reader()).await.unwrap(), 24, "options are not doubled");
    shop.assert_verified().await;
}

async fn a_sku_of_another_product_is_refused(mut shop: Shop) {
    let mut catalog = sample(2);
    shop.load(&catalog).await;
    let taken = catalog.products[0].variants[0].sku.clone();
    catalog.products[1].variants[0].sku.clone_from(&taken);
    let thief: Vec<ProductDraft> = catalog.products.drain(1..).collect();
    let report = shop.load(&CatalogDraft { locations: catalog.locations, products: thief }).await;
    assert_eq!(report.rejected, [(taken, "the SKU belongs to another product".to_owned())]);
    shop.assert_verified().await;
}

async fn variants_that_a_file_leaves_out_stay_part_of_the_product(mut shop: Shop) {
    let mut catalog = sample(1);
    let cheapest = &mut catalog.products[0].variants[0];
    cheapest.price_minor = 1;
    let left_out = cheapest.sku.clone();
    shop.load(&catalog).await;
    catalog.products[0].variants.remove(0);
    catalog.products[0].options[0].values.clear();
    shop.load(&catalog).await;
    let after = product::Entity::find().one(shop.store.reader()).await.unwrap().unwrap();
    assert_eq!((after.price_min, after.revision), (1, 2));
    let color = product_option::Entity::find().filter(product_option::Column::Position.eq(1));
    let color = color.one(shop.store.reader()).await.unwrap().unwrap();
    assert_eq!(color.option_values.as_array().unwrap().len(), 1, "the colour of the variant that was left out");
    let last =
        outbox::Entity::find().filter(outbox::Column::Subject.eq(after.id)).all(shop.store.reader()).await.unwrap();
    let event = serde_json::to_string(&last.last().unwrap().event).unwrap();
    assert!(event.contains(&left_out), "{event}");
}

async fn a_badge_follows_the_policy_though_no_stock_moves(mut shop: Shop) {
    let mut catalog = sample(1);
    let draft = catalog.products[0].variants[0].clone();
    let sku = draft.sku.clone();
    catalog.products[0].variants.truncate(1);
    let levels = &mut catalog.products[0].variants[0].levels;
    levels.iter_mut().for_each(|level| level.on_hand = 0);
    assert!(!levels.is_empty());
    catalog.products[0].variants[0].stock_policy = StockPolicy::Deny;
    shop.load(&catalog).await;
    let badge = async |shop: &Shop, sku: &str| badges::read(&shop.store, &[sku.to_owned()]).await.unwrap().remove(0);
    let before = badge(&shop, &sku).await;
    assert_eq!(before.state, StockState::OutOfStock);

    let variant = &mut catalog.products[0].variants[0];
    let day = DateTime::parse_from_rfc3339("2027-01-01T00:00:00Z").unwrap().to_utc();
    (variant.stock_policy, variant.expected_at) = (StockPolicy::Backorder, Some(day));
    variant.levels.clear();
    shop.load(&catalog).await;
    let ordered = badge(&shop, &sku).await;
    assert_eq!(
        (ordered.state, ordered.expected_at, ordered.revision),
        (StockState::Backorder, Some(day), before.revision + 1)
    );

    let later = day + chrono::TimeDelta::days(7);
    catalog.products[0].variants[0].expected_at = Some(later);
    let mut second = draft;
    second.sku = format!("{sku}-2");
    second.stock_policy = StockPolicy::Backorder;
    second.levels.clear();
    catalog.products[0].variants.push(second);
    shop.load(&catalog).await;
    let delayed = badge(&shop, &sku).await;
    assert_eq!((delayed.expected_at, delayed.revision), (Some(later), ordered.revision + 1));
    let second = badge(&shop, &format!("{sku}-2")).await;
    assert_eq!((second.state, second.revision), (StockState::Backorder, 1));
    shop.load(&catalog).await;
    assert_eq!(badge(&shop, &sku).await, delayed, "the same again changes nothing");
    let announced = outbox::Entity::find().filter(outbox::Column::Subject.eq(&sku));
    let announced = announced.count(shop.store.reader()).await.unwrap();
    assert_eq!(i64::try_from(announced).unwrap(), delayed.revision);
    shop.assert_verified().await;
}

async fn the_product_category_of_a_file_is_a_node_of_the_tree(mut shop: Shop) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("products.csv");
    let options = ImportOptions {
        currency_code: "EUR".to_owned(),
        location_code: "MAIN".to_owned(),
        imported_at: DateTime::UNIX_EPOCH,
    };
    let mut paths = Vec::new();
    for (shirt, bag) in [("Apparel & Accessories > Clothing > Shirts", "Apparel & Accessories >Bags"), ("", "212")] {
        let rows = format!(
            "Handle,Title,Type,Product Category,Variant Price\nshirt,Shirt,Shirts,{shirt},10\nblouse,Blouse,Shirts,{shirt},12\n\
             bag,Bag,Bags,{bag},20\n"
        );
        std::fs::write(&file, rows).unwrap();
        let reading = read_products(&file, &options, |_| {}).unwrap();
        assert_eq!(reading.rejected, []);
        shop.load(&CatalogDraft { locations: Vec::new(), products: reading.products }).await;
        let mut of_products = Vec::new();
        for handle in ["shirt", "blouse", "bag"] {
            let product = product::Entity::find().filter(product::Column::Handle.eq(handle));
            let product = product.one(shop.store.reader()).await.unwrap().unwrap();
            let node = product.taxonomy_category_id.unwrap();
            let steps = paths_of_categories(&shop.store, &[node]).await.unwrap();
            let names: Vec<String> = steps.into_iter().map(|step| step.category.name).collect();
            of_products.push(names.join("/"));
        }
        paths.push(of_products);
    }
    let shirts = "Apparel & Accessories/Clothing/Shirts";
    assert_eq!(paths[0], [shirts, shirts, "Apparel & Accessories/Bags"]);
    assert_eq!(paths[1], paths[0], "a file that says nothing, or Google's number, leaves products where they are");
    let nodes = taxonomy_category::Entity::find().count(shop.store.reader()).await.unwrap();
    assert_eq!(nodes, 4, "what is there is found again");
}

async fn what_is_imported_goes_into_its_collections(mut shop: Shop) {
    let commands = Commands::new(shop.store.clone(), RelaySignal::default(), 5);
    let dresses = Rule { field: Field::Category, relation: Relation::Equals, value: "dresses".to_owned() };
    let draft = CollectionDraft {
        handle: "dresses".to_owned(),
        title: "Dresses".to_owned(),
        description: String::new(),
        sort: SortOrder::Title,
        rules: Some(Rules { any: false, rules: vec![dresses] }),
    };
    let caller = Caller::system("test", "correlation");
    commands.write_collection(&caller, None, &draft, "k").await.unwrap().unwrap();
    let mut catalog = sample(60);
    for round in 0..2 {
        shop.load(&catalog).await;
        let inside = collection_product::Entity::find().all(shop.store.reader()).await.unwrap();
        let mut titles: Vec<&str> = inside.iter().map(|row| row.sort_key.as_str()).collect();
        let dresses = catalog.products.iter().filter(|product| product.category == "Dresses");
        let mut expected: Vec<&str> = dresses.map(|product| product.title.as_str()).collect();
        assert!(!expected.is_empty());
        titles.sort_unstable();
        expected.sort_unstable();
        assert_eq!(titles, expected, "{round}");
        let product = catalog.products.iter_mut().find(|product| product.category == "Dresses").unwrap();
        product.category = "Coats".to_owned();
        let product = catalog.products.iter_mut().find(|product| product.category == "Dresses").unwrap();
        product.title = format!("Another {}", product.title);
    }
}

async fn a_real_shopify_export_is_imported(mut shop: Shop) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog/shopify-apparel.csv");
    let options = ImportOptions {
        currency_code: "USD".to_owned(),
        location_code: "MAIN".to_owned(),
        imported_at: DateTime::UNIX_EPOCH,
    };
    let reading = read_products(&file, &options, |_| {}).unwrap();
    assert_eq!(reading.rejected, []);
    let location = LocationDraft {
        code: "MAIN".to_owned(),
        name: "Main".to_owned(),
        kind: LocationKind::Warehouse,
        city: String::new(),
        country_code: String::new(),
        priority: 1,
    };
    let report = shop.load(&CatalogDraft { locations: vec![location], products: reading.products }).await;
    assert_eq!((report.products_created, report.variants, report.rejected), (20, 22, vec![]));
    let medium = variant::Entity::find().filter(variant::Column::Sku.eq("classic-varsity-top-medium"));
    let medium = medium.one(shop.store.reader()).await.unwrap().unwrap();
    assert_eq!((medium.size.as_deref(), medium.price_minor, medium.badge_available), (Some("Medium"), 6_000, 1));
    shop.assert_verified().await;
}

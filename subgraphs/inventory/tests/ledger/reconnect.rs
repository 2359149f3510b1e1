//! The server goes away and comes back.

use futures::future::join_all;
use sea_orm::{ConnectionTrait, Database};
use selvedge_inventory::{
    Config,
    command::ReserveStock,
    store::{Store, StoreOptions, badges},
};

use crate::warehouse::{NEAR, Warehouse, line, new_key, shopper};

/// Every connection is cut again and again while shoppers buy and look: no reservation fails, none is made twice, and nobody
/// who looks is told of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_connections_that_break_cost_nobody_a_reservation() {
    let name = "reconnect::postgres_connections_that_break_cost_nobody_a_reservation";
    let Some(warehouse) = Warehouse::on_postgres(name).await else { return };
    warehouse.stock("SKU-0", NEAR, 1_000).await;
    let server = Database::connect(std::env::var("TEST_POSTGRES_URL").unwrap()).await.unwrap();
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
        warehouse.application_name(),
    );
    let buyers = (0..4).map(|_| {
        let commands = warehouse.commands.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                let input = ReserveStock { lines: vec![line("SKU-0", 1)], ..ReserveStock::default() };
                commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap();
            }
        })
    });
    let buyers: Vec<_> = buyers.collect();
    let store = warehouse.store.clone();
    let looking = tokio::spawn(async move {
        loop {
            let seen = badges::read(&store, &["SKU-0".to_owned()]).await.unwrap();
            if seen.iter().any(|badge| badge.available == 900) {
                return;
            }
        }
    });
    for _ in 0..5 {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        server.execute_unprepared(&cut).await.unwrap();
    }
    for buyer in join_all(buyers).await {
        buyer.unwrap();
    }
    server.execute_unprepared(&cut).await.unwrap();
    looking.await.unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.committed, 100);
    warehouse.assert_verified().await;
}

/// Somebody begins a transaction, takes a row, and says no more: the server takes it back, whoever waits for the row goes on,
/// and the pool, of which that was one connection of two, has both again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_ends_a_transaction_that_was_left_open() {
    let name = "reconnect::postgres_ends_a_transaction_that_was_left_open";
    let Some(warehouse) = Warehouse::on_postgres(name).await else { return };
    warehouse.stock("SKU-0", NEAR, 10).await;
    let config = Config { idle_transaction_seconds: 1, max_connections: 2, ..Config::default() };
    let own = StoreOptions::of(&config);
    let options = warehouse.options();
    let (database_url, schema) = (options.database_url.clone(), options.schema.clone());
    let store = Store::open(&StoreOptions { database_url, schema, ..own }).await.unwrap();
    let left = store.begin_write().await.unwrap();
    left.execute_unprepared("UPDATE variant SET badge_available = 77 WHERE sku = 'SKU-0'").await.unwrap();
    // It waits for the lock that the other one holds.
    warehouse.reserve("SKU-0", 1).await.unwrap();
    let gone = left.execute_unprepared("SELECT 1").await;
    assert!(gone.is_err(), "{gone:?}");
    drop(left);
    let (one, other) = (store.begin_write().await.unwrap(), store.begin_write().await.unwrap());
    for transaction in [one, other] {
        transaction.execute_unprepared("SELECT 1").await.unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!(warehouse.badge("SKU-0").await.available, 9);
    warehouse.assert_verified().await;
}

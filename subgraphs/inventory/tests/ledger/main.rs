//! The stock ledger on each engine: commands, their guards, the outbox, expiry, and proof by replay.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may"
)]

/// Runs each named test on every engine; a test takes a fresh warehouse.
macro_rules! on_each_engine {
    ($($test:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::warehouse::Warehouse::on_sqlite().await).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let name = concat!(module_path!(), "::", stringify!($test));
                if let Some(warehouse) = crate::warehouse::Warehouse::on_postgres(name).await {
                    super::$test(warehouse).await;
                }
            }
        )*}
    };
}

mod adjust;
mod alerts;
mod anomalies;
mod badges;
mod cancelled;
mod concurrent_commands;
mod contention;
mod expiry;
mod history;
mod idempotency;
mod load;
mod orders;
mod outbox;
mod projections;
mod prune;
mod quantities;
mod random_commands;
mod reconcile;
mod reconnect;
mod relay_killed;
#[path = "../../../../tests/support/relay_kills.rs"]
mod relay_kills;
mod release;
mod reserve;
mod sale_attempts;
mod supply;
mod verify;
mod waitlist;
mod warehouse;
mod writer;

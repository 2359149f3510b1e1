//! The API of inventory as the gateway meets it, on each engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests"
)]

/// Runs each named test on every engine; a test takes a fresh shop.
macro_rules! on_each_engine {
    ($($test:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test]
            async fn $test() {
                super::$test(crate::shop::Shop::on_sqlite().await).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test]
            async fn $test() {
                if let Some(shop) = crate::shop::Shop::on_postgres(concat!(module_path!(), "::", stringify!($test))).await {
                    super::$test(shop).await;
                }
            }
        )*}
    };
}

mod alerts;
mod batching;
mod cart_prices;
mod channels;
mod collections;
mod entities;
mod facets;
mod faulty_bus;
mod filters;
mod history;
mod limits;
mod live;
mod media;
mod orders;
mod pages;
mod prices;
mod projected;
mod promotions;
mod publications;
mod reservations;
mod roles;
mod sample;
mod shop;
mod stock;
mod supply;
mod taxonomy;
mod waitlist;

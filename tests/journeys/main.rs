//! What people do with a shop, from outside: real processes, real sockets, in both columns.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may unwrap, and say what they measured"
)]

#[path = "../support/mod.rs"]
mod support;

mod any_supergraph;
mod availability;
mod behaviour;
mod browser;
mod catalog;
mod command_line;
mod contract;
mod errors;
mod events;
mod import;
mod kept_answers;
mod lifecycle;
mod live_queries;
mod live_stock;
mod orders;
mod product_page;
mod reconcile;
mod reload;
mod reservations;
mod wishlist;

//! Where the schema comes from, and how it is changed while requests run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../reload_support/mod.rs"]
mod reload_support;

mod changes;
mod sources;

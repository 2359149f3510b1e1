//! Queries that are kept alive: `query @live`.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../cache_support/mod.rs"]
mod cache_support;
mod freshness;
mod payloads;
mod support;
mod touched;
mod trouble;
mod truth;

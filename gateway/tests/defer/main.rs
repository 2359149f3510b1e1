//! Answers in parts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../edge_support/mod.rs"]
mod edge_support;
#[path = "../support/mod.rs"]
mod support;

mod defer_support;

mod over_http;
mod parts;
mod random;

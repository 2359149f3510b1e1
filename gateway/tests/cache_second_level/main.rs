//! Gateways that share what they keep, in a real Redis.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may unwrap, and say what they could not do"
)]

#[path = "../cache_support/mod.rs"]
mod cache_support;
mod in_redis;
#[path = "../cache_support/redis.rs"]
mod shared;

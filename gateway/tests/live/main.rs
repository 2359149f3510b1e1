//! Subscription fields that events feed.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../edge/counted.rs"]
mod counted;
mod enriched;
mod fed;
mod private;
mod routed;
mod schema_change;
mod support;
mod trouble;
mod truth;

//! What breaks, broken on purpose: processes that die, and buyers who all want the same thing at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../support/mod.rs"]
mod support;

mod kills;
mod live;
mod outage;
mod oversell;
mod saga_kills;
mod several;

//! What breaks, broken on purpose: processes that die, and buyers who all want the same thing at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may unwrap, and say with which seed"
)]

#[path = "../support/mod.rs"]
mod support;

mod badges;
mod kills;
mod live;
mod outage;
mod oversell;
mod saga_kills;
mod several;

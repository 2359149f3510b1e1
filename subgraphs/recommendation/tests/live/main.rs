//! The subgraph as a whole, on the in-process bus, with an inventory subgraph made up for the test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod behaviour;
mod consent;
mod inventory;
mod limits;
mod races;
mod shop;
mod stock;

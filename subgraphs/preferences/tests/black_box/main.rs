//! Black-box tests of the subgraph, one file per behaviour, each on both engines of the store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may unwrap, read their environment and say what did not run"
)]

mod behaviour;
mod consent;
mod contention;
mod customers;
mod engines;
mod federation;
mod outbox;
mod relay_killed;
#[path = "../../../../tests/support/relay_kills.rs"]
mod relay_kills;
mod sdl;
mod shop;
mod start;
mod store;
mod wishlist;

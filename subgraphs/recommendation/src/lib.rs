//! The recommendation subgraph: what a shopper may like, in stock, and why.
//!
//! Events and the catalog flow in through [`intake`], rest in [`state`] (vectors, models, customers), and flow out
//! through [`recommend`] and the graph.
//!
//! Layers, from the bottom: `error` → `domain` → `vectors`, `models` → `state` → `config`, `intake`, `recommend` →
//! `graphql` → `server`. Imports point down only.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::float_cmp,
        reason = "tests may unwrap"
    )
)]

mod config;
pub mod domain;
mod error;
mod graphql;
pub mod intake;
pub mod models;
pub mod recommend;
mod server;
pub mod state;
pub mod vectors;

pub use config::Config;
pub use error::StartError;
pub use graphql::sdl;
pub use server::start;

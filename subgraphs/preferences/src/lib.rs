//! Customer profiles, wishlists, consent and behaviour: a subgraph over MongoDB or an embedded document store.
//!
//! Layers, from the bottom: `domain` → `announce` → `store` → `command` → `privacy`, `intake` → `graphql` → `server`;
//! `config` and `error` stand beside. Imports point down only.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests may unwrap"
    )
)]

pub mod announce;
pub mod command;
mod config;
pub mod domain;
mod error;
mod graphql;
pub mod intake;
pub mod privacy;
mod server;
pub mod store;

pub use config::Config;
pub use error::StartError;
pub use graphql::sdl;
pub use server::{TOPIC, start};

//! The inventory subgraph: the catalog, and an event-sourced stock ledger on PostgreSQL or SQLite.
//!
//! Layers, from the bottom: `config`, `error` → `entity`, `domain` → `store` → `payment`, `notify` → `command`, `projection` → `catalog` →
//! `graphql` → `server`. Imports point down only; `tests/layering.rs` enforces it.
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

pub mod catalog;
pub mod command;
pub mod config;
pub mod domain;
pub mod entity;
mod error;
pub mod graphql;
pub mod notify;
pub mod payment;
pub mod projection;
mod server;
pub mod store;

pub use config::{
    AlertConfig, AnomalyConfig, Config, CountDifferenceConfig, LargeAdjustmentConfig, ShrinkageConfig,
    UnusualOutflowConfig, WaitlistConfig,
};
pub use error::StoreError;
pub use graphql::sdl;
pub use server::{Connected, StartError, alert_settings, connect, start};

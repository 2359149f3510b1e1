//! A complete GraphQL federation gateway: it composes subgraphs, plans operations over them, executes the plans,
//! and pushes live data.
//!
//! Modules are the stages of a request, in order: `request` → `authenticate` → `parse` → `validate` → `plan` →
//! `execute` → `project` → `respond`, called by `pipeline`; `subscribe` for operations that yield many responses.
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

pub mod authenticate;
pub mod cache;
pub mod clock;
pub mod config;
pub mod contract;
pub mod deliver;
pub mod error;
pub mod execute;
pub mod freshness;
pub mod hooks;
pub mod in_flight;
pub mod operation;
pub mod parse;
pub mod pipeline;
pub mod plan;
pub mod project;
pub mod reload;
pub mod request;
pub mod respond;
pub mod schema;
pub mod server;
pub mod subgraph;
pub mod subscribe;
pub mod validate;
pub mod value;
pub mod weight;
pub mod worker;

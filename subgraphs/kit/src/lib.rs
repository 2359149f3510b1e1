//! What subgraphs share: identity, event envelope and bus, outbox relay, server, client, telemetry.
//!
//! Layers, from the bottom: `clock`, `backoff`, `telemetry` → `event`, `identity` → `bus` → `outbox` → `server` →
//! `client`. Imports point down only.

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

mod backoff;
pub mod bus;
pub mod client;
pub mod clock;
pub mod event;
pub mod identity;
pub mod outbox;
pub mod server;
pub mod telemetry;

//! The gateway as clients meet it: HTTP, WebSocket, tokens, hooks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../edge_support/mod.rs"]
mod edge_support;

mod authenticate;
mod counted;
mod event_streams;
mod graphql_over_http;
mod hooks;
mod live_limits;
mod live_queries;
mod multipart_subscriptions;
mod server;
mod subscriptions;
mod token_renewal;
mod websocket;
mod websocket_legacy;

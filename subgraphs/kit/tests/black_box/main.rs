//! Black-box tests of the kit, one file per behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests may unwrap, read their environment and say what did not run"
)]

mod bus;
mod bus_redis;
mod client;
mod conditions;
mod dead_letters;
mod entities;
mod events_folder;
mod killed;
mod redis_restarted;
mod relay;
mod replay;
mod schema_changes;
mod schemas;
mod server;
mod support;
mod websocket;

//! Federation, feature by feature: whatever subgraphs share out, the client sees one graph.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod directives;
mod first_version;
mod graphs;
mod keys;
mod market;
mod names;
mod random;
mod requires;
mod world;

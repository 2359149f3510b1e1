//! What operations mean: how they are checked, planned and answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may unwrap, and say what they measured"
)]

#[path = "../support/mod.rs"]
mod support;

mod aliases;
mod composition;
mod conditions;
mod execution;
mod exported_subgraphs;
mod hostile_documents;
mod introspection;
mod shared_entities;
mod validation;

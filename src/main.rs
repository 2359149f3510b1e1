//! The `selvedge` command: it assembles gateway and subgraphs into processes.
//!
//! Layers, from the bottom: `failure`, `console`, `entity_mapping` → `config`, `assets` → `assemble` → `cli`. Imports point down only.

mod assemble;
mod assets;
mod cli;
mod config;
mod console;
mod entity_mapping;
mod failure;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}

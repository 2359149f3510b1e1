//! `selvedge check-config` and `selvedge config-schema`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    config::{self, Config, Environment, Purpose},
    console,
    failure::Failure,
};

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    /// The file to check; `selvedge.yaml` when absent.
    file: Option<PathBuf>,
}

pub(super) fn check(options: &CheckOptions, environment: &Environment) -> Result<(), Failure> {
    if options.file.is_none() && !Path::new("selvedge.yaml").exists() {
        console::warn(format_args!("there is no selvedge.yaml here: checking the environment alone"));
    }
    let config = config::load(options.file.as_deref(), environment, Purpose::Gateway { development: false })?;
    let mode = if config.gateway.is_development() { "development" } else { "production" };
    if config.gateway.identity.require().is_err() {
        console::warn(format_args!("without `identity.secret` a gateway can start, but no subgraph of this product"));
    }
    console::say(format_args!("the configuration is valid ({mode} mode)"));
    Ok(())
}

pub(super) fn print_schema() -> Result<(), Failure> {
    let schema = selvedge_gateway::config::json_schema::<Config>();
    let text =
        serde_json::to_string_pretty(&schema).map_err(|error| Failure::operation("cannot print the schema", &error))?;
    console::say(format_args!("{text}"));
    Ok(())
}

//! The command line: one file per command.

mod compose;
mod config;
mod events;
mod gateway;
mod import;
mod ledger;
mod reconcile;
mod runtime;
mod seed;
mod subgraph;
mod token;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use selvedge_kit::telemetry::{LogFormat, install_logs};

use crate::{config::Environment, console, failure::Failure};

/// The backend of a clothing-curation shop: a GraphQL federation gateway and three subgraphs.
///
/// Without a command it is `selvedge up`: everything in one process, nothing to configure.
#[derive(Debug, Parser)]
#[command(name = "selvedge", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one process; an empty store gets the sample catalog.
    Up(up::Options),
    /// Run the gateway alone, over any supergraph or subgraphs.
    Gateway(gateway::Options),
    /// Run one subgraph alone.
    Subgraph(subgraph::Options),
    /// Export the subgraphs' SDL and compose the supergraph into `schema/`.
    Compose(compose::Options),
    /// Load a generated, deterministic clothing catalog.
    Seed(seed::Options),
    /// Bring real catalogs in.
    #[command(subcommand)]
    Import(import::Source),
    /// Print a development token for `Authorization: Bearer …`.
    Token(token::Options),
    /// Check that stock levels equal the replayed ledger.
    #[command(subcommand)]
    Ledger(ledger::Task),
    /// Look into the event bus, publish again, bring dead letters back.
    #[command(subcommand)]
    Events(events::Task),
    /// Validate a configuration file.
    CheckConfig(config::CheckOptions),
    /// Print the JSON Schema of `selvedge.yaml`.
    ConfigSchema,
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = Environment::read();
    match dispatch(arguments.command.unwrap_or(Command::Up(up::Options::default())), environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let message = failure.to_string();
            if !message.is_empty() {
                console::warn(format_args!("error: {message}"));
            }
            ExitCode::from(failure.exit_status())
        }
    }
}

fn dispatch(command: Command, environment: Environment) -> Result<(), Failure> {
    install_logging(&command, &environment)?;
    match command {
        Command::Up(options) => runtime::block_on(up::run(options, environment)),
        Command::Gateway(options) => runtime::block_on(gateway::run(options, environment)),
        Command::Subgraph(options) => runtime::block_on(subgraph::run(options, environment)),
        Command::Compose(options) => compose::run(&options),
        Command::Seed(options) => runtime::block_on(seed::run(options, environment)),
        Command::Import(source) => runtime::block_on(import::run(source, environment)),
        Command::Token(options) => token::run(&options, &environment),
        Command::Ledger(task) => runtime::block_on(ledger::run(task, environment)),
        Command::Events(task) => runtime::block_on(events::run(task, environment)),
        Command::CheckConfig(options) => config::check(&options, &environment),
        Command::ConfigSchema => config::print_schema(),
    }
}

/// Servers log what they do; tools only what went wrong, because their output is for people.
fn install_logging(command: &Command, environment: &Environment) -> Result<(), Failure> {
    let server = matches!(command, Command::Up(_) | Command::Gateway(_) | Command::Subgraph(_));
    let usual = if server { "info,sqlx=warn,sea_orm_migration=warn" } else { "warn" };
    let filter = environment.get("SELVEDGE_LOG").unwrap_or(usual);
    let format = match environment.get("SELVEDGE_LOG_FORMAT") {
        Some("json") => LogFormat::Json,
        None | Some("pretty") => LogFormat::Pretty,
        Some(other) => {
            return Err(Failure::Usage(format!("SELVEDGE_LOG_FORMAT is `{other}`; expected `pretty` or `json`")));
        }
    };
    install_logs(filter, format).map_err(|error| Failure::Usage(format!("SELVEDGE_LOG: {error}")))
}

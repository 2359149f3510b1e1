//! `selvedge token`: a token to try things with.

use clap::Args;

use crate::{
    assemble::DevelopmentTokens,
    config::{self, Environment, Purpose},
    console,
    failure::Failure,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Whom the token is for: a customer or staff id.
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    sub: String,
    /// What it allows, such as inventory:write; may be given several times.
    #[arg(long = "scope", value_name = "SCOPE", num_args = 1..)]
    scopes: Vec<String>,
    /// How long it is valid, in hours.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=720))]
    hours: u32,
}

pub(super) fn run(options: &Options, environment: &Environment) -> Result<(), Failure> {
    let config = config::load(None, environment, Purpose::Gateway { development: true })?;
    let tokens = DevelopmentTokens::new(&config.gateway).ok_or_else(|| {
        Failure::Usage(
            "`selvedge token` signs development tokens only: set `mode: development` and a shared `jwt.secret`, or ask \
             the identity provider of this installation"
                .to_owned(),
        )
    })?;
    let token = tokens.issue(&options.sub, &options.scopes, options.hours)?;
    console::say(format_args!("{token}"));
    Ok(())
}

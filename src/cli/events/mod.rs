//! `selvedge events`: what happened, what could not be handled, and having it told again.

mod letters;
mod list;
mod replay;
mod select;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use selvedge_kit::bus::{BusError, Topic};

use crate::{
    assemble::{DataFolder, EventSource, Events},
    config::{self, Config, Environment, Purpose},
    failure::Failure,
};

/// Entries that are read at once.
const PAGE: usize = 500;

/// What to do with events.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Show kept events, oldest first, or with `--dead` what could not be handled, with the reason.
    List(list::Options),
    /// Publish kept events once more, under the same ids: whoever has them already is not changed by it.
    Replay(replay::Options),
    /// Bring dead letters back to the consumer that gave them up, once the cause is mended.
    Redrive(letters::RedriveOptions),
    /// Throw dead letters away.
    Purge(letters::PurgeOptions),
}

/// Where to look.
#[derive(Debug, Args)]
struct Place {
    /// Folder of the embedded stores; REDIS_URL names a bus, DATABASE_URL and MONGODB_URI other stores.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    data: PathBuf,
    /// Configuration file; `selvedge.yaml` of the working folder when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    fn find(&self, environment: &Environment) -> Result<(Config, DataFolder), Failure> {
        let config = config::load(self.config.as_deref(), environment, Purpose::Tool)?;
        Ok((config, DataFolder::kept(&self.data)))
    }

    async fn events(
        &self,
        environment: &Environment,
        topics: &[Topic],
        source: Option<EventSource>,
    ) -> Result<Events, Failure> {
        let (config, data) = self.find(environment)?;
        Events::open(&config, &data, topics, source).await
    }

    async fn letters(&self, environment: &Environment) -> Result<Events, Failure> {
        let (config, data) = self.find(environment)?;
        Events::open_letters(&config, &data).await
    }
}

pub(super) async fn run(task: Task, environment: Environment) -> Result<(), Failure> {
    match task {
        Task::List(options) => list::run(options, &environment).await,
        Task::Replay(options) => replay::run(options, &environment).await,
        Task::Redrive(options) => letters::redrive(options, &environment).await,
        Task::Purge(options) => letters::purge(options, &environment).await,
    }
}

/// A topic of the shop, by its name.
fn topic(text: &str) -> Result<Topic, String> {
    let known = || Topic::ALL.map(|topic| format!("`{}`", topic.0)).join(" and ");
    Topic::named(text).ok_or_else(|| format!("there is no such topic; there are {}", known()))
}

/// That topic, or all.
fn topics(one: Option<Topic>) -> Vec<Topic> {
    one.map_or_else(|| Topic::ALL.to_vec(), |topic| vec![topic])
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn failed(error: BusError) -> Failure {
    match error {
        BusError::UnknownPosition { .. } => Failure::Usage(error.to_string()),
        _ => Failure::operation("the events could not be worked with", &error),
    }
}

//! `selvedge events redrive` and `purge`.

use clap::Args;
use selvedge_kit::bus::{DeadLetter, EventArchive, Topic};

use super::{PAGE, Place, failed, topic, topics};
use crate::{config::Environment, console, failure::Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct RedriveOptions {
    #[command(flatten)]
    choice: Choice,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PurgeOptions {
    /// Said on purpose: only dead letters can be thrown away, and they do not come back.
    #[arg(long, required = true)]
    dead: bool,
    #[command(flatten)]
    choice: Choice,
}

/// Which dead letters.
#[derive(Debug, Args)]
struct Choice {
    /// `inventory` or `preferences`; both when absent.
    #[arg(long, value_parser = topic)]
    topic: Option<Topic>,
    #[command(flatten)]
    which: Which,
    /// Show which these are, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// A letter, as `selvedge events list --dead` names it; may be repeated.
    #[arg(long, value_name = "ID")]
    id: Vec<String>,
    /// All of them.
    #[arg(long)]
    all: bool,
}

pub(super) async fn redrive(options: RedriveOptions, environment: &Environment) -> Result<(), Failure> {
    let events = options.choice.place.letters(environment).await?;
    let archive = &*events.archive;
    let chosen = choose(archive, &options.choice).await?;
    let (mut redriven, mut left) = (0, 0);
    for (topic, letter) in &chosen {
        if letter.event().is_none() {
            left += 1;
            console::warn(format_args!("{}/{} is no event and cannot be published; purge it", topic.0, letter.id));
        } else if options.choice.dry_run {
            console::say(format_args!("{}/{} would go back to {}", topic.0, letter.id, letter.group));
        } else if archive.redrive(*topic, letter).await.map_err(failed)? {
            redriven += 1;
            console::say(format_args!("{}/{} goes back to {}", topic.0, letter.id, letter.group));
        }
    }
    if !options.choice.dry_run {
        console::say(format_args!("{redriven} of {} dead letters redriven", chosen.len()));
    }
    if left > 0 { Err(Failure::CheckFailed) } else { Ok(()) }
}

pub(super) async fn purge(options: PurgeOptions, environment: &Environment) -> Result<(), Failure> {
    let PurgeOptions { choice, dead: _ } = options;
    let events = choice.place.letters(environment).await?;
    let chosen = choose(&*events.archive, &choice).await?;
    let mut purged = 0;
    for (topic, letter) in &chosen {
        if choice.dry_run {
            console::say(format_args!("{}/{} would be thrown away", topic.0, letter.id));
        } else if events.archive.purge(*topic, letter).await.map_err(failed)? {
            purged += 1;
        }
    }
    if !choice.dry_run {
        console::say(format_args!("{purged} dead letters thrown away"));
    }
    Ok(())
}

/// The letters that are meant; all that are named must be there.
async fn choose(archive: &dyn EventArchive, choice: &Choice) -> Result<Vec<(Topic, DeadLetter)>, Failure> {
    let mut chosen = Vec::new();
    for topic in topics(choice.topic) {
        let mut after = None;
        loop {
            let page = archive.read_dead_letters(topic, after.as_ref(), PAGE).await.map_err(failed)?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let is_meant = |letter: &DeadLetter| {
                let named = format!("{}/{}", topic.0, letter.id);
                choice.which.all || choice.which.id.iter().any(|id| *id == letter.id || *id == named)
            };
            chosen.extend(page.into_iter().filter(is_meant).map(|letter| (topic, letter)));
        }
    }
    let is_there = |id: &&String| {
        chosen.iter().any(|(topic, letter)| letter.id == **id || format!("{}/{}", topic.0, letter.id) == **id)
    };
    match choice.which.id.iter().find(|id| !is_there(id)) {
        Some(id) => {
            Err(Failure::Usage(format!("there is no dead letter `{id}`; `selvedge events list --dead` shows them")))
        }
        None => Ok(chosen),
    }
}

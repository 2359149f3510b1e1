//! `selvedge events replay`.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use clap::Args;
use selvedge_kit::{
    bus::{EventArchive, Kept, Topic},
    event::Event,
};

use super::{
    PAGE, Place, failed,
    select::{Selection, moment},
    topic,
};
use crate::{assemble::EventSource, config::Environment, console, failure::Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// `inventory` or `preferences`.
    #[arg(long, value_parser = topic)]
    topic: Topic,
    #[command(flatten)]
    start: Start,
    /// The last position, itself included, or a time as of --since; to the newest when absent.
    #[arg(long, value_name = "POSITION|TIME")]
    to: Option<String>,
    /// Only events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Say how many it would be, and publish nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where to read; `outbox` after Redis has lost what it had.
    #[arg(long, value_enum)]
    source: Option<EventSource>,
    #[command(flatten)]
    place: Place,
}

/// Which events; at least one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Start {
    /// From this position on, itself included.
    #[arg(long, value_name = "POSITION", conflicts_with = "since")]
    from: Option<String>,
    /// What happened since: a time such as 2026-11-28T04:00:00Z, or how long ago, such as 15m, 2h, 3d.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<DateTime<Utc>>,
    /// Events of this key: a SKU, a product, a customer.
    #[arg(long, value_name = "KEY")]
    subject: Option<String>,
}

pub(super) async fn run(options: Options, environment: &Environment) -> Result<(), Failure> {
    let events = options.place.events(environment, &[options.topic], options.source).await?;
    let until = options.to.as_deref().and_then(|text| moment(text).ok());
    let to = if until.is_some() { None } else { options.to.clone() };
    let Start { from, since, subject } = options.start;
    let event_type = options.event_type;
    let selection = Selection { from, since, until, to, subject, event_type, ..Selection::default() };
    // What is published again goes behind the end and must not be met there.
    let (count, end) = count(&*events.archive, options.topic, &selection).await?;
    if let Some(position) = selection.to.as_ref().filter(|to| end.as_ref() != Some(to)) {
        let topic = options.topic.0;
        return Err(Failure::Usage(format!(
            "topic `{topic}` has no position `{position}` behind the start; `selvedge events list` shows those it has"
        )));
    }
    if options.dry_run {
        console::say(format_args!("{count} events would be published again"));
        return Ok(());
    }
    let published = publish(&*events.archive, options.topic, &Selection { to: end, ..selection }, count).await?;
    console::say(format_args!("{published} events published again"));
    Ok(())
}

/// How many events are meant, and the last position looked at.
async fn count(
    archive: &dyn EventArchive,
    topic: Topic,
    selection: &Selection,
) -> Result<(u64, Option<String>), Failure> {
    let mut distinct = Distinct::default();
    let (mut count, mut end) = (0, None);
    let visit = async |kept: Kept| {
        end = Some(kept.position.clone());
        if kept.event.is_ok_and(|event| selection.has(&event) && distinct.is_first(&event)) {
            count += 1;
        }
        Ok(true)
    };
    selection.walk(archive, topic, visit).await?;
    Ok((count, end))
}

async fn publish(
    archive: &dyn EventArchive,
    topic: Topic,
    selection: &Selection,
    count: u64,
) -> Result<usize, Failure> {
    if selection.to.is_none() {
        return Ok(0);
    }
    let bar = console::progress("publishing again", count);
    let mut distinct = Distinct::default();
    let (mut batch, mut published) = (Vec::new(), 0);
    let visit = async |kept: Kept| {
        let wanted = kept.event.ok().filter(|event| selection.has(event) && distinct.is_first(event));
        batch.extend(wanted);
        if batch.len() >= PAGE {
            archive.replay(topic, &batch).await.map_err(failed)?;
            published += batch.len();
            bar.inc(batch.len() as u64);
            batch.clear();
        }
        Ok(true)
    };
    selection.walk(archive, topic, visit).await?;
    if !batch.is_empty() {
        archive.replay(topic, &batch).await.map_err(failed)?;
        published += batch.len();
    }
    bar.finish_and_clear();
    Ok(published)
}

/// Leaves out what an earlier replay has put on the bus once more.
#[derive(Default)]
struct Distinct {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl Distinct {
    fn is_first(&mut self, event: &Arc<Event>) -> bool {
        self.seen.insert(self.hasher.hash_one((&event.source, &event.id)))
    }
}

//! `selvedge events list`.

use chrono::{DateTime, Utc};
use clap::Args;
use selvedge_kit::{
    bus::{DeadLetter, EventArchive, Kept, Origin, Topic},
    event::Event,
};
use serde_json::{Value, json};

use super::{
    PAGE, Place, failed,
    select::{Selection, moment},
    topic, topics,
};
use crate::{assemble::EventSource, config::Environment, console, failure::Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// `inventory` or `preferences`; both when absent.
    #[arg(long, value_parser = topic)]
    topic: Option<Topic>,
    /// Dead letters instead of events.
    #[arg(long)]
    dead: bool,
    /// Only what is behind this position.
    #[arg(long, value_name = "POSITION", requires = "topic", conflicts_with_all = ["since", "dead"])]
    after: Option<String>,
    /// Only what happened since: a time such as 2026-11-28T04:00:00Z, or how long ago, such as 15m, 2h, 3d.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<DateTime<Utc>>,
    /// Only events of this key: a SKU, a product, a customer.
    #[arg(long, value_name = "KEY")]
    subject: Option<String>,
    /// Only events of this type: `com.selvedge.inventory.stock_badge_changed.v1` or `stock_badge_changed`.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// At most so many per topic.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object per line, with the whole event.
    #[arg(long)]
    json: bool,
    /// Where to read; the bus where there is one that keeps events, else the outbox.
    #[arg(long, value_enum, conflicts_with = "dead")]
    source: Option<EventSource>,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(options: Options, environment: &Environment) -> Result<(), Failure> {
    let topics = topics(options.topic);
    if options.dead {
        let events = options.place.letters(environment).await?;
        for topic in topics {
            list_letters(&*events.archive, topic, &options).await?;
        }
        return Ok(());
    }
    let events = options.place.events(environment, &topics, options.source).await?;
    for topic in topics {
        list_events(&*events.archive, topic, &options).await?;
    }
    Ok(())
}

fn selection(options: &Options) -> Selection {
    Selection {
        after: options.after.clone(),
        since: options.since,
        subject: options.subject.clone(),
        event_type: options.event_type.clone(),
        ..Selection::default()
    }
}

async fn list_events(archive: &dyn EventArchive, topic: Topic, options: &Options) -> Result<(), Failure> {
    let selection = selection(options);
    let (mut shown, mut last) = (0, String::new());
    let mut has_more = false;
    let visit = async |kept: Kept| {
        let is_wanted = match &kept.event {
            Ok(event) => selection.has(event),
            // What is no event has no key and no type.
            Err(_) => options.subject.is_none() && options.event_type.is_none(),
        };
        if is_wanted && shown == options.limit {
            has_more = true;
            return Ok(false);
        }
        if is_wanted {
            show(topic, &kept, options.json);
            shown += 1;
            last = kept.position;
        }
        Ok(true)
    };
    selection.walk(archive, topic, visit).await?;
    if has_more {
        let topic = topic.0;
        console::warn(format_args!("there is more: --topic {topic} --after {last}, or a greater --limit"));
    }
    Ok(())
}

fn show(topic: Topic, kept: &Kept, as_json: bool) {
    if as_json {
        let (event, problem) = match &kept.event {
            Ok(event) => (json!(&**event), Value::Null),
            Err(problem) => (Value::Null, json!(problem)),
        };
        let (position, origin) = (&kept.position, origin(&kept.origin));
        let line =
            json!({"topic": topic.0, "position": position, "origin": origin, "event": event, "problem": problem});
        console::say(format_args!("{line}"));
        return;
    }
    let mark = match &kept.origin {
        Origin::Relayed => String::new(),
        other => format!("  ({})", origin(other)),
    };
    match &kept.event {
        Ok(event) => console::say(format_args!("{}/{}  {}{mark}", topic.0, kept.position, summary(event))),
        Err(problem) => console::say(format_args!("{}/{}  {problem}{mark}", topic.0, kept.position)),
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Relayed => "relayed".to_owned(),
        Origin::Replayed => "replayed".to_owned(),
        Origin::Redriven { group } => format!("redriven for {group}"),
    }
}

fn summary(event: &Event) -> String {
    let Event { time, event_type, subject, revision, id, .. } = event;
    let time = time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!("{time}  {event_type}  {subject}  revision {revision}  {id}")
}

async fn list_letters(archive: &dyn EventArchive, topic: Topic, options: &Options) -> Result<(), Failure> {
    let selection = Selection { since: None, ..selection(options) };
    let is_wanted = |letter: &DeadLetter| {
        let is_recent = options.since.is_none_or(|since| letter.at.is_none_or(|at| at >= since));
        let matches = match letter.event() {
            Some(event) => selection.has(&event),
            None => options.subject.is_none() && options.event_type.is_none(),
        };
        is_recent && matches
    };
    let (mut shown, mut after) = (0, None);
    loop {
        let page = archive.read_dead_letters(topic, after.as_ref(), PAGE).await.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for letter in page.iter().filter(|letter| is_wanted(letter)) {
            if shown == options.limit {
                console::warn(format_args!("there are more of topic {}: a greater --limit shows them", topic.0));
                return Ok(());
            }
            show_letter(topic, letter, options.json);
            shown += 1;
        }
    }
}

fn show_letter(topic: Topic, letter: &DeadLetter, as_json: bool) {
    let event = letter.event();
    let DeadLetter { id, group, position, attempts, reason, at, entry, .. } = letter;
    if as_json {
        let entry = event.is_none().then_some(entry);
        let line = json!({
            "topic": topic.0, "id": id, "group": group, "position": position, "attempts": attempts, "reason": reason,
            "at": at, "event": event, "entry": entry
        });
        console::say(format_args!("{line}"));
        return;
    }
    let at = at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    let what = event.as_ref().map_or_else(|| "no event".to_owned(), summary);
    console::say(format_args!("{}/{id}\n  given up {at} after {attempts} attempts: {reason}\n  {what}", topic.0));
}

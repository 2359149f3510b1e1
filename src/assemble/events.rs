//! Kept events and dead letters, wherever they are.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use clap::ValueEnum;
use selvedge_inventory::store::{Store, StoreOptions, outbox::StoreOutbox as InventoryOutbox};
use selvedge_kit::{
    bus::{BusError, DeadLetter, EventArchive, EventsFolder, Kept, Origin, ReadFrom, Topic},
    clock::SystemClock,
    event::Event,
    outbox::{Outbox, OutboxEntry, OutboxError},
};
use selvedge_preferences::store::{OpenOptions, StoreOutbox as PreferencesOutbox, open};

use super::{
    DataFolder,
    engines::open_redis,
    subgraphs::{INVENTORY_FILE, PREFERENCES_FILE, inventory_config, preferences_config},
};
use crate::{config::Config, failure::Failure};

/// Where events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventSource {
    /// Redis.
    Bus,
    /// The stores of the subgraphs, which keep what they have published for some days.
    Outbox,
}

/// Everything that `selvedge events` works with.
pub(crate) struct Events {
    /// The kept events and the dead letters.
    pub(crate) archive: Box<dyn EventArchive>,
}

/// The folder of the in-process bus.
pub(super) fn events_folder(data: &DataFolder) -> EventsFolder {
    EventsFolder::at(data.path().join("events"))
}

impl Events {
    /// Opens `topics`: on Redis where `events.redis_url` names it and no other source is asked for, else in the
    /// outboxes, with dead letters in the data folder.
    pub(crate) async fn open(
        config: &Config,
        data: &DataFolder,
        topics: &[Topic],
        source: Option<EventSource>,
    ) -> Result<Self, Failure> {
        let redis = config.events.redis_url.as_deref();
        let (target, source): (Target, _) = match (redis, source) {
            (None, Some(EventSource::Bus)) => {
                return Err(Failure::Usage(
                    "`--source bus` needs a bus that keeps events: set REDIS_URL, or leave the option out".to_owned(),
                ));
            }
            (None, _) => (Target::Folder(events_folder(data)), EventSource::Outbox),
            (Some(url), source) => {
                (Target::Bus(Box::new(open_redis(config, url).await?)), source.unwrap_or(EventSource::Bus))
            }
        };
        let archive: Box<dyn EventArchive> = match (target, source) {
            (Target::Bus(bus), EventSource::Bus) => bus,
            (target, _) => {
                let mut outboxes = HashMap::new();
                for topic in topics {
                    outboxes.insert(*topic, open_outbox(config, data, *topic).await?);
                }
                Box::new(OutboxArchive { outboxes, target })
            }
        };
        Ok(Self { archive })
    }

    /// Opens the dead letters alone.
    pub(crate) async fn open_letters(config: &Config, data: &DataFolder) -> Result<Self, Failure> {
        Self::open(config, data, &[], None).await
    }
}

async fn open_outbox(config: &Config, data: &DataFolder, topic: Topic) -> Result<Arc<dyn Outbox>, Failure> {
    let failed = |error: &dyn ToString| {
        Failure::operation(format!("cannot open the store of `{}`", topic.0), &error.to_string())
    };
    if topic == Topic::INVENTORY {
        if config.inventory.database_url.is_none() {
            data.require(INVENTORY_FILE)?;
        }
        let own = inventory_config(config, data)?;
        let store = Store::open(&StoreOptions::of(&own)).await.map_err(|error| failed(&error))?;
        return Ok(Arc::new(InventoryOutbox::new(store)));
    }
    if config.preferences.store_url.is_none() {
        data.require(PREFERENCES_FILE)?;
    }
    let own = preferences_config(config, data)?;
    let options =
        OpenOptions { store_url: &own.store_url, database: &own.database, max_connections: own.max_connections };
    let store = open(options).await.map_err(|error| failed(&error))?;
    Ok(Arc::new(PreferencesOutbox::new(store, Arc::new(SystemClock))))
}

/// Where dead letters are, and where is published again.
enum Target {
    Folder(EventsFolder),
    Bus(Box<dyn EventArchive>),
}

/// What outboxes still have of what they have published.
struct OutboxArchive {
    outboxes: HashMap<Topic, Arc<dyn Outbox>>,
    target: Target,
}

impl OutboxArchive {
    async fn retained(&self, topic: Topic, after: Option<&str>, limit: usize) -> Result<Vec<Kept>, BusError> {
        let Some(outbox) = self.outboxes.get(&topic) else { return Ok(Vec::new()) };
        let entries = outbox.retained(after, limit).await.map_err(unavailable)?;
        Ok(entries.into_iter().map(kept).collect())
    }

    /// Positions are the store's own and have no order that could be told from outside.
    async fn retained_from(&self, topic: Topic, position: &str, limit: usize) -> Result<Vec<Kept>, BusError> {
        let mut after: Option<String> = None;
        loop {
            let mut page = self.retained(topic, after.as_deref(), limit).await?;
            let Some(last) = page.last() else {
                return Err(BusError::UnknownPosition { topic: topic.0, position: position.to_owned() });
            };
            after = Some(last.position.clone());
            if let Some(index) = page.iter().position(|kept| kept.position == position) {
                return Ok(page.split_off(index));
            }
        }
    }
}

fn kept(entry: OutboxEntry) -> Kept {
    Kept { position: entry.token, origin: Origin::Relayed, event: Ok(Arc::new(entry.event)) }
}

fn unavailable(error: OutboxError) -> BusError {
    BusError::Unavailable { reason: error.reason }
}

#[async_trait]
impl EventArchive for OutboxArchive {
    async fn read(&self, topic: Topic, from: &ReadFrom, limit: usize) -> Result<Vec<Kept>, BusError> {
        match from {
            ReadFrom::Oldest | ReadFrom::About(_) => self.retained(topic, None, limit).await,
            ReadFrom::After(position) => self.retained(topic, Some(position), limit).await,
            ReadFrom::At(position) => self.retained_from(topic, position, limit).await,
        }
    }

    async fn read_dead_letters(
        &self,
        topic: Topic,
        after: Option<&DeadLetter>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BusError> {
        let folder = match &self.target {
            Target::Bus(bus) => return bus.read_dead_letters(topic, after, limit).await,
            Target::Folder(folder) => folder,
        };
        let letters = folder.dead_letters(topic)?.into_iter();
        let is_behind = |letter: &DeadLetter| after.is_none_or(|after| (after.at, &after.id) < (letter.at, &letter.id));
        Ok(letters.filter(is_behind).take(limit).collect())
    }

    async fn replay(&self, topic: Topic, events: &[Arc<Event>]) -> Result<(), BusError> {
        match &self.target {
            Target::Bus(bus) => bus.replay(topic, events).await,
            Target::Folder(folder) => folder.request(topic, events, &Origin::Replayed),
        }
    }

    async fn redrive(&self, topic: Topic, letter: &DeadLetter) -> Result<bool, BusError> {
        let folder = match &self.target {
            Target::Bus(bus) => return bus.redrive(topic, letter).await,
            Target::Folder(folder) => folder,
        };
        let Some(event) = letter.event() else {
            let (position, reason) = (letter.position.clone(), "it cannot be published".to_owned());
            return Err(BusError::Malformed { topic: topic.0, position, reason });
        };
        folder.request(topic, &[Arc::new(event)], &Origin::Redriven { group: letter.group.clone() })?;
        folder.remove_dead_letter(topic, &letter.id)
    }

    async fn purge(&self, topic: Topic, letter: &DeadLetter) -> Result<bool, BusError> {
        match &self.target {
            Target::Bus(bus) => bus.purge(topic, letter).await,
            Target::Folder(folder) => folder.remove_dead_letter(topic, &letter.id),
        }
    }
}

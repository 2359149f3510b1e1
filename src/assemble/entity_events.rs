//! Brings the events of the bus to the gateway: to the fields that they feed, and to its cache of answers.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream::select_all};
use selvedge_gateway::{cache::EventSource, pipeline::Pipeline, subscribe::LiveSource};
use selvedge_kit::{
    bus::{BusError, EventBus, Followed, RedisBus, Topic},
    event::Event,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    config::EventsSection,
    entity_mapping::{EntityMappings, entities_of, types_of},
};

/// What the shop's subgraphs announce changes in.
const TOPICS: [Topic; 2] = [Topic("inventory"), Topic("preferences")];
/// Pause before the bus is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Where events come from.
pub(crate) enum Bus {
    /// A bus that is open.
    Open(Arc<dyn EventBus>),
    /// A bus that is opened, and opened again, as long as the gateway runs: it serves without it too.
    Configured(EventsSection),
    /// There is none: what events should end is not kept.
    None,
}

/// Follows the bus until `shutdown`; `None` where there is none.
pub(crate) fn follow(
    bus: Bus,
    mappings: EntityMappings,
    pipeline: &Pipeline,
    shutdown: CancellationToken,
) -> Option<JoinHandle<()>> {
    let entities = pipeline.entity_events().source(&types_of(&mappings));
    if matches!(bus, Bus::None) {
        // What events should end is not kept as long as the gateway runs.
        return Some(tokio::spawn(async move {
            shutdown.cancelled().await;
            drop(entities);
        }));
    }
    let mut ears = Ears { mappings, entities, live: pipeline.live_events().source() };
    Some(tokio::spawn(async move {
        let following = async {
            loop {
                if let Err(error) = ears.follow_once(&bus).await {
                    tracing::warn!(%error, "the bus cannot be followed: entities that events end are not kept, and live fields are asked for");
                }
                ears.disconnect();
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        shutdown.run_until_cancelled(following).await;
    }))
}

/// Who hears the events.
struct Ears {
    mappings: EntityMappings,
    entities: EventSource,
    live: LiveSource,
}

impl Ears {
    fn connect(&mut self) {
        self.entities.connect();
        self.live.connect();
    }

    fn disconnect(&mut self) {
        self.entities.disconnect();
        self.live.disconnect();
    }

    fn hear(&self, event: &Event) {
        // First, so that nobody who sees the new value is given an older answer.
        self.entities.evict_together(&entities_of(&self.mappings, event));
        self.live.tell(&event.event_type, &event.data);
    }
}

impl Ears {
    /// Follows all topics until one of them ends.
    async fn follow_once(&mut self, bus: &Bus) -> Result<(), BusError> {
        let bus: Arc<dyn EventBus> = match bus {
            Bus::None => return std::future::pending().await,
            Bus::Open(bus) => Arc::clone(bus),
            Bus::Configured(EventsSection { redis_url, prefix, .. }) => {
                Arc::new(RedisBus::connect(redis_url.as_deref().unwrap_or_default(), prefix).await?)
            }
        };
        let mut topics = Vec::new();
        for topic in TOPICS {
            let heard = bus.follow(topic).await?.map(move |heard| (topic.0, Some(heard)));
            topics.push(heard.chain(futures::stream::once(async move { (topic.0, None) })).boxed());
        }
        let mut caught_up = HashSet::new();
        let mut all = select_all(topics);
        while let Some((topic, heard)) = all.next().await {
            match heard {
                Some(Followed::Event(delivery)) => {
                    self.hear(&delivery.event);
                    continue;
                }
                Some(Followed::CaughtUp) => caught_up.insert(topic),
                Some(Followed::Lost) => caught_up.remove(topic),
                None => return Ok(()),
            };
            if caught_up.len() == TOPICS.len() { self.connect() } else { self.disconnect() }
        }
        Ok(())
    }
}

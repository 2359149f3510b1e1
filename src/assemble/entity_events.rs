//! Brings the events of the bus to the gateway's cache of answers.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream::select_all};
use selvedge_gateway::cache::{EntityEvents, EventSource};
use selvedge_kit::bus::{BusError, EventBus, Followed, RedisBus, Topic};
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

/// Follows the bus until `shutdown`; `None` where nothing is kept that events could end.
pub(crate) fn follow(
    bus: Bus,
    mappings: EntityMappings,
    events: &EntityEvents,
    shutdown: CancellationToken,
) -> Option<JoinHandle<()>> {
    if !events.is_heard() || mappings.is_empty() {
        return None;
    }
    let source = events.source(&types_of(&mappings));
    Some(tokio::spawn(async move {
        let following = async {
            loop {
                if let Err(error) = follow_once(&bus, &mappings, &source).await {
                    tracing::warn!(%error, "entities that events end are not kept until the bus can be followed");
                }
                source.disconnect();
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        };
        shutdown.run_until_cancelled(following).await;
    }))
}

/// Follows all topics until one of them ends.
async fn follow_once(bus: &Bus, mappings: &EntityMappings, source: &EventSource) -> Result<(), BusError> {
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
                entities_of(mappings, &delivery.event).iter().for_each(|entity| source.evict(entity));
                continue;
            }
            Some(Followed::CaughtUp) => caught_up.insert(topic),
            Some(Followed::Lost) => caught_up.remove(topic),
            None => return Ok(()),
        };
        if caught_up.len() == TOPICS.len() { source.connect() } else { source.disconnect() }
    }
    Ok(())
}

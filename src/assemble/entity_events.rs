//! Brings the events of the bus to the gateway: to the fields that they feed, and to its cache of answers.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, stream::select_all};
use selvedge_gateway::{
    cache::EventSource,
    clock::{Clock, SystemClock},
    pipeline::Pipeline,
    subscribe::LiveSource,
};
use selvedge_kit::{
    bus::{BusError, EventBus, Followed, RedisBus, Topic},
    event::Event,
};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::lateness::Lateness;
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
    let live = pipeline.live_events().source();
    let mut ears = Ears { mappings, entities, live, serving: Handle::current() };
    Some(in_a_thread(&shutdown, async move {
        loop {
            let following = AssertUnwindSafe(ears.follow_once(&bus)).catch_unwind();
            match following.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the bus cannot be followed: entities that events end are not kept, and live fields are asked for")
                }
                Err(_) => tracing::error!(
                    "an event could not be handled: a panic, which is logged; the bus is followed again"
                ),
            }
            ears.disconnect();
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }))
}

/// Does `work` until `shutdown` in a thread of its own, with a runtime of its own. Events go to so many clients that, where
/// clients are served, they would wait for each of them to have its turn.
fn in_a_thread(shutdown: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let (done, is_done) = oneshot::channel::<()>();
    let stop = shutdown.child_token();
    let stopped = stop.clone();
    let run = move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => drop(runtime.block_on(stopped.run_until_cancelled(work))),
            Err(error) => tracing::error!(%error, "the bus cannot be followed: there is no runtime for it"),
        }
        drop(done);
    };
    if let Err(error) = std::thread::Builder::new().name("selvedge-events".to_owned()).spawn(run) {
        tracing::error!(%error, "the bus cannot be followed: there is no thread for it");
    }
    tokio::spawn(async move {
        // Where the runtime ends without a shutdown, the thread ends as well.
        let _stop = stop.drop_guard();
        drop(is_done.await);
    })
}

/// What is known of the topics.
#[derive(Default)]
struct State {
    caught_up: HashSet<&'static str>,
    lateness: HashMap<&'static str, Lateness>,
    is_late: bool,
}

impl State {
    /// When the next topic is not late any more, if nothing else comes.
    fn late_until(&self) -> Option<Instant> {
        self.lateness.values().filter_map(Lateness::until).min()
    }
}

/// Who hears the events.
struct Ears {
    mappings: EntityMappings,
    entities: EventSource,
    live: LiveSource,
    /// Where clients are served: what is begun for them runs there, and not where events are heard.
    serving: Handle,
}

impl Ears {
    fn connect(&mut self) {
        let _serving = self.serving.enter();
        self.entities.connect();
        self.live.connect();
    }

    fn disconnect(&mut self) {
        let _serving = self.serving.enter();
        self.entities.disconnect();
        self.live.disconnect();
    }

    fn hear(&self, event: &Event) {
        let _serving = self.serving.enter();
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
        let mut state = State::default();
        let mut all = select_all(topics);
        loop {
            let late_until = state.late_until();
            let (topic, heard) = tokio::select! {
                next = all.next() => match next {
                    Some(next) => next,
                    None => return Ok(()),
                },
                () = sleep_until(late_until.unwrap_or_else(Instant::now)), if late_until.is_some() => {
                    self.follow_state(&mut state);
                    continue;
                }
            };
            match heard {
                Some(Followed::Event(delivery)) => {
                    let clocks = (SystemClock.now(), Instant::now());
                    state.lateness.entry(topic).or_default().hear(delivery.event.time, clocks);
                    self.follow_state(&mut state);
                    self.hear(&delivery.event);
                    continue;
                }
                Some(Followed::CaughtUp) => drop(state.caught_up.insert(topic)),
                Some(Followed::Lost) => drop(state.caught_up.remove(topic)),
                None => return Ok(()),
            }
            self.follow_state(&mut state);
        }
    }

    /// Is connected as long as all topics are heard, and what they say is new.
    fn follow_state(&mut self, state: &mut State) {
        let now = Instant::now();
        // Each is looked at, so that none of them is waited for that is over.
        let is_late = state.lateness.values_mut().filter_map(|topic| topic.is_late(now).then_some(())).count() > 0;
        if is_late != state.is_late {
            state.is_late = is_late;
            let message = if is_late {
                "events come late, behind others: live values are asked for until they do not"
            } else {
                "events come in time again"
            };
            tracing::info!("{message}");
        }
        if state.caught_up.len() == TOPICS.len() && !is_late { self.connect() } else { self.disconnect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_are_heard_while_nobody_else_has_a_turn() {
        let (heard, hearing) = std::sync::mpsc::channel();
        let shutdown = CancellationToken::new();
        let task = in_a_thread(&shutdown, async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            heard.send(()).unwrap();
            std::future::pending().await
        });
        // It blocks the only thread that the runtime of this test has.
        hearing.recv_timeout(Duration::from_secs(60)).unwrap();
        shutdown.cancel();
        task.await.unwrap();
        assert!(hearing.recv().is_err(), "it has ended");
    }
}

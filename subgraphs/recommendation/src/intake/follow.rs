//! Following the bus.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream::BoxStream};
use selvedge_kit::{
    bus::{Burial, Delivery, EventBus, Origin, TailFrom, Topic},
    client::SubgraphClient,
    clock::Clock,
    server::Readiness,
};
use tokio::{
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    apply::{Applied, BEHAVIOUR_RECORDED, apply},
    backoff::Backoff,
    missing::Missing,
    payload::PayloadError,
};
use crate::state::LiveState;

const INVENTORY: Topic = Topic("inventory");
const PREFERENCES: Topic = Topic("preferences");

/// Names this subgraph's dead letters.
const GROUP: &str = "recommendation";

/// After so many events in a row others get their turn.
const EVENTS_PER_TURN: usize = 64;

/// What intake works with.
pub struct IntakeParts {
    /// Where what is learned goes.
    pub state: Arc<LiveState>,
    /// Where events come from.
    pub bus: Arc<dyn EventBus>,
    /// Where the catalog comes from.
    pub inventory: SubgraphClient,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Where it says whether bus and inventory could be reached.
    pub readiness: Readiness,
    /// When to stop.
    pub shutdown: CancellationToken,
    /// Products per page of the snapshot.
    pub page_size: u32,
    /// The longest pause between two tries.
    pub longest_pause: Duration,
}

/// The background work of learning.
pub struct Intake {
    pub(super) parts: IntakeParts,
    pub(super) missing: Missing,
    /// Products changed since vectors were last weighed by the catalog.
    pub(super) changed_products: AtomicUsize,
    pub(super) products_changed: Notify,
}

impl Intake {
    /// Starts to follow both topics and to load the catalog; the tasks end at shutdown.
    #[must_use]
    pub fn start(parts: IntakeParts) -> Vec<JoinHandle<()>> {
        parts.readiness.set("catalog", Err("the catalog is not loaded yet".to_owned()));
        for topic in [INVENTORY, PREFERENCES] {
            parts.readiness.set(bus_name(topic), Err("not subscribed yet".to_owned()));
        }
        let shutdown = parts.shutdown.clone();
        let intake = Arc::new(Self {
            parts,
            missing: Missing::new(),
            changed_products: AtomicUsize::new(0),
            products_changed: Notify::new(),
        });
        let (opened, is_open) = oneshot::channel();
        let until_shutdown = |work: futures::future::BoxFuture<'static, ()>| {
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                shutdown.run_until_cancelled(work).await;
            })
        };
        vec![
            until_shutdown(Box::pin(intake.clone().follow(INVENTORY, Some(opened)))),
            until_shutdown(Box::pin(intake.clone().follow(PREFERENCES, None))),
            until_shutdown(Box::pin(intake.clone().keep_catalog(is_open))),
            until_shutdown(Box::pin(intake.keep_weights())),
        ]
    }

    async fn follow(self: Arc<Self>, topic: Topic, mut opened: Option<oneshot::Sender<()>>) {
        let mut backoff = Backoff::up_to(self.parts.longest_pause);
        loop {
            match self.parts.bus.tail(topic, TailFrom::Start).await {
                Ok(events) => {
                    self.parts.readiness.set(bus_name(topic), Ok(()));
                    if let Some(opened) = opened.take() {
                        // Nobody listens any more only when the process is about to end.
                        let _ = opened.send(());
                    }
                    backoff.reset();
                    self.take_in(topic, events).await;
                    self.parts.readiness.set(bus_name(topic), Err("the subscription has ended".to_owned()));
                    tracing::warn!(topic = topic.0, "the subscription to the bus has ended, subscribing again");
                }
                Err(error) => {
                    tracing::warn!(topic = topic.0, %error, "could not subscribe to the bus, trying again");
                    self.parts.readiness.set(bus_name(topic), Err(error.to_string()));
                }
            }
            backoff.pause().await;
        }
    }

    async fn take_in(&self, topic: Topic, mut events: BoxStream<'static, Delivery>) {
        let mut in_a_row = 0;
        while let Some(delivery) = events.next().await {
            if let Err(error) = self.take_in_one(&delivery) {
                tracing::warn!(%error, position = delivery.position, "skipped an event");
                self.give_up(topic, &delivery, error.to_string()).await;
            }
            in_a_row += 1;
            if in_a_row % EVENTS_PER_TURN == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn take_in_one(&self, delivery: &Delivery) -> Result<(), PayloadError> {
        let applied = if self.may_count_twice(delivery) {
            Ok(Applied::Ignored)
        } else {
            apply(&self.parts.state, &delivery.event, self.parts.clock.now())
        };
        let outcome = match &applied {
            Ok(Applied::Changed { .. }) => "changed",
            Ok(Applied::Ignored) => "ignored",
            Ok(Applied::Incomplete { .. }) => "incomplete",
            Err(_) => "malformed",
        };
        metrics::counter!("selvedge_recommendation_events_total", "outcome" => outcome).increment(1);
        match applied? {
            Applied::Changed { product: true } => self.note_changed_products(1),
            Applied::Changed { product: false } | Applied::Ignored => {}
            Applied::Incomplete { product } => self.missing.want(product),
        }
        Ok(())
    }

    /// Most events say a whole state and carry a revision. Behaviour is counted, and known by the ids of the last
    /// events: a replay of what is older than those was counted already.
    fn may_count_twice(&self, delivery: &Delivery) -> bool {
        delivery.origin == Origin::Replayed
            && delivery.event.event_type == BEHAVIOUR_RECORDED
            && self.parts.state.has_forgotten_events()
    }

    /// No repetition changes what an event says; another version of this program may read it.
    async fn give_up(&self, topic: Topic, delivery: &Delivery, reason: String) {
        let burial = Burial {
            group: GROUP.to_owned(),
            position: delivery.position.clone(),
            attempts: delivery.attempt,
            reason,
            entry: serde_json::to_string(&*delivery.event).unwrap_or_default(),
        };
        if let Err(error) = self.parts.bus.bury(topic, burial).await {
            tracing::warn!(%error, position = delivery.position, "an event could not be put among the dead letters");
        }
    }

    pub(super) fn note_changed_products(&self, count: usize) {
        if count > 0 {
            self.changed_products.fetch_add(count, Ordering::Relaxed);
            self.products_changed.notify_one();
        }
    }
}

fn bus_name(topic: Topic) -> &'static str {
    if topic == INVENTORY { "bus:inventory" } else { "bus:preferences" }
}

//! One tail of the bus per process, shared by everyone who watches badges.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{Stream, StreamExt, stream, stream::BoxStream};
use parking_lot::Mutex;
use selvedge_kit::bus::{Delivery, EventBus, TailFrom, Topic};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::mailbox::Mailbox;
use crate::{
    error::StoreError,
    store::{
        Store,
        badges::{self, BADGE_CHANGED, BadgeOfSku},
    },
};

/// Where stock changes are announced.
const TOPIC: Topic = Topic("inventory");
/// Pause before the bus is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// SKUs that are read from the store at once.
const RESYNC_CHUNK: usize = 500;

/// Brings changed badges to their watchers. Cheap to clone.
///
/// A watcher first gets the badge of each of its SKUs as the store has it, then only greater revisions. Nothing is
/// missed: the feed is on the bus before a watcher reads the store, and after every (re)connection to the bus it reads
/// what is watched from the store again.
#[derive(Clone)]
pub struct BadgeFeed {
    store: Store,
    routes: Arc<Routes>,
}

#[derive(Debug, Default)]
struct Routes(Mutex<HashMap<Arc<str>, Vec<Route>>>);

#[derive(Debug, Clone)]
struct Route {
    mailbox: Weak<Mailbox>,
    slot: usize,
}

impl BadgeFeed {
    /// A feed over `store` that nobody watches yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, routes: Arc::default() }
    }

    /// The current badge of each of `skus`, then every newer one. A SKU that is not known is silent until it exists.
    /// `skus` must not repeat. The stream ends only by being dropped.
    ///
    /// # Errors
    ///
    /// When the current badges cannot be read.
    pub async fn watch(
        &self,
        skus: Vec<String>,
    ) -> Result<impl Stream<Item = Arc<BadgeOfSku>> + Send + use<>, StoreError> {
        let watcher = Watcher::register(Arc::clone(&self.routes), &skus);
        for badge in badges::read(&self.store, &skus).await? {
            watcher.offer(&Arc::new(badge));
        }
        Ok(stream::unfold(watcher, |watcher| async move {
            let badge = watcher.mailbox.take().await;
            Some((badge, watcher))
        }))
    }

    /// Follows `bus` until `shutdown`, comparing what is watched with the store every `resync`.
    pub async fn run(self, bus: Arc<dyn EventBus>, resync: Duration, shutdown: CancellationToken) {
        let following = async {
            loop {
                match bus.tail(TOPIC, TailFrom::Now).await {
                    Ok(tail) => self.follow(tail, resync).await,
                    Err(error) => {
                        tracing::warn!(%error, "badges are read from the store until the bus can be followed");
                        self.resync().await;
                    }
                }
                sleep(RECONNECT_PAUSE).await;
            }
        };
        shutdown.run_until_cancelled(following).await;
    }

    /// Delivers what `tail` brings until it ends.
    async fn follow(&self, mut tail: BoxStream<'static, Delivery>, resync: Duration) {
        // The first tick is at once: whatever happened while nobody followed the bus is in the store.
        let mut ticks = interval(resync);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.resync().await,
                delivery = tail.next() => match delivery {
                    Some(delivery) => self.take_event(&delivery),
                    None => {
                        tracing::warn!("the tail of the bus ended; it is opened again");
                        return;
                    }
                },
            }
        }
    }

    fn take_event(&self, delivery: &Delivery) {
        let event = &delivery.event;
        if event.event_type != BADGE_CHANGED || !self.routes.has(&event.subject) {
            return;
        }
        match badges::from_event(event) {
            Ok(badge) => self.routes.deliver(&Arc::new(badge)),
            Err(error) => tracing::error!(%error, event_id = event.id, "an event with a badge could not be read"),
        }
    }

    /// Offers the stored badge of everything that is watched; mailboxes keep only what is newer.
    async fn resync(&self) {
        for skus in self.routes.watched().chunks(RESYNC_CHUNK) {
            match badges::read(&self.store, skus).await {
                Ok(stored) => stored.into_iter().for_each(|badge| self.routes.deliver(&Arc::new(badge))),
                Err(error) => tracing::warn!(%error, "watched badges could not be compared with the store"),
            }
        }
    }
}

impl Routes {
    fn has(&self, sku: &str) -> bool {
        self.0.lock().contains_key(sku)
    }

    fn watched(&self) -> Vec<String> {
        self.0.lock().keys().map(|sku| sku.to_string()).collect()
    }

    fn deliver(&self, badge: &Arc<BadgeOfSku>) {
        let routes = self.0.lock().get(badge.sku.as_str()).cloned().unwrap_or_default();
        for route in routes {
            if let Some(mailbox) = route.mailbox.upgrade() {
                mailbox.offer(route.slot, badge);
            }
        }
    }
}

/// A mailbox with its routes; dropping it takes them away.
#[derive(Debug)]
struct Watcher {
    routes: Arc<Routes>,
    slots: HashMap<Arc<str>, usize>,
    mailbox: Arc<Mailbox>,
}

impl Watcher {
    fn register(routes: Arc<Routes>, skus: &[String]) -> Self {
        let mailbox = Arc::new(Mailbox::with_slots(skus.len()));
        let slots: HashMap<Arc<str>, usize> =
            skus.iter().enumerate().map(|(slot, sku)| (Arc::from(sku.as_str()), slot)).collect();
        {
            let mut by_sku = routes.0.lock();
            for (sku, slot) in &slots {
                let route = Route { mailbox: Arc::downgrade(&mailbox), slot: *slot };
                by_sku.entry(Arc::clone(sku)).or_default().push(route);
            }
        }
        Self { routes, slots, mailbox }
    }

    fn offer(&self, badge: &Arc<BadgeOfSku>) {
        if let Some(slot) = self.slots.get(badge.sku.as_str()) {
            self.mailbox.offer(*slot, badge);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let own = Arc::downgrade(&self.mailbox);
        let mut by_sku = self.routes.0.lock();
        for sku in self.slots.keys() {
            if let Some(routes) = by_sku.get_mut(sku) {
                routes.retain(|route| !Weak::ptr_eq(&route.mailbox, &own));
                if routes.is_empty() {
                    by_sku.remove(sku);
                }
            }
        }
    }
}

//! One tail of the bus per process, shared by everyone who watches alerts.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, StreamExt, stream, stream::BoxStream};
use parking_lot::Mutex;
use selvedge_kit::bus::{Delivery, EventBus, TailFrom, Topic};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    entity::stock_alert::Model,
    error::StoreError,
    store::{
        Store,
        alerts::{ALERT_CHANGED, AlertFilter, alerts_by_id, changed_since},
        now,
    },
};

/// Alerts that wait for one watcher; one who is further behind reads them from the store.
const WAITING_MAX: usize = 1_024;
/// Events that are taken at once.
const EVENTS_AT_ONCE: usize = 100;
/// Alerts that are read from the store at once.
const ROWS_AT_ONCE: u64 = 1_000;
/// Alerts that are remembered to have been given.
const REMEMBERED_MAX: usize = 8_192;
/// Pause before the bus is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// A transaction may commit this much later than the time that it wrote.
const LATE_COMMIT: TimeDelta = TimeDelta::seconds(30);

/// Brings alerts to their watchers. Cheap to clone.
///
/// The bus says which alert has changed; what is given is the alert as the store has it then. After every (re)connection to the
/// bus, and every so often, what has changed in the store since is compared, so that nothing is missed when an event is.
#[derive(Clone)]
pub struct AlertFeed {
    store: Store,
    given: broadcast::Sender<Arc<Model>>,
    /// Revisions that were given, and until when the store was compared.
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    revisions: HashMap<String, (i64, DateTime<Utc>)>,
    until: Option<DateTime<Utc>>,
}

impl AlertFeed {
    /// A feed over `store` that nobody watches yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, given: broadcast::Sender::new(WAITING_MAX), seen: Arc::default() }
    }

    /// Every alert that `filter` leaves, each time it changes from now on. One who is too slow may be given an alert twice, but
    /// misses none. The stream ends only by being dropped.
    pub fn watch(&self, filter: AlertFilter) -> impl Stream<Item = Arc<Model>> + Send + use<> {
        let watcher = Watcher {
            store: self.store.clone(),
            arriving: self.given.subscribe(),
            behind: VecDeque::new(),
            last: None,
            filter,
        };
        stream::unfold(watcher, |mut watcher| async move { watcher.next().await.map(|alert| (alert, watcher)) })
    }

    /// Follows `bus` until `shutdown`, comparing with the store every `resync`.
    pub async fn run(self, bus: Arc<dyn EventBus>, resync: Duration, shutdown: CancellationToken) {
        let following = async {
            loop {
                match bus.tail(Topic::INVENTORY, TailFrom::Now).await {
                    Ok(tail) => self.follow(tail, resync).await,
                    Err(error) => {
                        tracing::warn!(%error, "alerts are read from the store until the bus can be followed");
                        self.resync().await;
                    }
                }
                sleep(RECONNECT_PAUSE).await;
            }
        };
        shutdown.run_until_cancelled(following).await;
    }

    async fn follow(&self, tail: BoxStream<'static, Delivery>, resync: Duration) {
        let of_alerts = tail.filter(|delivery| {
            let is_alert = delivery.event.event_type == ALERT_CHANGED;
            async move { is_alert }
        });
        let mut arriving = of_alerts.ready_chunks(EVENTS_AT_ONCE).boxed();
        // The first tick is at once: whatever happened while nobody followed the bus is in the store.
        let mut ticks = interval(resync);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.resync().await,
                deliveries = arriving.next() => match deliveries {
                    Some(deliveries) => self.take(&deliveries).await,
                    None => {
                        tracing::warn!("the tail of the bus ended; it is opened again");
                        return;
                    }
                },
            }
        }
    }

    async fn take(&self, deliveries: &[Delivery]) {
        // Nobody watches, or it was found in the store before.
        if self.given.receiver_count() == 0 {
            return;
        }
        let is_news = |delivery: &&Delivery| self.seen.lock().is_news(&delivery.event.subject, delivery.event.revision);
        let mut ids: Vec<String> =
            deliveries.iter().filter(is_news).map(|delivery| delivery.event.subject.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        match alerts_by_id(&self.store, &ids).await {
            Ok(rows) => self.give(rows),
            Err(error) => tracing::warn!(%error, "alerts that changed could not be read, they come a little later"),
        }
    }

    /// Gives what has changed in the store since the last time.
    async fn resync(&self) {
        if let Err(error) = self.compare().await {
            tracing::warn!(%error, "alerts could not be compared with the store");
        }
    }

    async fn compare(&self) -> Result<(), StoreError> {
        let now = now::read(self.store.reader()).await?;
        let mut since = self.seen.lock().until.map_or(now, |until| until - LATE_COMMIT);
        if self.given.receiver_count() > 0 {
            loop {
                let rows = changed_since(&self.store, since, ROWS_AT_ONCE).await?;
                let (count, last) = (rows.len(), rows.last().map(|row| row.changed_at));
                self.give(rows);
                match last {
                    // More of one moment than fit in a page are not told apart, and come by the bus or not at all.
                    Some(last) if u64::try_from(count) == Ok(ROWS_AT_ONCE) && last > since => since = last,
                    _ => break,
                }
            }
        }
        self.seen.lock().until = Some(now);
        Ok(())
    }

    fn give(&self, mut rows: Vec<Model>) {
        rows.sort_by(|one, other| (one.changed_at, &one.id).cmp(&(other.changed_at, &other.id)));
        for row in rows {
            if self.seen.lock().note(&row) {
                // Nobody may be there any more.
                let _ = self.given.send(Arc::new(row));
            }
        }
    }
}

impl Seen {
    fn is_news(&self, id: &str, revision: i64) -> bool {
        self.revisions.get(id).is_none_or(|(given, _)| *given < revision)
    }

    /// Remembers that this revision is given; whether it was not before.
    fn note(&mut self, row: &Model) -> bool {
        if !self.is_news(&row.id, row.revision) {
            return false;
        }
        if self.revisions.len() >= REMEMBERED_MAX {
            let newest = self.revisions.values().map(|(_, changed_at)| *changed_at).max().unwrap_or(row.changed_at);
            self.revisions.retain(|_, (_, changed_at)| *changed_at > newest - LATE_COMMIT - LATE_COMMIT);
        }
        self.revisions.insert(row.id.clone(), (row.revision, row.changed_at));
        true
    }
}

struct Watcher {
    store: Store,
    arriving: broadcast::Receiver<Arc<Model>>,
    /// What was read from the store because too much was arriving.
    behind: VecDeque<Arc<Model>>,
    /// When the last one that was given had changed.
    last: Option<DateTime<Utc>>,
    filter: AlertFilter,
}

impl Watcher {
    async fn next(&mut self) -> Option<Arc<Model>> {
        loop {
            let alert = match self.behind.pop_front() {
                Some(alert) => alert,
                None => match self.arriving.recv().await {
                    Ok(alert) => alert,
                    Err(RecvError::Closed) => return None,
                    Err(RecvError::Lagged(missed)) => {
                        metrics::counter!("inventory_alert_watchers_behind_total").increment(1);
                        self.catch_up(missed).await;
                        continue;
                    }
                },
            };
            self.last = Some(self.last.map_or(alert.changed_at, |last| last.max(alert.changed_at)));
            if self.filter.admits(&alert) {
                return Some(alert);
            }
        }
    }

    async fn catch_up(&mut self, missed: u64) {
        let Some(last) = self.last else {
            // It has been given nothing yet: what it missed is in the list, from which it begins.
            return tracing::debug!(missed, "a watcher of alerts was behind before its first one");
        };
        match changed_since(&self.store, last - LATE_COMMIT, ROWS_AT_ONCE).await {
            Ok(rows) => self.behind.extend(rows.into_iter().map(Arc::new)),
            Err(error) => tracing::warn!(%error, missed, "alerts that a slow watcher missed could not be read"),
        }
    }
}

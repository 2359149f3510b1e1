//! The relay: from an outbox to the bus.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use parking_lot::Mutex;
use selvedge_kit::{
    bus::{EventBus, InProcessBus, TailFrom, Topic},
    event::Event,
    outbox::{Outbox, OutboxEntry, OutboxError, Relay, RelaySignal, Waiting},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{event, events};

const TOPIC: Topic = Topic("inventory");
const SOON: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct MemoryOutbox {
    entries: Mutex<Vec<(Event, bool)>>,
    is_away: AtomicBool,
    refuses_confirm: AtomicBool,
    reads: AtomicUsize,
}

impl MemoryOutbox {
    pub(crate) fn with(events: Vec<Event>, published: bool) -> Arc<Self> {
        let entries = events.into_iter().map(|event| (event, published)).collect();
        Arc::new(Self { entries: Mutex::new(entries), ..Self::default() })
    }

    pub(crate) fn add(&self, event: Event) {
        self.entries.lock().push((event, false));
    }

    fn unpublished(&self) -> usize {
        self.entries.lock().iter().filter(|(_, published)| !published).count()
    }

    fn select(&self, limit: usize, skip: usize, published: bool) -> Vec<OutboxEntry> {
        let entries = self.entries.lock();
        let wanted = entries.iter().enumerate().skip(skip).filter(|(_, (_, is))| *is == published).take(limit);
        wanted.map(|(index, (event, _))| OutboxEntry { token: index.to_string(), event: event.clone() }).collect()
    }
}

#[async_trait]
impl Outbox for MemoryOutbox {
    async fn pending(&self, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Err(OutboxError { reason: "the database is away".into() });
        }
        Ok(self.select(limit, 0, false))
    }

    async fn waiting(&self) -> Result<Waiting, OutboxError> {
        let entries = u64::try_from(self.unpublished()).unwrap();
        Ok(Waiting { entries, oldest: Duration::ZERO })
    }

    async fn confirm(&self, tokens: &[String]) -> Result<(), OutboxError> {
        if self.refuses_confirm.swap(false, Ordering::Relaxed) {
            return Err(OutboxError { reason: "the connection was lost".into() });
        }
        for token in tokens {
            self.entries.lock()[token.parse::<usize>().unwrap()].1 = true;
        }
        Ok(())
    }

    async fn retained(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        Ok(self.select(limit, after.map_or(0, |token| token.parse::<usize>().unwrap() + 1), true))
    }
}

struct Running {
    signal: RelaySignal,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn start(outbox: &Arc<MemoryOutbox>, bus: &Arc<InProcessBus>, refill: bool) -> Running {
    let (signal, shutdown) = (RelaySignal::default(), CancellationToken::new());
    let relay = Relay { outbox: outbox.clone(), bus: bus.clone(), topic: TOPIC, signal: signal.clone(), refill };
    let task = tokio::spawn(relay.run(shutdown.clone()));
    Running { signal, shutdown, task }
}

async fn first(bus: &InProcessBus, count: usize) -> Vec<i64> {
    let tail = bus.tail(TOPIC, TailFrom::Start).await.unwrap();
    timeout(SOON, tail.take(count).map(|delivery| delivery.event.revision).collect())
        .await
        .expect("too few events came")
}

#[tokio::test]
async fn everything_pending_goes_out_in_order_and_is_confirmed() {
    let (outbox, bus) = (MemoryOutbox::with(events("sku", 1..=1000), false), Arc::new(InProcessBus::default()));
    let running = start(&outbox, &bus, false);
    assert_eq!(first(&bus, 1000).await, (1..=1000).collect::<Vec<_>>());
    running.shutdown.cancel();
    running.task.await.unwrap();
    assert_eq!(outbox.unpublished(), 0);
}

#[tokio::test]
async fn a_signal_is_faster_than_the_poll_and_the_poll_needs_no_signal() {
    let (outbox, bus) = (MemoryOutbox::with(Vec::new(), false), Arc::new(InProcessBus::default()));
    let running = start(&outbox, &bus, false);
    while outbox.reads.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    outbox.add(event("sku", 1));
    running.signal.ring();
    timeout(Duration::from_millis(150), first(&bus, 1)).await.expect("the signal did not wake the relay");
    outbox.add(event("sku", 2));
    assert_eq!(first(&bus, 2).await, [1, 2]);
}

#[tokio::test]
async fn a_bus_without_memory_is_refilled_before_new_events() {
    let outbox = MemoryOutbox::with(events("sku", 1..=600), true);
    outbox.add(event("sku", 601));
    let bus = Arc::new(InProcessBus::default());
    let _running = start(&outbox, &bus, true);
    assert_eq!(first(&bus, 601).await, (1..=601).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_outbox_that_was_away_is_relayed_when_it_is_back() {
    let (outbox, bus) = (MemoryOutbox::with(events("sku", 1..=2), false), Arc::new(InProcessBus::default()));
    outbox.is_away.store(true, Ordering::Relaxed);
    let _running = start(&outbox, &bus, false);
    while outbox.reads.load(Ordering::Relaxed) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    outbox.is_away.store(false, Ordering::Relaxed);
    assert_eq!(first(&bus, 2).await, [1, 2]);
}

#[tokio::test]
async fn what_could_not_be_confirmed_is_published_again_under_the_same_id() {
    let (outbox, bus) = (MemoryOutbox::with(events("sku", 1..=1), false), Arc::new(InProcessBus::default()));
    outbox.refuses_confirm.store(true, Ordering::Relaxed);
    let _running = start(&outbox, &bus, false);
    let tail = bus.tail(TOPIC, TailFrom::Start).await.unwrap();
    let ids: Vec<String> = timeout(SOON, tail.take(2).map(|d| d.event.id.clone()).collect()).await.unwrap();
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn shutdown_flushes_what_was_committed_before_it() {
    let (outbox, bus) = (MemoryOutbox::with(Vec::new(), false), Arc::new(InProcessBus::default()));
    let running = start(&outbox, &bus, false);
    while outbox.reads.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    outbox.add(event("sku", 1));
    running.shutdown.cancel();
    timeout(SOON, running.task).await.unwrap().unwrap();
    assert_eq!((outbox.unpublished(), first(&bus, 1).await), (0, vec![1]));
}

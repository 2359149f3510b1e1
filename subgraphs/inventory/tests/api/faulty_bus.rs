//! Following a bus that comes and goes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use selvedge_inventory::connect;
use selvedge_kit::{
    bus::{Burial, BusError, Consumer, DeadLetter, Delivery, EventBus, Followed, TailFrom, Topic},
    event::Event,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{sample::sku, shop::Shop};

/// Is away at first, then ends its first tail, then has tails on which nothing ever comes.
#[derive(Default)]
struct FaultyBus {
    tails: AtomicU32,
}

fn away() -> BusError {
    BusError::Unavailable { reason: "a test".to_owned() }
}

#[async_trait]
impl EventBus for FaultyBus {
    async fn publish(&self, _: Topic, _: &[Event]) -> Result<(), BusError> {
        Err(away())
    }
    async fn consume(&self, _: Topic, _: &str, _: &str) -> Result<Box<dyn Consumer>, BusError> {
        Err(away())
    }
    async fn tail(&self, _: Topic, _: TailFrom) -> Result<BoxStream<'static, Delivery>, BusError> {
        match self.tails.fetch_add(1, Ordering::Relaxed) {
            0 => Err(away()),
            1 => Ok(stream::empty().boxed()),
            _ => Ok(stream::pending().boxed()),
        }
    }
    async fn follow(&self, _topic: Topic) -> Result<BoxStream<'static, Followed>, BusError> {
        Err(away())
    }
    async fn dead_letters(&self, _: Topic, _: usize) -> Result<Vec<DeadLetter>, BusError> {
        Err(away())
    }
    async fn count_dead_letters(&self, _: Topic) -> Result<u64, BusError> {
        Err(away())
    }
    async fn bury(&self, _: Topic, _: Burial) -> Result<(), BusError> {
        Err(away())
    }
    async fn check(&self) -> Result<(), BusError> {
        Err(away())
    }
}

/// What changed while nobody followed the bus is read from the store as soon as it is followed again.
async fn nothing_is_missed_while_the_bus_is_away(shop: Shop) {
    let feed = connect(&shop.config(), shop.store.clone()).badges;
    let mut badges = feed.watch(vec![sku(1, 1)]).await.unwrap().boxed();
    assert_eq!(badges.next().await.unwrap().revision, 1);
    shop.overwrite_badge(&sku(1, 1), 3, 2).await;
    let bus = Arc::new(FaultyBus::default());
    let shutdown = CancellationToken::new();
    let following =
        tokio::spawn(feed.run(Arc::clone(&bus) as Arc<dyn EventBus>, Duration::from_secs(3600), shutdown.clone()));
    let next = async |badges: &mut BoxStream<'static, _>| timeout(Duration::from_secs(5), badges.next()).await.unwrap();
    // The bus is away: the store is asked instead.
    assert_eq!(
        next(&mut badges).await.map(|badge: Arc<selvedge_inventory::store::badges::BadgeOfSku>| badge.revision),
        Some(2)
    );
    shop.overwrite_badge(&sku(1, 1), 4, 3).await;
    // The tail ended and was opened again: so is the store.
    assert_eq!(next(&mut badges).await.map(|badge| badge.revision), Some(3));
    shutdown.cancel();
    following.await.unwrap();
}

on_each_engine!(nothing_is_missed_while_the_bus_is_away);

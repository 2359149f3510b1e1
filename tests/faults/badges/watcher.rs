//! Clients that come and go, listen and stall, each at its own whim.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use tokio::time::Instant;

use super::{
    client::{Client, Heard},
    stage::{Mood, Stage},
};

/// The most SKUs of a subscription.
const SKUS_MAX: usize = 8;
const SUBSCRIPTIONS_MAX: usize = 3;
/// Between two whims of a client.
const WHIM_MS: std::ops::Range<u64> = 100..3_000;
const STALL_MS: std::ops::Range<u64> = 200..4_000;

/// What a client sees at this moment, of its connection if it has one.
#[derive(Default)]
pub(super) struct View {
    /// Since when it has this connection with all of its subscriptions.
    pub(super) since: Option<Instant>,
    subscriptions: HashMap<String, Subscription>,
}

struct Subscription {
    /// Of each SKU what was acknowledged before it was subscribed to, and the newest revision that was seen.
    skus: HashMap<String, (i64, Option<i64>)>,
}

impl View {
    /// What of its SKUs is not what the database has.
    pub(super) fn not_current(&self, stored: &HashMap<String, i64>) -> Vec<String> {
        let all = self.subscriptions.values().flat_map(|subscription| &subscription.skus);
        all.filter(|(sku, (_, seen))| *seen != Some(stored[*sku]))
            .map(|(sku, (_, seen))| format!("{sku}: sees {seen:?}, stored {}", stored[sku]))
            .collect()
    }
}

/// One client.
pub(super) struct Watcher {
    number: usize,
    stage: Arc<Stage>,
    random: SmallRng,
    view: Arc<Mutex<View>>,
    next_id: u64,
}

/// Why a connection was left.
enum Left {
    ByItself,
    Cut,
}

impl Watcher {
    pub(super) fn new(number: usize, stage: &Arc<Stage>) -> Self {
        let random = SmallRng::seed_from_u64(stage.seed ^ (0xC11E_0000 + number as u64));
        Self { number, stage: Arc::clone(stage), random, view: Arc::default(), next_id: 0 }
    }

    pub(super) fn view(&self) -> Arc<Mutex<View>> {
        Arc::clone(&self.view)
    }

    /// Watches until the test is over.
    pub(super) async fn run(mut self) {
        while !self.stage.is_over() {
            let url = self.stage.urls.choose(&mut self.random).unwrap().clone();
            if let Ok(client) = Client::open(&url).await
                && matches!(self.attend(client).await, Left::Cut)
                && !self.stage.is_over()
            {
                self.stage.books.cuts.fetch_add(1, Ordering::Relaxed);
            }
            *self.view.lock().unwrap() = View::default();
            let pause = self.random.random_range(10..200);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// One connection, to its end.
    async fn attend(&mut self, mut client: Client) -> Left {
        for _ in 0..self.random.random_range(1..=SUBSCRIPTIONS_MAX) {
            if self.subscribe(&mut client).await.is_err() {
                return Left::Cut;
            }
        }
        self.view.lock().unwrap().since = Some(Instant::now());
        let stage = Arc::clone(&self.stage);
        loop {
            let whim = Duration::from_millis(self.random.random_range(WHIM_MS));
            let rest = tokio::time::sleep(whim);
            tokio::pin!(rest);
            loop {
                tokio::select! {
                    heard = client.hear() => if self.take(&mut client, heard).await.is_err() { return Left::Cut },
                    () = &mut rest => break,
                    () = stage.until(Mood::Over) => return Left::ByItself,
                }
            }
            if *stage.mood.borrow() == Mood::Calm {
                continue;
            }
            match self.random.random_range(0..10) {
                // Without a word.
                0 => return Left::ByItself,
                1 => {
                    client.leave().await;
                    return Left::ByItself;
                }
                2..4 => {
                    let stall = Duration::from_millis(self.random.random_range(STALL_MS));
                    // Nothing is read, as from a phone in a tunnel.
                    tokio::select! {
                        () = tokio::time::sleep(stall) => {}
                        () = stage.until(Mood::Calm) => {}
                    }
                }
                4..6 if self.change_subscription(&mut client).await.is_err() => return Left::Cut,
                _ => {}
            }
        }
    }

    async fn subscribe(&mut self, client: &mut Client) -> Result<(), String> {
        let count = self.random.random_range(1..=SKUS_MAX);
        let shelves: Vec<_> = self.stage.shelves.choose_multiple(&mut self.random, count).collect();
        let skus: Vec<String> = shelves.iter().map(|shelf| shelf.sku.clone()).collect();
        self.next_id += 1;
        let id = self.next_id.to_string();
        // Before it is asked for.
        let floors = skus.iter().map(|sku| (sku.clone(), (self.stage.books.acknowledged(sku), None))).collect();
        self.view.lock().unwrap().subscriptions.insert(id.clone(), Subscription { skus: floors });
        client.subscribe(&id, &skus).await
    }

    /// Ends one subscription, and begins another on the same connection.
    async fn change_subscription(&mut self, client: &mut Client) -> Result<(), String> {
        let id = self.view.lock().unwrap().subscriptions.keys().next().cloned();
        if let Some(id) = id {
            client.complete(&id).await?;
            self.view.lock().unwrap().subscriptions.remove(&id);
        }
        self.subscribe(client).await
    }

    async fn take(&mut self, client: &mut Client, heard: Heard) -> Result<(), String> {
        match heard {
            Heard::Badge(id, badge) => {
                let mut view = self.view.lock().unwrap();
                // What was on its way when a subscription was ended is not looked at.
                let Some(subscription) = view.subscriptions.get_mut(&id) else { return Ok(()) };
                let who = format!("client {}, subscription {id}", self.number);
                match subscription.skus.get_mut(&badge.sku) {
                    Some((floor, seen)) => {
                        self.stage.books.see(&who, &badge, (*seen, *floor));
                        *seen = Some(badge.revision);
                    }
                    None => {
                        self.stage.books.violate(format!("{who} was told of {}, which it did not ask for", badge.sku))
                    }
                }
                Ok(())
            }
            Heard::Ended(id, said) => {
                let was_open = self.view.lock().unwrap().subscriptions.remove(&id).is_some();
                if was_open {
                    println!("  client {}: a subscription ended: {said}", self.number);
                    self.stage.books.cuts.fetch_add(1, Ordering::Relaxed);
                    self.subscribe(client).await?;
                }
                Ok(())
            }
            Heard::Cut(said) => Err(said),
        }
    }
}

//! Many clients that want to listen, and come back when they are cut off.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use super::{
    client::{Client, Heard},
    stage::{Mood, Stage},
};

/// A connection that could not be had is tried again after this.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// So many come at the same time when the doors open.
const OPENING: usize = 100;
/// How long all of them may take to come in, on a busy machine.
const IN_WITHIN: Duration = Duration::from_secs(120);
/// How the cuts of a crowd are grouped.
const SLOT: Duration = Duration::from_millis(100);

/// All of them.
pub(super) struct Crowd {
    members: Vec<Arc<Member>>,
    tasks: JoinSet<()>,
}

/// One of them, as others see it.
pub(super) struct Member {
    number: usize,
    /// The place of its SKU among those of the stage.
    shelf: usize,
    /// The newest revision that it has seen on its connection; 0 without one.
    seen: AtomicI64,
    /// When it was cut off.
    cuts: Mutex<Vec<Instant>>,
    /// How often it had to try again.
    refusals: AtomicUsize,
}

impl Crowd {
    /// Lets so many in, each to one of the gateways, with one of the SKUs; done when each has its first badge.
    pub(super) async fn enter(stage: &Arc<Stage>, count: usize) -> Self {
        let doors = Arc::new(Semaphore::new(OPENING));
        let mut crowd = Self { members: Vec::new(), tasks: JoinSet::new() };
        for number in 0..count {
            let member = Arc::new(Member {
                number,
                shelf: number % stage.shelves.len(),
                seen: AtomicI64::new(0),
                cuts: Mutex::default(),
                refusals: AtomicUsize::new(0),
            });
            crowd.members.push(Arc::clone(&member));
            crowd.tasks.spawn(member.attend(Arc::clone(stage), Arc::clone(&doors)));
        }
        let began = Instant::now();
        while crowd.members.iter().any(|member| member.seen.load(Ordering::Relaxed) == 0) {
            assert!(began.elapsed() < IN_WITHIN, "the crowd is not in");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{count} subscribers are in after {} ms", began.elapsed().as_millis());
        crowd
    }

    /// How long until everyone sees what writers were told last; nobody may write meanwhile.
    pub(super) async fn current_after(&self, stage: &Stage, within: Duration) -> Option<Duration> {
        let began = Instant::now();
        loop {
            if self.late(stage).is_empty() {
                return Some(began.elapsed());
            }
            if began.elapsed() > within {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Who does not see what writers were told last.
    pub(super) fn late(&self, stage: &Stage) -> Vec<String> {
        let late = self.members.iter().filter_map(|member| {
            let acknowledged = stage.books.acknowledged(&stage.shelves[member.shelf].sku);
            let seen = member.seen.load(Ordering::Relaxed);
            (seen != acknowledged).then(|| format!("client {}: sees {seen}, stored {acknowledged}", member.number))
        });
        late.collect()
    }

    /// The times at which members were cut off since then.
    pub(super) fn cuts_since(&self, since: Instant) -> Vec<Duration> {
        let cuts = self.members.iter().flat_map(|member| member.cuts.lock().unwrap().clone());
        cuts.filter_map(|cut| cut.checked_duration_since(since)).collect()
    }

    /// How often a connection was refused.
    pub(super) fn refusals(&self) -> usize {
        self.members.iter().map(|member| member.refusals.load(Ordering::Relaxed)).sum()
    }

    pub(super) async fn leave(self, stage: &Stage) {
        stage.turn(Mood::Over);
        self.tasks.join_all().await;
    }
}

impl Member {
    async fn attend(self: Arc<Self>, stage: Arc<Stage>, doors: Arc<Semaphore>) {
        let mut gateway = self.number % stage.urls.len();
        while !stage.is_over() {
            let permit = doors.acquire().await.unwrap();
            let opened = Client::open(&stage.urls[gateway]).await;
            drop(permit);
            // Whoever is cut off or refused goes to the next door, as a load balancer would send it.
            gateway = (gateway + 1) % stage.urls.len();
            match opened {
                Ok(client) => {
                    let said = self.listen(client, &stage).await;
                    self.seen.store(0, Ordering::Relaxed);
                    if let Some(said) = said {
                        self.cuts.lock().unwrap().push(Instant::now());
                        stage.books.cuts.fetch_add(1, Ordering::Relaxed);
                        if self.number == 0 {
                            println!("  client 0 was cut off: {said}");
                        }
                    }
                }
                Err(_) => {
                    self.refusals.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    }

    /// One connection; what was said when it was cut off, `None` when the test is over.
    async fn listen(&self, mut client: Client, stage: &Stage) -> Option<String> {
        let sku = &stage.shelves[self.shelf].sku;
        let floor = stage.books.acknowledged(sku);
        if let Err(said) = client.subscribe("1", std::slice::from_ref(sku)).await {
            return Some(said);
        }
        let who = format!("client {}", self.number);
        let mut before = None;
        loop {
            let heard = tokio::select! {
                heard = client.hear() => heard,
                () = stage.until(Mood::Over) => return None,
            };
            match heard {
                Heard::Badge(_, badge) => {
                    stage.books.see(&who, &badge, (before, floor));
                    before = Some(badge.revision);
                    self.seen.store(badge.revision, Ordering::Relaxed);
                }
                Heard::Ended(_, said) | Heard::Cut(said) => return Some(said),
            }
        }
    }
}

/// How many of `times` are in each slot of 100 ms.
pub(super) fn slots(times: &[Duration]) -> BTreeMap<u128, usize> {
    let mut slots = BTreeMap::new();
    for time in times {
        *slots.entry(time.as_millis() / SLOT.as_millis() * SLOT.as_millis()).or_default() += 1;
    }
    slots
}

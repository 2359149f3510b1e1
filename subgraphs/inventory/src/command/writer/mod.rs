//! Reservations that want the same stock at once are answered together.
//!
//! Every reservation goes through a lane: a task that takes what waits for it, decides it in the order of arrival, commits
//! all of it at once ([`commit`]) and answers after the commit. While it commits, the next ones gather. A variant that is
//! wanted by several at once gets a lane of its own, which keeps what it wrote last and so reads nothing; all others share
//! a few. What makes it right is not here but in what is committed: a lane that is not alone, or whose memory is
//! old, changes nothing.

mod commit;
mod decide;
mod lane;
mod memory;
mod pending;

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::Arc,
};

use parking_lot::Mutex;
use selvedge_kit::outbox::RelaySignal;
use tokio::sync::{mpsc, oneshot};

use self::{lane::Lane, pending::Job};
use super::{
    Answer,
    reserve::{Request, Reserved},
};
use crate::store::{Store, StoreError};

/// From so many reservations of one SKU under way at once on, it gets its own lane.
const HOT_FROM: usize = 4;
/// Lanes that all other SKUs share. Each uses one connection while it has work.
const SHARED_LANES: u64 = 4;
/// The most that wait in one lane.
const WAITING_MAX: usize = 4_096;
/// How often a request is handed to another lane when its lane broke.
const SUBMISSIONS_MAX: u32 = 3;

/// Hands reservations to lanes. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Writer(Arc<Shared>);

/// What lanes work with.
#[derive(Debug)]
struct Shared {
    store: Store,
    signal: RelaySignal,
    low_stock_threshold: i32,
    board: Mutex<Board>,
}

/// Who is wanted how much, and the lanes there are.
#[derive(Debug, Default)]
struct Board {
    /// Reservations under way by SKU.
    wanted: HashMap<String, usize>,
    lanes: HashMap<LaneName, mpsc::Sender<Job>>,
}

/// What a lane is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum LaneName {
    /// One SKU that many want.
    Hot(String),
    /// All SKUs with this remainder.
    Shared(u64),
}

impl Writer {
    pub(super) fn new(store: Store, signal: RelaySignal, low_stock_threshold: i32) -> Self {
        Self(Arc::new(Shared { store, signal, low_stock_threshold, board: Mutex::default() }))
    }

    /// Answers the request after its commit.
    ///
    /// # Errors
    ///
    /// When the store fails, or too many wait already.
    pub(super) async fn answer(&self, request: Request) -> Result<Answer<Reserved>, StoreError> {
        let request = Arc::new(request);
        let _under_way = self.0.count(&request);
        for _ in 0..SUBMISSIONS_MAX {
            let (reply, answered) = oneshot::channel();
            self.0.submit(Job { request: Arc::clone(&request), reply })?;
            if let Ok(answer) = answered.await {
                return answer;
            }
            // The lane's task panicked. Whether it had committed is found by the key.
            tracing::error!(skus = ?request.skus, "a lane of reservations broke");
        }
        Err(StoreError::Conflict { what: "reservation" })
    }
}

impl Shared {
    /// Counts the request as under way until the value goes.
    fn count(self: &Arc<Self>, request: &Arc<Request>) -> UnderWay {
        let mut board = self.board.lock();
        for sku in &request.skus {
            *board.wanted.entry(sku.clone()).or_default() += 1;
        }
        UnderWay { shared: Arc::clone(self), request: Arc::clone(request) }
    }

    /// Puts the job into the lane of its SKU, opening it when there is none.
    fn submit(self: &Arc<Self>, mut job: Job) -> Result<(), StoreError> {
        let mut board = self.board.lock();
        let name = board.lane_for(&job.request.skus);
        if let Some(lane) = board.lanes.get(&name) {
            match lane.try_send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => {
                    metrics::counter!("inventory_reservations_turned_away_total").increment(1);
                    return Err(StoreError::Overloaded { waiting: WAITING_MAX });
                }
                // It broke.
                Err(mpsc::error::TrySendError::Closed(returned)) => job = returned,
            }
        }
        let (sender, waiting) = mpsc::channel(WAITING_MAX);
        // A new channel has room.
        let _ = sender.try_send(job);
        board.lanes.insert(name.clone(), sender);
        board.measure();
        tokio::spawn(Lane::new(Arc::clone(self), name, waiting).run());
        Ok(())
    }

    /// Closes the lane unless something came in; says whether it did.
    fn close(&self, name: &LaneName, waiting: &mpsc::Receiver<Job>) -> bool {
        let mut board = self.board.lock();
        let is_idle = waiting.is_empty();
        if is_idle {
            board.lanes.remove(name);
            board.measure();
        }
        is_idle
    }
}

impl Board {
    /// The lane of a SKU that is hot or becomes so; else one by its first SKU, so that those who want the same meet.
    fn lane_for(&self, skus: &[String]) -> LaneName {
        let own = |sku: &&String| self.lanes.contains_key(&LaneName::Hot((*sku).clone()));
        let is_wanted = |sku: &&String| self.wanted.get(*sku).is_some_and(|wanted| *wanted >= HOT_FROM);
        let hot = skus.iter().find(own).or_else(|| skus.iter().find(is_wanted));
        hot.map_or_else(|| LaneName::Shared(shared_lane(skus)), |sku| LaneName::Hot(sku.clone()))
    }

    fn measure(&self) {
        let hot = self.lanes.keys().filter(|name| matches!(name, LaneName::Hot(_))).count();
        metrics::gauge!("inventory_hot_variants").set(f64::from(u32::try_from(hot).unwrap_or(u32::MAX)));
    }
}

fn shared_lane(skus: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    skus.first().hash(&mut hasher);
    hasher.finish() % SHARED_LANES
}

/// A request that is under way.
struct UnderWay {
    shared: Arc<Shared>,
    request: Arc<Request>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut board = self.shared.board.lock();
        for sku in &self.request.skus {
            if let Some(wanted) = board.wanted.get_mut(sku) {
                *wanted -= 1;
                if *wanted == 0 {
                    board.wanted.remove(sku);
                }
            }
        }
    }
}

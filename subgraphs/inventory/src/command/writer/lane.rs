//! A lane: takes what waits, has it committed, again and again, and goes when nothing comes.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::{
    LaneName, Shared,
    memory::Memory,
    pending::{Job, gather},
};

/// Reservations of one commit.
const BATCH_MAX: usize = 256;
/// How long a lane waits for as many as it had the last time.
const GATHER_MAX: Duration = Duration::from_millis(2);
/// How long a lane stays without work.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// One lane.
pub(super) struct Lane {
    shared: Arc<Shared>,
    name: LaneName,
    waiting: mpsc::Receiver<Job>,
    memory: Memory,
    /// Reservations of the last commit.
    last: usize,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>, name: LaneName, waiting: mpsc::Receiver<Job>) -> Self {
        Self { shared, name, waiting, memory: Memory::default(), last: 0 }
    }

    /// Works until there is nothing to do for [`IDLE_MAX`].
    pub(super) async fn run(mut self) {
        loop {
            let mut jobs = Vec::new();
            match timeout(IDLE_MAX, self.waiting.recv_many(&mut jobs, BATCH_MAX)).await {
                Ok(_) => {}
                Err(_) if self.shared.close(&self.name, &self.waiting) => return,
                Err(_) => continue,
            }
            let is_hot = matches!(self.name, LaneName::Hot(_));
            if is_hot {
                self.gather(&mut jobs).await;
            }
            self.last = jobs.len();
            self.measure();
            self.shared.settle(gather(jobs), &mut self.memory).await;
            if !is_hot {
                self.memory.forget();
            }
        }
    }

    /// Those who were answered the last time are likely to be back at once: waits a moment for as many, so that they share a
    /// commit instead of waiting for one that was begun for the first of them.
    async fn gather(&mut self, jobs: &mut Vec<Job>) {
        let until = Instant::now() + GATHER_MAX;
        while jobs.len() < self.last.min(BATCH_MAX) {
            let room = BATCH_MAX - jobs.len();
            match timeout_at(until, self.waiting.recv_many(jobs, room)).await {
                Ok(received) if received > 0 => {}
                _ => return,
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a batch and a queue are a few thousand at most")]
    fn measure(&self) {
        let lane = if matches!(self.name, LaneName::Hot(_)) { "hot" } else { "shared" };
        metrics::histogram!("inventory_reservation_batch", "lane" => lane).record(self.last as f64);
        metrics::histogram!("inventory_reservations_waiting", "lane" => lane).record(self.waiting.len() as f64);
    }
}

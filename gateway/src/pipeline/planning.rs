//! Where operations are planned: apart from the threads that answer requests, as one plan may take seconds.

use std::{num::NonZero, sync::Arc};

use tokio::{sync::Semaphore, task};

/// Plans so many operations at a time as there are processors, two at least, so that one that takes long does not hold up
/// all others. Cheap to clone.
#[derive(Clone)]
pub(super) struct Planning(Arc<Semaphore>);

impl Planning {
    pub(super) fn new() -> Self {
        const LEAST: usize = 2;
        let processors = std::thread::available_parallelism().map_or(LEAST, NonZero::get);
        Self(Arc::new(Semaphore::new(processors.max(LEAST))))
    }

    /// What `work` returns once it had its turn; `None` when it panicked or the runtime stops.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends work that has not begun; other work is done, and its result is lost.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let planned = task::spawn_blocking(move || {
            let planned = work();
            drop(turn);
            planned
        });
        planned.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn so_many_are_planned_at_a_time_and_never_on_the_thread_that_asks() {
        let planning = Planning(Arc::new(Semaphore::new(2)));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let asks = thread::current().id();
        let plan = || {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            planning.run(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(20));
                now.fetch_sub(1, Ordering::SeqCst);
                thread::current().id()
            })
        };
        let planned = join_all((0..10).map(|_| plan())).await;
        assert!(planned.iter().all(|thread| thread.is_some_and(|thread| thread != asks)));
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_work_alone() {
        let planning = Planning(Arc::new(Semaphore::new(1)));
        assert_eq!(planning.run(|| panic!("scripted")).await, None::<()>);
        assert_eq!(planning.run(|| 7).await, Some(7));
    }
}

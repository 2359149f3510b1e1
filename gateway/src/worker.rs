//! A thread of its own for work that computes for long.
//!
//! What is done for a new schema (composing, building the planner, planning, and freeing all of it at last) is done on one
//! thread, one after the other: it takes no more than one processor from the requests, nobody waits for it at the end of
//! the process, and what the allocator gave to that thread comes back to it, so that replaced schemas leave no holes in
//! the memory of the others.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Sender, channel},
    thread,
};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// The work panicked, or the thread could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was not done; the log has the reason")]
pub struct NotDone;

/// A thread that does one thing after the other; clones share it, and it ends with the last of them.
#[derive(Clone)]
pub struct Worker(Sender<Job>);

impl Worker {
    /// Starts a thread of this name. Without one, all work is answered with [`NotDone`].
    #[must_use]
    pub fn start(name: &str) -> Self {
        let (sender, jobs) = channel::<Job>();
        let started = thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Ok(job) = jobs.recv() {
                job();
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, name, "a thread could not be started");
        }
        Self(sender)
    }

    /// What `work` returns, once everything before it is done.
    ///
    /// # Errors
    ///
    /// When it panicked.
    ///
    /// # Cancellation
    ///
    /// Dropping the future does not stop the work.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotDone> {
        let (answer, answered) = oneshot::channel();
        let job = move || match catch_unwind(AssertUnwindSafe(work)) {
            // Nobody listens any more.
            Ok(done) => drop(answer.send(done)),
            Err(panic) => tracing::error!(reason = text_of(&*panic), "work in the background panicked"),
        };
        self.0.send(Box::new(job)).map_err(|_| NotDone)?;
        answered.await.map_err(|_| NotDone)
    }

    /// Frees `value` there.
    pub fn free(&self, value: impl Send + 'static) {
        // A thread that is gone frees it here.
        let _ = self.0.send(Box::new(move || drop(value)));
    }
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_its_own_work_alone() {
        let worker = Worker::start("test");
        assert_eq!(worker.run(|| 1).await, Ok(1));
        assert_eq!(worker.run(|| panic!("no")).await, Err::<(), _>(NotDone));
        assert_eq!(worker.run(|| thread::current().name().map(str::to_owned)).await, Ok(Some("test".to_owned())));
    }
}

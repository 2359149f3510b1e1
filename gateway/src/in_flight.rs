//! One piece of work for all who want the same at the same time.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::oneshot};
use tracing::Instrument;

/// What makes two pieces of work the same.
pub trait Key: Hash + Eq + Clone + Send + 'static {}

impl<K: Hash + Eq + Clone + Send + 'static> Key for K {}

/// Work that yields what all who wait for it get.
pub trait Work<V>: Future<Output = V> + Send + 'static {}

impl<V, F: Future<Output = V> + Send + 'static> Work<V> for F {}

type Waiting<K, V> = HashMap<K, Vec<oneshot::Sender<V>>, ahash::RandomState>;

/// The work under way, by what makes it the same; clones share it.
pub struct InFlight<K, V>(Arc<Mutex<Waiting<K, V>>>);

impl<K, V> Clone for InFlight<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for InFlight<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Key, V: Clone + Send + 'static> InFlight<K, V> {
    /// What the work of `start` yields, or what the work of another call with an equal `key` yields that is under way
    /// already. The output says whether it was another's.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends the work, unless others wait for it: then it goes on in a task of its own.
    pub fn share<S, F>(&self, key: K, start: S) -> Share<K, V, S, F>
    where
        S: FnOnce() -> F,
        F: Work<V>,
    {
        let mut waiting = self.0.lock();
        if let Some(others) = waiting.get_mut(&key) {
            let (sender, result) = oneshot::channel();
            others.push(sender);
            return Share::Following { result, start: Some(start) };
        }
        waiting.insert(key.clone(), Vec::new());
        drop(waiting);
        // Begun outside of the lock; whoever comes meanwhile waits for it.
        let mut flight = Flight { flights: self.clone(), key: Some(key), work: None, is_orphan: false };
        flight.work = Some(Box::pin(start()));
        Share::Leading { flight }
    }

    /// How many pieces of work are under way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Work that others may wait for.
pub struct Flight<K: Key, V: Clone + Send + 'static, F: Work<V>> {
    flights: InFlight<K, V>,
    /// Until it has landed.
    key: Option<K>,
    work: Option<Pin<Box<F>>>,
    /// Whether it runs in a task of its own, as who began it went away.
    is_orphan: bool,
}

impl<K: Key, V: Clone + Send + 'static, F: Work<V>> Flight<K, V, F> {
    fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<V> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let value = ready!(work.as_mut().poll(context));
        self.work = None;
        let others = self.key.take().and_then(|key| self.flights.0.lock().remove(&key));
        for other in others.into_iter().flatten() {
            // Who does not wait any more does not miss it.
            let _ = other.send(value.clone());
        }
        Poll::Ready(value)
    }

    /// Whether somebody waits who can be served; otherwise the work is forgotten, and who comes next begins anew.
    fn must_go_on(&self, key: &K) -> bool {
        let mut waiting = self.flights.0.lock();
        let is_awaited = waiting.get(key).is_some_and(|others| others.iter().any(|other| !other.is_closed()));
        // Work that panicked must not be touched again; those who wait for it then do it themselves.
        let goes_on = is_awaited && self.work.is_some() && !self.is_orphan && !std::thread::panicking();
        if !goes_on {
            waiting.remove(key);
        }
        goes_on
    }
}

impl<K: Key, V: Clone + Send + 'static, F: Work<V>> Drop for Flight<K, V, F> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        if !self.must_go_on(&key) {
            return;
        }
        let (flights, work) = (self.flights.clone(), self.work.take());
        let orphan = Orphan(Self { flights, key: Some(key), work, is_orphan: true });
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(orphan.in_current_span());
        }
    }
}

/// Work that goes on for those who wait for it.
struct Orphan<K: Key, V: Clone + Send + 'static, F: Work<V>>(Flight<K, V, F>);

// Nothing in it is pinned in place: the work has a box of its own.
impl<K: Key, V: Clone + Send + 'static, F: Work<V>> Unpin for Orphan<K, V, F> {}

impl<K: Key, V: Clone + Send + 'static, F: Work<V>> Future for Orphan<K, V, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.poll_work(context).map(drop)
    }
}

/// The future of [`InFlight::share`].
pub enum Share<K: Key, V: Clone + Send + 'static, S, F: Work<V>> {
    /// Does the work.
    Leading {
        /// The work.
        flight: Flight<K, V, F>,
    },
    /// Waits for another's work.
    Following {
        /// Where it comes.
        result: oneshot::Receiver<V>,
        /// To do it oneself, should it never come.
        start: Option<S>,
    },
    /// Does the work for itself, as that of the other never came.
    Alone {
        /// The work.
        work: Pin<Box<F>>,
    },
}

// Nothing in it is pinned in place: the work has a box of its own.
impl<K: Key, V: Clone + Send + 'static, S, F: Work<V>> Unpin for Share<K, V, S, F> {}

impl<K: Key, V: Clone + Send + 'static, S: FnOnce() -> F, F: Work<V>> Future for Share<K, V, S, F> {
    type Output = (V, bool);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            match this {
                Self::Leading { flight } => return flight.poll_work(context).map(|value| (value, false)),
                Self::Alone { work } => return work.as_mut().poll(context).map(|value| (value, false)),
                Self::Following { result, start } => match ready!(Pin::new(result).poll(context)) {
                    Ok(value) => return Poll::Ready((value, true)),
                    Err(_) => {
                        let Some(start) = start.take() else { return Poll::Pending };
                        *this = Self::Alone { work: Box::pin(start()) };
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use futures::future::{BoxFuture, FutureExt, join_all};

    use super::*;

    #[derive(Clone, Default)]
    struct Counted {
        flights: InFlight<&'static str, usize>,
        begun: Arc<AtomicUsize>,
    }

    impl Counted {
        /// Work of 100 ms that yields how often work was begun before.
        fn ask(&self, key: &'static str) -> BoxFuture<'static, (usize, bool)> {
            let begun = Arc::clone(&self.begun);
            let work = move || {
                let before = begun.fetch_add(1, Ordering::SeqCst);
                async move {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    before
                }
            };
            self.flights.share(key, work).boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_is_done_once_and_something_else_apart() {
        let counted = Counted::default();
        let all = join_all(["a", "a", "b", "a"].map(|key| counted.ask(key))).await;
        assert_eq!(all, [(0, false), (0, true), (1, false), (0, true)]);
        assert_eq!(counted.ask("a").await, (2, false), "what has landed is not kept");
        assert!(counted.flights.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_when_who_began_it_goes_away() {
        let counted = Counted::default();
        let mut leader = counted.ask("a");
        assert!(futures::poll!(&mut leader).is_pending());
        let followers = tokio::spawn(join_all([counted.ask("a"), counted.ask("a")]));
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(leader);
        assert_eq!(counted.ask("a").await, (0, true), "one more may join");
        assert_eq!(followers.await.unwrap(), [(0, true), (0, true)]);
        assert_eq!(counted.begun.load(Ordering::SeqCst), 1);
        assert!(counted.flights.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_nobody_waits_for_ends() {
        let counted = Counted::default();
        let (mut leader, follower) = (counted.ask("a"), counted.ask("a"));
        assert!(futures::poll!(&mut leader).is_pending());
        drop(follower);
        drop(leader);
        assert!(counted.flights.is_empty());
        assert_eq!(counted.ask("a").await, (1, false));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_work_that_panics_does_it_alone() {
        let flights: InFlight<&str, usize> = InFlight::default();
        let panics = flights.share("a", || async { panic!("scripted") });
        let follower = flights.share("a", || async { 7 });
        assert!(tokio::spawn(panics).await.is_err());
        assert_eq!(follower.await, (7, false));
        assert!(flights.is_empty());
    }

    #[test]
    fn a_runtime_that_stops_takes_orphans_along() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let counted = Counted::default();
        let (mut leader, follower) = (counted.ask("a"), counted.ask("a"));
        runtime.block_on(async move { assert!(futures::poll!(&mut leader).is_pending()) });
        drop(runtime);
        assert!(counted.flights.is_empty());
        drop(follower);
    }
}

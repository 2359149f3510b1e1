//! Runs a live query whenever there is a reason to.

use std::{pin::pin, time::Duration};

use ahash::AHashMap;
use tokio::{
    sync::SemaphorePermit,
    time::{Instant, sleep_until, timeout},
};

use super::{LiveQueries, payload::Answer, query::LiveQuery, scattered};
use crate::cache::{Standing, Watch};

/// After this time a run gives its place to others: a subgraph that hangs is not to stop what does not ask it.
const LONGEST_IN_ROOM: Duration = Duration::from_secs(1);

/// After an answer with errors it is tried again, first after this time.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// And at last after this one.
const LAST_RETRY: Duration = Duration::from_secs(30);
/// How often an answer that is older than the one before is thrown away: a replica may lag, but a subgraph whose
/// revisions begin anew must not silence the query for ever.
const MOST_BEHIND: u32 = 20;
/// While answers stay behind what events say, it is tried again after twice as long each time, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Runs `query`, one of `all`, until it is abandoned.
pub(super) async fn run(query: &LiveQuery, mut watch: Watch, all: &LiveQueries) {
    let mut pace = Pace::default();
    loop {
        let Some(Ok(room)) = query.abandoned.run_until_cancelled(all.room.acquire()).await else { return };
        let started = Instant::now();
        let number = query.begin();
        let Some(attention) = watch.begin() else { return };
        metrics::counter!("selvedge_live_query_runs_total").increment(1);
        let answering = leaving(room, query.answers().answer());
        let Some((response, reads)) = query.abandoned.run_until_cancelled(answering).await else { return };
        let (revisions, runs_out) = (reads.revisions(), reads.runs_out());
        let standing = watch.renew(reads);
        drop(attention);
        let answer = Answer::of(response);
        let is_told = !pace.is_behind(revisions, answer.has_errors());
        let is_new = is_told && query.tell((number, started), &answer);
        let next = pace.next((started, query.interval, || all.deaf()), (standing, is_new, runs_out), &answer);
        if query.abandoned.run_until_cancelled(wait(query, &watch, (started, next))).await.is_none() {
            return;
        }
    }
}

/// Waits for a reason to run again after a run that began at `started`; at `next` there is one.
async fn wait(query: &LiveQuery, watch: &Watch, (started, next): (Instant, Option<Instant>)) {
    let mut owed = query.catch_up(started);
    loop {
        tokio::select! {
            // Newcomers wait for nothing but a run that is under way.
            () = query.wanted() => return,
            () = sleep_until(next.unwrap_or(started)), if next.is_some() => return,
            () = async {
                watch.changed().await;
                sleep_until(started + query.interval).await;
            } => return,
            () = sleep_until(owed.unwrap_or(started)), if owed.is_some() => owed = query.catch_up(Instant::now()),
        }
    }
}

/// Runs `answering`, which leaves the room when it has ended or is slow.
async fn leaving<T>(room: SemaphorePermit<'_>, answering: impl Future<Output = T>) -> T {
    let mut answering = pin!(answering);
    match timeout(LONGEST_IN_ROOM, &mut answering).await {
        Ok(answer) => answer,
        Err(_elapsed) => {
            drop(room);
            answering.await
        }
    }
}

/// What is known of the runs so far.
#[derive(Default)]
struct Pace {
    /// Of what was told last.
    revisions: AHashMap<u64, i64>,
    /// How often an answer was older than that.
    behind: u32,
    /// How often nothing new came though something had changed.
    vain: u32,
    /// How many answers with errors there were.
    failures: u32,
}

impl Pace {
    /// Whether an answer shows something older than the one before; then it is not to be told.
    fn is_behind(&mut self, revisions: AHashMap<u64, i64>, has_errors: bool) -> bool {
        let is_older =
            |(entity, revision): (&u64, &i64)| self.revisions.get(entity).is_some_and(|known| revision < known);
        if self.behind < MOST_BEHIND && revisions.iter().any(is_older) {
            self.behind += 1;
            return true;
        }
        self.behind = 0;
        // What is missing for an error was not taken back.
        match has_errors {
            true => self.revisions.extend(revisions),
            false => self.revisions = revisions,
        }
        false
    }

    /// When it runs again if nothing more happens.
    fn next(
        &mut self,
        (started, interval, deaf): (Instant, Duration, impl Fn() -> Duration),
        (standing, is_new, runs_out): (Standing, bool, Option<Instant>),
        answer: &Answer,
    ) -> Option<Instant> {
        self.failures = if answer.has_errors() { self.failures + 1 } else { 0 };
        self.vain = if standing == Standing::Changed && !is_new { self.vain + 1 } else { 0 };
        let changed = (standing == Standing::Changed || self.behind > 0)
            .then(|| interval.max(Duration::from_millis(1)) * doubled(self.vain.max(self.behind)))
            .map(|wait| wait.min(LONGEST_WAIT.max(interval)));
        let unheard = (standing == Standing::Unheard).then(&deaf);
        let failed = (self.failures > 0).then(|| scattered((FIRST_RETRY * doubled(self.failures - 1)).min(LAST_RETRY)));
        let old = runs_out.map(|at| soon_after(at.saturating_duration_since(started)).max(deaf()));
        let wait = [changed, unheard, failed, old].into_iter().flatten().min()?;
        Some(started + wait.max(interval))
    }
}

/// Not before; what many have read runs out for all of them at once.
fn soon_after(time: Duration) -> Duration {
    scattered(time) + time.mul_f64(0.1)
}

/// Two to the power of `times`, up to what matters here.
fn doubled(times: u32) -> u32 {
    1 << times.min(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_hides_does_not_go_back_after_it() {
        let mut pace = Pace::default();
        let shows = |revision: Option<i64>| revision.map(|revision| (7, revision)).into_iter().collect();
        assert!(!pace.is_behind(shows(Some(10)), false));
        assert!(!pace.is_behind(shows(None), true));
        assert!(pace.is_behind(shows(Some(9)), false));
        assert!(!pace.is_behind(shows(Some(11)), false));
        assert!(!pace.is_behind(shows(None), false), "the query does not show it any more");
        assert!(!pace.is_behind(shows(Some(9)), false));
    }

    #[test]
    fn nothing_is_asked_for_before_it_has_run_out() {
        let minute = Duration::from_secs(60);
        assert!((0..100).map(|_| soon_after(minute)).all(|time| time >= minute && time <= minute.mul_f64(1.21)));
    }
}

//! Runs a live query whenever there is a reason to.

use std::time::Duration;

use ahash::AHashMap;
use tokio::time::{Instant, sleep_until};

use super::{LiveQueries, payload::Answer, query::LiveQuery};
use crate::cache::{Standing, Watch};

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
        let Some(room) = query.abandoned.run_until_cancelled(all.room.acquire()).await else { return };
        let started = Instant::now();
        let number = query.begin();
        let Some(attention) = watch.begin() else { return };
        metrics::counter!("selvedge_live_query_runs_total").increment(1);
        let answering = query.answers().answer();
        let Some((response, reads)) = query.abandoned.run_until_cancelled(answering).await else { return };
        let revisions = reads.revisions();
        let standing = watch.renew(reads);
        drop((attention, room));
        let answer = Answer::of(response);
        let is_told = !pace.is_behind(revisions);
        let is_new = is_told && query.tell(number, &answer);
        let next = pace.next((started, query.interval, || all.deaf()), (standing, is_new), &answer);
        tokio::select! {
            () = query.abandoned.cancelled() => return,
            // Newcomers wait for nothing but a run that is under way.
            () = query.wanted() => {}
            () = sleep_until(next.unwrap_or(started)), if next.is_some() => {}
            () = async {
                watch.changed().await;
                sleep_until(started + query.interval).await;
            } => {}
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
    fn is_behind(&mut self, revisions: AHashMap<u64, i64>) -> bool {
        let is_older =
            |(entity, revision): (&u64, &i64)| self.revisions.get(entity).is_some_and(|known| revision < known);
        if self.behind < MOST_BEHIND && revisions.iter().any(is_older) {
            self.behind += 1;
            return true;
        }
        self.behind = 0;
        self.revisions = revisions;
        false
    }

    /// When it runs again if nothing more happens.
    fn next(
        &mut self,
        (started, interval, deaf): (Instant, Duration, impl Fn() -> Duration),
        (standing, is_new): (Standing, bool),
        answer: &Answer,
    ) -> Option<Instant> {
        self.failures = if answer.has_errors() { self.failures + 1 } else { 0 };
        self.vain = if standing == Standing::Changed && !is_new { self.vain + 1 } else { 0 };
        let changed = (standing == Standing::Changed || self.behind > 0)
            .then(|| interval.max(Duration::from_millis(1)) * doubled(self.vain.max(self.behind)))
            .map(|wait| wait.min(LONGEST_WAIT.max(interval)));
        let unheard = (standing == Standing::Unheard).then(deaf);
        let failed = (self.failures > 0).then(|| (FIRST_RETRY * doubled(self.failures - 1)).min(LAST_RETRY));
        let wait = [changed, unheard, failed].into_iter().flatten().min()?;
        Some(started + wait.max(interval))
    }
}

/// Two to the power of `times`, up to what matters here.
fn doubled(times: u32) -> u32 {
    1 << times.min(10)
}

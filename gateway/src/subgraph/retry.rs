//! Tries queries again.
//!
//! Only queries, as a mutation may have run; and only what failed before an answer began, or with an HTTP status that
//! says that another try may help.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use metrics::SharedString;
use rand::Rng;
use tokio::time::{Instant, Sleep};
use tower::retry::{
    Policy,
    budget::{Budget, TpsBudget},
};

use super::{OperationKind, SubgraphRequest, SubgraphResponse, TransportError, http_answer::retry_after};
use crate::config::RetryConfig;

/// Over how long the budget is counted.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
/// Further doublings of the pause would only overflow.
const MAX_DOUBLINGS: u32 = 20;

/// When to try again, and how long to wait before; clones share the budget.
///
/// A retry needs budget, so that a subgraph that fails altogether gets little more than what clients ask for, and
/// it must fit into the time that is left.
#[derive(Clone)]
pub(super) struct RetryPolicy {
    shared: Arc<Shared>,
    /// How often this request has been tried again.
    retries: u32,
}

struct Shared {
    subgraph: Arc<str>,
    config: RetryConfig,
    budget: TpsBudget,
}

impl RetryPolicy {
    /// A policy, or none when there is nothing to retry.
    pub(super) fn new(subgraph: Arc<str>, config: &RetryConfig) -> Option<Self> {
        if config.max_retries == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 100")]
        let share = config.budget_percent as f32 / 100.0;
        let budget = TpsBudget::new(BUDGET_WINDOW, config.budget_min_per_s, share);
        let shared = Arc::new(Shared { subgraph, config: config.clone(), budget });
        Some(Self { shared, retries: 0 })
    }

    /// How long to wait before the next try of what ended with `result`; `None` when there is to be none.
    fn pause(&self, result: &Result<SubgraphResponse, TransportError>) -> Option<Duration> {
        let config = &self.shared.config;
        let asked_for = match result {
            Err(TransportError::Unreachable { .. } | TransportError::NoAnswer { .. }) => None,
            Err(TransportError::Status { status, retry_after, .. }) if is_passing(*status) => *retry_after,
            Ok(response) if is_passing(response.status.as_u16()) => retry_after(&response.headers),
            _ => return None,
        };
        if self.retries >= config.max_retries {
            return None;
        }
        let doubled = config.backoff_ms.saturating_mul(1 << self.retries.min(MAX_DOUBLINGS));
        let longest = Duration::from_millis(doubled.min(config.max_backoff_ms));
        // What failed together must not come back together.
        let own = longest.mul_f64(rand::rng().random_range(0.5..=1.0));
        match asked_for {
            Some(wait) if wait > Duration::from_millis(config.max_retry_after_ms) => None,
            Some(wait) => Some(own.max(wait)),
            None => Some(own),
        }
    }

    fn count(&self, outcome: &'static str) {
        let subgraph = SharedString::from(Arc::clone(&self.shared.subgraph));
        metrics::counter!("selvedge_subgraph_retries_total", "subgraph" => subgraph, "outcome" => outcome).increment(1);
    }
}

/// Whether a subgraph with this status may answer in a moment.
fn is_passing(status: u16) -> bool {
    const PASSING: [StatusCode; 3] =
        [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];
    PASSING.iter().any(|passing| passing.as_u16() == status)
}

impl Policy<SubgraphRequest, SubgraphResponse, TransportError> for RetryPolicy {
    type Future = Sleep;

    fn retry(
        &mut self,
        request: &mut SubgraphRequest,
        result: &mut Result<SubgraphResponse, TransportError>,
    ) -> Option<Sleep> {
        let pause = self.pause(result)?;
        let at = Instant::now() + pause;
        if request.deadline.is_some_and(|deadline| at >= deadline) {
            self.count("out_of_time");
            return None;
        }
        if !self.shared.budget.withdraw() {
            self.count("out_of_budget");
            return None;
        }
        self.retries += 1;
        self.count("retried");
        Some(tokio::time::sleep_until(at))
    }

    fn clone_request(&mut self, request: &SubgraphRequest) -> Option<SubgraphRequest> {
        if request.kind != OperationKind::Query {
            return None;
        }
        // Retries themselves earn nothing.
        if self.retries == 0 {
            self.shared.budget.deposit();
        }
        Some(request.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    use super::*;

    type Script = fn(usize) -> Result<SubgraphResponse, TransportError>;

    fn unreachable(_: usize) -> Result<SubgraphResponse, TransportError> {
        Err(TransportError::Unreachable { subgraph: "a".to_owned(), reason: String::new() })
    }

    fn status(status: StatusCode, retry_after: &'static str) -> SubgraphResponse {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(retry_after))]);
        SubgraphResponse { status, headers, ..SubgraphResponse::complete(Bytes::new()) }
    }

    struct Outcome {
        calls: usize,
        took: Duration,
        answered: bool,
    }

    async fn run(policy: &RetryPolicy, kind: OperationKind, time: Duration, script: Script) -> Outcome {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let inner = service_fn(move |_: SubgraphRequest| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            async move { script(call) }
        });
        let started = Instant::now();
        let mut request = SubgraphRequest::new(kind, Bytes::new(), Arc::default());
        request.deadline = Some(started + time);
        let result = ServiceBuilder::new().retry(policy.clone()).service(inner).oneshot(request).await;
        Outcome { calls: calls.load(Ordering::SeqCst), took: started.elapsed(), answered: result.is_ok() }
    }

    fn policy(config: &RetryConfig) -> RetryPolicy {
        RetryPolicy::new("a".into(), config).unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn repeats_queries_alone_and_waits_longer_each_time() {
        let policy = policy(&RetryConfig { max_retries: 3, backoff_ms: 100, ..RetryConfig::default() });
        let query = run(&policy, OperationKind::Query, LONG, unreachable).await;
        assert_eq!(query.calls, 4);
        let (least, most) = (Duration::from_millis(350), Duration::from_millis(703));
        assert!(query.took >= least && query.took <= most, "{:?}", query.took);
        for kind in [OperationKind::Mutation, OperationKind::Subscription] {
            assert_eq!(run(&policy, kind, LONG, unreachable).await.calls, 1);
        }
        assert!(RetryPolicy::new("a".into(), &RetryConfig { max_retries: 0, ..RetryConfig::default() }).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_pass_is_repeated() {
        let policy = policy(&RetryConfig::default());
        let calls = async |script: Script| run(&policy, OperationKind::Query, LONG, script).await.calls;
        assert_eq!(calls(|_| Ok(SubgraphResponse::complete(Bytes::new()))).await, 1);
        assert_eq!(calls(|_| Ok(status(StatusCode::SERVICE_UNAVAILABLE, ""))).await, 3);
        assert_eq!(calls(|_| Ok(status(StatusCode::INTERNAL_SERVER_ERROR, ""))).await, 1);
        let no_answer = |_| Err(TransportError::NoAnswer { subgraph: String::new(), reason: String::new() });
        assert_eq!(calls(no_answer).await, 3);
        let interrupted = |_| Err(TransportError::Interrupted { subgraph: String::new(), reason: String::new() });
        assert_eq!(calls(interrupted).await, 1);
        assert_eq!(calls(|_| Err(TransportError::CircuitOpen { subgraph: String::new() })).await, 1);
        assert_eq!(calls(|_| Err(TransportError::Overloaded { subgraph: String::new() })).await, 1);
        let healed = |call| if call == 0 { unreachable(0) } else { Ok(SubgraphResponse::complete(Bytes::new())) };
        let healed = run(&policy, OperationKind::Query, LONG, healed).await;
        assert!(healed.answered && healed.calls == 2);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_honoured_up_to_a_limit() {
        let policy = policy(&RetryConfig { max_retries: 1, ..RetryConfig::default() });
        let soon = run(&policy, OperationKind::Query, LONG, |_| Ok(status(StatusCode::BAD_GATEWAY, "2"))).await;
        assert!(soon.calls == 2 && soon.took >= Duration::from_secs(2));
        let late = run(&policy, OperationKind::Query, LONG, |_| Ok(status(StatusCode::BAD_GATEWAY, "3"))).await;
        assert_eq!((late.calls, late.took), (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn no_retry_begins_after_the_deadline() {
        let policy = policy(&RetryConfig { max_retries: 10, backoff_ms: 100, ..RetryConfig::default() });
        let limit = Duration::from_millis(250);
        let outcome = run(&policy, OperationKind::Query, limit, unreachable).await;
        // Timers are of whole milliseconds: one that ends before may be seen to end with it.
        assert!(outcome.took <= limit && (2..=3).contains(&outcome.calls), "{} {:?}", outcome.calls, outcome.took);
    }

    #[tokio::test(start_paused = true)]
    async fn a_subgraph_that_fails_altogether_gets_little_more() {
        let config = RetryConfig { budget_percent: 20, budget_min_per_s: 0, backoff_ms: 0, ..RetryConfig::default() };
        let policy = policy(&config);
        let mut calls = 0;
        for _ in 0..1_000 {
            calls += run(&policy, OperationKind::Query, LONG, unreachable).await.calls;
        }
        assert!((1_150..=1_200).contains(&calls), "{calls}");
    }
}

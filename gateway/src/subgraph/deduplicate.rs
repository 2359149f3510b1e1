//! Lets identical queries that are under way at the same time share one answer.
//!
//! Two requests are identical when their bodies are, when subgraphs are told the same about their callers, and when
//! rules add the same headers. The signed identity itself differs each time, as it carries the correlation id and
//! times; so what counts is what it says about the caller.
//!
//! Who asks after a change has been answered must see the change: a query never joins one that began before a mutation
//! of the same subgraph ended, nor one from before an eviction in the cache of answers.

use std::{
    future::Future,
    hash::{Hash, Hasher},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, StatusCode};
use metrics::SharedString;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{CallContext, HeaderList, OperationKind, SubgraphBody, SubgraphRequest, SubgraphResponse, TransportError};
use crate::in_flight::InFlight;

/// Adds [`Deduplicate`].
#[derive(Clone)]
pub(super) struct DeduplicateLayer(Arc<Shared>);

impl DeduplicateLayer {
    /// A layer, or none when nothing is to be shared.
    pub(super) fn new(subgraph: Arc<str>, enabled: bool) -> Option<Self> {
        let hasher = ahash::RandomState::new();
        enabled.then(|| {
            Self(Arc::new(Shared { subgraph, hasher, changes: AtomicU64::new(0), flights: InFlight::default() }))
        })
    }
}

impl<S> Layer<S> for DeduplicateLayer {
    type Service = Deduplicate<S>;

    fn layer(&self, inner: S) -> Deduplicate<S> {
        Deduplicate { inner, shared: Arc::clone(&self.0) }
    }
}

struct Shared {
    subgraph: Arc<str>,
    hasher: ahash::RandomState,
    /// How many mutations of this subgraph have ended.
    changes: AtomicU64,
    flights: InFlight<Sameness, Answered>,
}

impl Shared {
    fn sameness(&self, request: &SubgraphRequest) -> Sameness {
        let changes = self.changes.load(Ordering::Acquire);
        let hash =
            self.hasher.hash_one((&request.body, &request.context.caller, &request.added, changes, request.moment));
        Sameness {
            hash,
            body: request.body.clone(),
            context: Arc::clone(&request.context),
            added: request.added.clone(),
            changes,
            moment: request.moment,
        }
    }
}

/// What makes two queries the same; hashed once, and compared in full.
#[derive(Clone)]
struct Sameness {
    hash: u64,
    body: Bytes,
    context: Arc<CallContext>,
    added: HeaderList,
    changes: u64,
    moment: u64,
}

impl PartialEq for Sameness {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.changes == other.changes
            && self.moment == other.moment
            && self.context.caller == other.context.caller
            && self.added == other.added
            && self.body == other.body
    }
}

impl Eq for Sameness {}

impl Hash for Sameness {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// An answer that can be given to many.
#[derive(Clone)]
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

type Answered = Result<Whole, TransportError>;

/// Shares the answers of identical queries.
#[derive(Clone)]
pub(super) struct Deduplicate<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<SubgraphRequest> for Deduplicate<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = DeduplicateFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        match request.kind {
            // What the gateway asks for itself has no caller to compare.
            OperationKind::Query if request.context.caller.is_some() && !request.context.is_alone => {
                let key = self.shared.sameness(&request);
                let (mut inner, subgraph) = (self.inner.clone(), Arc::clone(&self.shared.subgraph));
                let start = move || {
                    let whole = whole_of(Arc::clone(&subgraph));
                    inner.call(request).map(whole)
                };
                let sharing = self.shared.flights.share(key, start);
                let shared = Arc::clone(&self.shared);
                let answer = sharing.map(move |(answered, was_anothers)| {
                    if was_anothers {
                        let subgraph = SharedString::from(Arc::clone(&shared.subgraph));
                        metrics::counter!("selvedge_subgraph_deduplicated_total", "subgraph" => subgraph).increment(1);
                    }
                    answered.map(|Whole { status, headers, body }| SubgraphResponse {
                        status,
                        headers,
                        body: SubgraphBody::Complete(body),
                    })
                });
                DeduplicateFuture::Sharing { answer: answer.boxed() }
            }
            OperationKind::Mutation => DeduplicateFuture::Changing {
                answer: self.inner.call(request),
                change: Change(Some(Arc::clone(&self.shared))),
            },
            OperationKind::Query | OperationKind::Subscription => {
                DeduplicateFuture::Passing { answer: self.inner.call(request) }
            }
        }
    }
}

fn whole_of(
    subgraph: Arc<str>,
) -> impl FnOnce(Result<SubgraphResponse, TransportError>) -> Result<Whole, TransportError> + Send + 'static {
    move |answer| {
        let SubgraphResponse { status, headers, body } = answer?;
        match body {
            SubgraphBody::Complete(body) => Ok(Whole { status, headers, body }),
            SubgraphBody::Stream(_) => Err(TransportError::NotGraphql {
                subgraph: subgraph.to_string(),
                status: status.as_u16(),
                reason: "a stream where one answer was expected".to_owned(),
            }),
        }
    }
}

/// A mutation under way; when it ends, and be it by being abandoned, queries may no longer join those before it.
struct Change(Option<Arc<Shared>>);

impl Change {
    fn end(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.changes.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        self.end();
    }
}

pin_project! {
    /// The answer of [`Deduplicate`].
    #[project = Stage]
    pub(super) enum DeduplicateFuture<F> {
        Passing {
            #[pin]
            answer: F,
        },
        Changing {
            #[pin]
            answer: F,
            change: Change,
        },
        Sharing {
            answer: BoxFuture<'static, Result<SubgraphResponse, TransportError>>,
        },
    }
}

impl<F> Future for DeduplicateFuture<F>
where
    F: Future<Output = Result<SubgraphResponse, TransportError>>,
{
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Stage::Passing { answer } => answer.poll(context),
            Stage::Sharing { answer } => answer.poll_unpin(context),
            Stage::Changing { answer, change } => {
                let result = ready!(answer.poll(context));
                // Before the client can know of it.
                change.end();
                Poll::Ready(result)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicUsize, time::Duration};

    use futures::future::join_all;
    use tower::service_fn;

    use super::{
        super::{CallerKey, SubgraphTransport},
        *,
    };

    /// A subgraph that takes 100 ms, and how often it was asked.
    fn stack() -> (SubgraphTransport, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let inner = service_fn(move |request: SubgraphRequest| {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let caller = request.context.caller.as_ref().and_then(|caller| caller.subject.clone());
                Ok(SubgraphResponse::complete(Bytes::from(format!("{call} {}", caller.unwrap_or_default()))))
            }
        });
        (DeduplicateLayer::new("a".into(), true).unwrap().layer(inner).into(), calls)
    }

    fn of(subject: &str, scope: &str, body: &str) -> SubgraphRequest {
        let caller = CallerKey { subject: Some(subject.to_owned()), scope: scope.to_owned() };
        let context = CallContext { caller: Some(caller), ..CallContext::default() };
        SubgraphRequest::new(OperationKind::Query, Bytes::from(body.to_owned()), Arc::new(context))
    }

    async fn text(transport: &SubgraphTransport, request: SubgraphRequest) -> String {
        match transport.call(request).await.unwrap().body {
            SubgraphBody::Complete(body) => String::from_utf8(body.to_vec()).unwrap(),
            SubgraphBody::Stream(_) => panic!("a whole answer"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_the_same_for_the_same_caller_is_shared() {
        let (stack, calls) = stack();
        let all =
            [of("ada", "", "1"), of("ada", "", "1"), of("bob", "", "1"), of("ada", "admin", "1"), of("ada", "", "2")];
        let answers = join_all(all.into_iter().map(|request| text(&stack, request))).await;
        assert_eq!(answers, ["0 ada", "0 ada", "1 bob", "2 ada", "3 ada"]);
        assert_eq!(calls.load(Ordering::SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_rules_add_keeps_requests_apart() {
        let (stack, _) = stack();
        let with = |value: &'static str| {
            let added = HeaderList::from_iter([(http::header::COOKIE, http::HeaderValue::from_static(value))]);
            SubgraphRequest { added, ..of("ada", "", "1") }
        };
        let answers = join_all([with("a"), with("b"), with("a")].map(|request| text(&stack, request))).await;
        assert_eq!(answers, ["0 ada", "1 ada", "0 ada"]);
    }

    #[tokio::test(start_paused = true)]
    async fn mutations_events_and_what_the_gateway_asks_for_itself_are_never_shared() {
        let (stack, calls) = stack();
        let mutation = || SubgraphRequest { kind: OperationKind::Mutation, ..of("ada", "", "1") };
        join_all([mutation(), mutation()].map(|request| text(&stack, request))).await;
        let own = || SubgraphRequest::new(OperationKind::Query, Bytes::new(), Arc::default());
        join_all([own(), own()].map(|request| text(&stack, request))).await;
        let for_an_event = || {
            let caller = Some(CallerKey::default());
            let context = CallContext { caller, ..CallContext::default() }.alone();
            SubgraphRequest::new(OperationKind::Query, Bytes::new(), Arc::new(context))
        };
        join_all([for_an_event(), for_an_event()].map(|request| text(&stack, request))).await;
        assert_eq!(calls.load(Ordering::SeqCst), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_after_a_change_does_not_join_who_asked_before() {
        let (stack, _) = stack();
        let mutation = SubgraphRequest { kind: OperationKind::Mutation, ..of("ada", "", "change") };
        let changing = tokio::spawn({
            let stack = stack.clone();
            async move { text(&stack, mutation).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut before = Box::pin(text(&stack, of("ada", "", "1")));
        assert!(futures::poll!(&mut before).is_pending());
        changing.await.unwrap();
        assert_eq!(text(&stack, of("ada", "", "1")).await, "2 ada");
        assert_eq!(before.await, "1 ada");
    }

    #[tokio::test(start_paused = true)]
    async fn followers_do_not_fail_when_the_first_goes_away() {
        let (stack, calls) = stack();
        let mut first = stack.call(of("ada", "", "1"));
        assert!(futures::poll!(&mut first).is_pending());
        let mut second = Box::pin(text(&stack, of("ada", "", "1")));
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        assert_eq!(second.await, "0 ada");
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

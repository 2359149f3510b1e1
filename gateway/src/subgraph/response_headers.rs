//! Which headers of subgraphs go back to the client.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderName, HeaderValue, header::SET_COOKIE};
use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::{CallContext, SubgraphRequest, SubgraphResponse, TransportError};
use crate::config::{HeaderRuleError, HeaderStrategy, HeadersConfig, ResponseAction, SubgraphsConfig};

/// Headers for the client, gathered from the answers of subgraphs in the order in which they come.
#[derive(Debug, Default)]
pub struct ClientHeaders(Mutex<HeaderMap>);

impl ClientHeaders {
    /// Takes what has been gathered.
    #[must_use]
    pub fn take(&self) -> HeaderMap {
        std::mem::take(&mut self.0.lock())
    }

    fn add(&self, gathered: Vec<Gathered>) {
        let mut headers = self.0.lock();
        // A `last` replaces what came from other answers, not its own further values.
        let mut replaced: Vec<HeaderName> = Vec::new();
        let before: Vec<HeaderName> = headers.keys().cloned().collect();
        for Gathered { name, value, strategy } in gathered {
            match strategy {
                HeaderStrategy::First if before.contains(&name) => {}
                HeaderStrategy::Last if !replaced.contains(&name) => {
                    headers.insert(name.clone(), value);
                    replaced.push(name);
                }
                HeaderStrategy::First | HeaderStrategy::Last | HeaderStrategy::Append => {
                    headers.append(name, value);
                }
            }
        }
    }
}

/// Whether rules let cookies of any subgraph go to the client: then no two clients may share a response.
///
/// # Errors
///
/// When a rule is wrong.
pub fn passes_cookies(config: &SubgraphsConfig) -> Result<bool, HeaderRuleError> {
    let own = config.by_name.values().map(|own| &own.config);
    let all = std::iter::once(&config.default).chain(own);
    let layers = all.map(|one| ResponseHeadersLayer::new(&one.headers)).collect::<Result<Vec<_>, _>>()?;
    Ok(layers.iter().flatten().any(ResponseHeadersLayer::passes_cookies))
}

/// A header of one answer that goes to the client.
struct Gathered {
    name: HeaderName,
    value: HeaderValue,
    strategy: HeaderStrategy,
}

/// Adds [`ResponseHeaders`].
#[derive(Clone)]
pub(super) struct ResponseHeadersLayer(Arc<[ResponseAction]>);

impl ResponseHeadersLayer {
    /// A layer, or none without rules.
    pub(super) fn new(config: &HeadersConfig) -> Result<Option<Self>, HeaderRuleError> {
        let actions = config.response.iter().map(ResponseAction::read).collect::<Result<Vec<_>, _>>()?;
        Ok((!actions.is_empty()).then(|| Self(actions.into())))
    }

    /// Whether cookies go to the client: they are one client's own, so that an answer with one is nobody else's.
    pub(super) fn passes_cookies(&self) -> bool {
        self.0.iter().any(|action| match action {
            ResponseAction::Propagate(rule, _) => {
                rule.what.matches(&SET_COOKIE) || rule.rename.as_ref() == Some(&SET_COOKIE)
            }
            ResponseAction::Insert(..) | ResponseAction::Remove(_) => false,
        })
    }
}

impl<S> Layer<S> for ResponseHeadersLayer {
    type Service = ResponseHeaders<S>;

    fn layer(&self, inner: S) -> ResponseHeaders<S> {
        ResponseHeaders { inner, actions: Arc::clone(&self.0) }
    }
}

/// Gathers headers of each answer for the client.
#[derive(Clone)]
pub(super) struct ResponseHeaders<S> {
    inner: S,
    actions: Arc<[ResponseAction]>,
}

impl<S> Service<SubgraphRequest> for ResponseHeaders<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = ResponseHeadersFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        ResponseHeadersFuture {
            context: Arc::clone(&request.context),
            actions: Arc::clone(&self.actions),
            answer: self.inner.call(request),
        }
    }
}

pin_project! {
    /// The answer of [`ResponseHeaders`].
    pub(super) struct ResponseHeadersFuture<F> {
        #[pin]
        answer: F,
        context: Arc<CallContext>,
        actions: Arc<[ResponseAction]>,
    }
}

impl<F> Future for ResponseHeadersFuture<F>
where
    F: Future<Output = Result<SubgraphResponse, TransportError>>,
{
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.answer.poll(context));
        if let Ok(response) = &result {
            this.context.client_headers.add(apply(this.actions, &response.headers));
        }
        Poll::Ready(result)
    }
}

/// What `actions` make of an answer's headers.
fn apply(actions: &[ResponseAction], headers: &HeaderMap) -> Vec<Gathered> {
    let mut gathered: Vec<Gathered> = Vec::new();
    for action in actions {
        match action {
            ResponseAction::Propagate(rule, strategy) => {
                let before = gathered.len();
                for (name, value) in headers.iter().filter(|(name, _)| rule.what.matches(name)) {
                    let name = rule.rename.as_ref().unwrap_or(name).clone();
                    gathered.push(Gathered { name, value: value.clone(), strategy: *strategy });
                }
                if gathered.len() == before
                    && let Some((name, value)) = rule.default.clone()
                {
                    gathered.push(Gathered { name, value, strategy: *strategy });
                }
            }
            ResponseAction::Insert(name, value) => {
                gathered.retain(|other| other.name != *name);
                let (name, value) = (name.clone(), value.clone());
                gathered.push(Gathered { name, value, strategy: HeaderStrategy::Last });
            }
            ResponseAction::Remove(what) => gathered.retain(|other| !what.matches(&other.name)),
        }
    }
    gathered
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What the client gets from the answers of two subgraphs.
    fn gathered(rules: &serde_json::Value, answers: [&[(&'static str, &'static str)]; 2]) -> Vec<(String, String)> {
        let config: HeadersConfig = serde_json::from_value(json!({ "response": rules })).unwrap();
        let layer = ResponseHeadersLayer::new(&config).unwrap().unwrap();
        let client = ClientHeaders::default();
        for answer in answers {
            let mut headers = HeaderMap::new();
            for (name, value) in answer {
                headers.append(*name, HeaderValue::from_static(value));
            }
            client.add(apply(&layer.0, &headers));
        }
        let headers = client.take();
        let pairs = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        pairs.collect()
    }

    #[test]
    fn strategies_decide_between_subgraphs() {
        let answers: [&[(&str, &str)]; 2] =
            [&[("x-a", "1"), ("x-a", "2"), ("content-length", "5")], &[("x-a", "3"), ("x-b", "4")]];
        let of = |strategy: &str| {
            let rules = json!([{ "propagate": { "matching": ".*", "strategy": strategy } }]);
            let all = gathered(&rules, answers);
            all.into_iter().filter(|(name, _)| name == "x-a").map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(of("first"), ["1", "2"]);
        assert_eq!(of("last"), ["3"]);
        assert_eq!(of("append"), ["1", "2", "3"]);
        let all = gathered(&json!([{ "propagate": { "matching": ".*" } }]), answers);
        assert!(all.iter().all(|(name, _)| name != "content-length"), "{all:?}");
    }

    #[test]
    fn names_defaults_and_removal() {
        let rules = json!([
            { "propagate": { "named": ["x-a"], "rename": "x-renamed", "default": "none", "strategy": "first" } },
            { "propagate": { "matching": "x-internal.*" } },
            { "remove": { "named": ["x-internal-secret"] } },
            { "insert": { "name": "x-gateway", "value": "selvedge" } },
        ]);
        let all = gathered(&rules, [&[("x-internal-secret", "s"), ("x-internal", "i")], &[("x-a", "a")]]);
        let expected = [("x-renamed", "none"), ("x-internal", "i"), ("x-gateway", "selvedge")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn it_is_known_whether_cookies_pass() {
        let passes = |rules: serde_json::Value| {
            let config: HeadersConfig = serde_json::from_value(json!({ "response": rules })).unwrap();
            ResponseHeadersLayer::new(&config).unwrap().unwrap().passes_cookies()
        };
        assert!(passes(json!([{ "propagate": { "named": ["Set-Cookie"] } }])));
        assert!(passes(json!([{ "propagate": { "matching": ".*" } }])));
        assert!(!passes(json!([{ "propagate": { "named": ["x-a"] } }])));
    }
}

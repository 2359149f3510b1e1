//! Which headers of the client go to a subgraph, beside what the gateway sends itself.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, header::CONNECTION};
use tower::{Layer, Service};

use super::{HeaderList, SubgraphRequest, SubgraphResponse, TransportError};
use crate::config::{HeaderRuleError, HeadersConfig, RequestAction, SubgraphsConfig, is_protected};

/// Adds [`RequestHeaders`].
#[derive(Clone)]
pub(super) struct RequestHeadersLayer(Arc<[RequestAction]>);

impl RequestHeadersLayer {
    /// A layer, or none without rules.
    pub(super) fn new(config: &HeadersConfig) -> Result<Option<Self>, HeaderRuleError> {
        let actions = config.request.iter().map(RequestAction::read).collect::<Result<Vec<_>, _>>()?;
        Ok((!actions.is_empty()).then(|| Self(actions.into())))
    }
}

impl<S> Layer<S> for RequestHeadersLayer {
    type Service = RequestHeaders<S>;

    fn layer(&self, inner: S) -> RequestHeaders<S> {
        RequestHeaders { inner, actions: Arc::clone(&self.0) }
    }
}

/// Adds what rules say to each request.
#[derive(Clone)]
pub(super) struct RequestHeaders<S> {
    inner: S,
    actions: Arc<[RequestAction]>,
}

impl<S> Service<SubgraphRequest> for RequestHeaders<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: SubgraphRequest) -> Self::Future {
        for (name, value) in apply(&self.actions, &request.context.forwarded).iter() {
            request.add_header(name.clone(), value.clone());
        }
        self.inner.call(request)
    }
}

/// What `actions` make of the client's headers.
fn apply(actions: &[RequestAction], client: &HeaderList) -> HeaderList {
    let mut added: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for action in actions {
        match action {
            RequestAction::Propagate(rule) => {
                let found: Vec<_> = client
                    .iter()
                    .filter(|(name, _)| rule.what.matches(name))
                    .map(|(name, value)| (rule.rename.as_ref().unwrap_or(name).clone(), value.clone()))
                    .collect();
                let found = if found.is_empty() { rule.default.clone().into_iter().collect() } else { found };
                added.retain(|(name, _)| !found.iter().any(|(newer, _)| newer == name));
                added.extend(found);
            }
            RequestAction::Insert(name, value) => {
                added.retain(|(other, _)| other != name);
                added.push((name.clone(), value.clone()));
            }
            RequestAction::Remove(what) => added.retain(|(name, _)| !what.matches(name)),
        }
    }
    added.into_iter().collect()
}

/// Which headers of clients any subgraph gets to see; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Forwarding(Arc<[RequestAction]>);

impl Forwarding {
    /// What the rules of all subgraphs pass on.
    ///
    /// # Errors
    ///
    /// When a rule is wrong.
    pub fn new(config: &SubgraphsConfig) -> Result<Self, HeaderRuleError> {
        let own = config.by_name.values().map(|own| &own.config);
        let rules = std::iter::once(&config.default).chain(own).flat_map(|one| &one.headers.request);
        let actions = rules.map(RequestAction::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(actions.into_iter().filter(|action| matches!(action, RequestAction::Propagate(_))).collect()))
    }

    /// Whether nothing is passed on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The headers of a client's request that may go to subgraphs.
    #[must_use]
    pub fn select(&self, headers: &HeaderMap) -> HeaderList {
        if self.0.is_empty() {
            return HeaderList::default();
        }
        let hops = of_this_hop(headers);
        let wanted = |name: &HeaderName| {
            !is_protected(name)
                && !hops.contains(name)
                && self.0.iter().any(|action| match action {
                    RequestAction::Propagate(rule) => rule.what.matches(name),
                    RequestAction::Insert(..) | RequestAction::Remove(_) => false,
                })
        };
        let selected = headers.iter().filter(|(name, _)| wanted(name));
        selected.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The headers that `connection` names: they are for the gateway alone (RFC 9110, section 7.6.1).
fn of_this_hop(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(str::trim);
    names.filter_map(|name| HeaderName::try_from(name).ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn list(headers: &[(&'static str, &'static str)]) -> HeaderList {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        headers.collect()
    }

    fn applied(rules: &Value, client: &[(&'static str, &'static str)]) -> HeaderList {
        let config: HeadersConfig = serde_json::from_value(json!({ "request": rules })).unwrap();
        apply(&RequestHeadersLayer::new(&config).unwrap().unwrap().0, &list(client))
    }

    #[test]
    fn rules_apply_in_order() {
        let rules = json!([
            { "propagate": { "matching": "x-.*" } },
            { "propagate": { "named": ["tenant"], "rename": "x-tenant", "default": "none" } },
            { "insert": { "name": "x-source", "value": "gateway" } },
            { "remove": { "named": ["x-secret"] } },
        ]);
        let client = [("x-a", "1"), ("x-a", "2"), ("x-secret", "s"), ("x-source", "client"), ("cookie", "c")];
        assert_eq!(
            applied(&rules, &client),
            list(&[("x-a", "1"), ("x-a", "2"), ("x-source", "gateway"), ("x-tenant", "none")])
        );
        assert_eq!(
            applied(&rules, &[("tenant", "t"), ("x-tenant", "forged")]),
            list(&[("x-source", "gateway"), ("x-tenant", "t")])
        );
    }

    #[test]
    fn nothing_of_a_connection_and_no_forged_identity_goes_on() {
        let headers = json!({ "request": [{ "propagate": { "matching": ".*" } }] });
        let config: SubgraphsConfig =
            serde_json::from_value(json!({ "by_name": { "a": { "headers": headers } } })).unwrap();
        let forwarding = Forwarding::new(&config).unwrap();
        let mut client = HeaderMap::new();
        for name in ["connection", "te", "x-hop", "x-selvedge-identity", "host", "cookie", "content-type"] {
            client.insert(HeaderName::from_static(name), HeaderValue::from_static("x-hop"));
        }
        assert_eq!(forwarding.select(&client), list(&[("cookie", "x-hop")]));
        assert!(Forwarding::default().select(&client).is_empty());
    }
}

//! The layers around every transport.

use std::sync::Arc;

use http::Uri;
use tower::{Service, ServiceBuilder};

use super::{
    SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError, by_kind::ByKind,
    http_transport::HttpTransport, measure::MeasureLayer, retry::RetryConnectLayer, timeout::TimeoutLayer,
    websocket_transport::WebSocketTransport,
};
use crate::config::SubgraphConfig;

/// A subgraph that cannot be addressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// The address is no URL.
    #[error("subgraph `{subgraph}` has the address `{url}`, which is not an http URL")]
    NotUrl {
        /// The subgraph's name.
        subgraph: String,
        /// Its address.
        url: String,
    },
}

/// Puts the layers around `transport`, which may be in process.
#[must_use]
pub fn build_stack<S>(subgraph: &str, config: &SubgraphConfig, transport: S) -> SubgraphTransport
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let name: Arc<str> = subgraph.into();
    let stack = ServiceBuilder::new()
        // Outermost, so that it times what the client waits for, and counts one request however often it is tried.
        .layer(MeasureLayer::new(Arc::clone(&name)))
        // Around the retry: a second attempt gets what is left of the time.
        .layer(TimeoutLayer { subgraph: name, timeout: config.timeout() })
        .layer(RetryConnectLayer)
        .service(transport);
    stack.into()
}

/// The transport to `url`: HTTP for queries and mutations, WebSocket for subscriptions.
///
/// # Errors
///
/// When `url` is no http URL.
pub fn http_stack(subgraph: &str, url: &str, config: &SubgraphConfig) -> Result<SubgraphTransport, StackError> {
    let not_url = || StackError::NotUrl { subgraph: subgraph.to_owned(), url: url.to_owned() };
    let uri: Uri = url.parse().map_err(|_| not_url())?;
    if uri.scheme_str() != Some("http") || uri.authority().is_none() {
        return Err(not_url());
    }
    let name: Arc<str> = subgraph.into();
    let transport = ByKind {
        single: HttpTransport::new(Arc::clone(&name), uri, config),
        subscription: WebSocketTransport::new(name, url, config),
    };
    Ok(build_stack(subgraph, config, transport))
}

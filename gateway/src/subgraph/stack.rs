//! The layers around every transport.

use std::sync::Arc;

use tower::{Service, ServiceBuilder, retry::RetryLayer};

use super::{
    SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError, breaker::BreakerLayer, by_kind::ByKind,
    concurrency::ConcurrencyLayer, connector::Connector, deduplicate::DeduplicateLayer, http_transport::HttpTransport,
    measure::MeasureLayer, retry::RetryPolicy, timeout::TimeoutLayer, tls::TlsError,
    websocket_transport::WebSocketTransport,
};
use crate::config::{HttpVersion, SubgraphAddress, SubgraphConfig};

/// A subgraph that cannot be addressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// The address is none.
    #[error("the address of subgraph `{subgraph}` {problem}")]
    Address {
        /// The subgraph's name.
        subgraph: String,
        /// What it must be, and what it is.
        problem: String,
    },
    /// TLS cannot be set up.
    #[error("TLS to subgraph `{subgraph}` cannot be set up: {error}")]
    Tls {
        /// The subgraph's name.
        subgraph: String,
        /// Which file, and why.
        error: TlsError,
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
        // Around everything that costs time: who joins another's request waits for all of it.
        .option_layer(DeduplicateLayer::new(Arc::clone(&name), config.deduplicate))
        // Around the retry: a second attempt gets what is left of the time.
        .layer(TimeoutLayer { subgraph: Arc::clone(&name), timeout: config.timeout() })
        // Around the breaker, so that a circuit which opens ends the retrying.
        .option_layer(RetryPolicy::new(Arc::clone(&name), &config.retry).map(RetryLayer::new))
        // Around the limit: what is refused there says nothing about the subgraph, and waits for nothing while the
        // circuit is open.
        .option_layer(BreakerLayer::new(Arc::clone(&name), &config.circuit_breaker))
        // Innermost: a request takes room while it is under way, not while it waits to be tried again.
        .option_layer(ConcurrencyLayer::new(name, &config.concurrency))
        .service(transport);
    stack.into()
}

/// The transport to `url`: HTTP for queries and mutations, WebSocket for subscriptions.
///
/// # Errors
///
/// When `url` is no address of a subgraph, or TLS cannot be set up.
pub fn http_stack(subgraph: &str, url: &str, config: &SubgraphConfig) -> Result<SubgraphTransport, StackError> {
    let address = SubgraphAddress::parse(url)
        .map_err(|problem| StackError::Address { subgraph: subgraph.to_owned(), problem })?;
    let connector = |version: HttpVersion| {
        Connector::new(&address, config, version)
            .map_err(|error| StackError::Tls { subgraph: subgraph.to_owned(), error })
    };
    let name: Arc<str> = subgraph.into();
    let transport = ByKind {
        single: HttpTransport::new(Arc::clone(&name), address.uri.clone(), connector(config.http_version)?, config),
        // WebSockets begin as HTTP/1.1.
        subscription: WebSocketTransport::new(name, address.uri.clone(), connector(HttpVersion::Http1)?, config),
    };
    Ok(build_stack(subgraph, config, transport))
}

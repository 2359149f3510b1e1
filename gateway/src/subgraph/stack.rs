//! The layers around every transport.

use std::sync::Arc;

use tower::{Service, ServiceBuilder, retry::RetryLayer};

use super::{
    SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError, breaker::BreakerLayer, by_kind::ByKind,
    concurrency::ConcurrencyLayer, connector::Connector, deduplicate::DeduplicateLayer, http_transport::HttpTransport,
    live::LiveTransport, measure::MeasureLayer, request_headers::RequestHeadersLayer,
    response_headers::ResponseHeadersLayer, retry::RetryPolicy, timeout::TimeoutLayer, tls::TlsError,
};
use crate::config::{HeaderRuleError, SubgraphAddress, SubgraphConfig};

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
    /// A header rule is wrong.
    #[error("a header rule of subgraph `{subgraph}` cannot be used: {error}")]
    HeaderRule {
        /// The subgraph's name.
        subgraph: String,
        /// Which key of it, and why.
        error: HeaderRuleError,
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
///
/// # Errors
///
/// When a header rule is wrong, or the value of one cannot be read.
pub fn build_stack<S>(subgraph: &str, config: &SubgraphConfig, transport: S) -> Result<SubgraphTransport, StackError>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let name: Arc<str> = subgraph.into();
    let bad_rule = |error| StackError::HeaderRule { subgraph: subgraph.to_owned(), error };
    let request_headers = RequestHeadersLayer::new(&config.headers).map_err(bad_rule)?;
    let response_headers = ResponseHeadersLayer::new(&config.headers).map_err(bad_rule)?;
    let passes_cookies = response_headers.as_ref().is_some_and(ResponseHeadersLayer::passes_cookies);
    let stack = ServiceBuilder::new()
        // Outermost, so that it times what the client waits for, and counts one request however often it is tried.
        .layer(MeasureLayer::new(Arc::clone(&name)))
        // Around the sharing of answers: each client gets the headers of the answer that it shares.
        .option_layer(response_headers)
        // Likewise: what is added decides on what is the same.
        .option_layer(request_headers)
        // Around everything that costs time: who joins another's request waits for all of it. An answer that sets a
        // cookie is one client's own.
        .option_layer(DeduplicateLayer::new(Arc::clone(&name), config.deduplicate && !passes_cookies))
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
    Ok(stack.into())
}

/// The transport to `url`: HTTP for queries and mutations, and for subscriptions what is configured.
///
/// # Errors
///
/// When `url` is no address of a subgraph, TLS cannot be set up, or a header rule is wrong.
pub fn http_stack(subgraph: &str, url: &str, config: &SubgraphConfig) -> Result<SubgraphTransport, StackError> {
    let bad_address = |problem| StackError::Address { subgraph: subgraph.to_owned(), problem };
    let bad_tls = |error| StackError::Tls { subgraph: subgraph.to_owned(), error };
    let address = SubgraphAddress::parse(url).map_err(bad_address)?;
    let live_address = config.subscription.address(&address).map_err(bad_address)?;
    let name: Arc<str> = subgraph.into();
    let connector = Connector::new(&address, config, config.http_version).map_err(bad_tls)?;
    let transport = ByKind {
        single: HttpTransport::new(Arc::clone(&name), address.uri, connector, config),
        subscription: LiveTransport::new(&name, &live_address, config).map_err(bad_tls)?,
    };
    build_stack(subgraph, config, transport)
}

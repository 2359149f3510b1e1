//! Subscriptions in whichever protocol the subgraph serves them.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tower::Service;

use super::{
    super::{SubgraphRequest, SubgraphResponse, TransportError, connector::Connector, tls::TlsError},
    dial::Dialer,
    parts::Form,
    pool::Pool,
    stream_transport::StreamTransport,
    wire::Wire,
};
use crate::config::{HttpVersion, SubgraphAddress, SubgraphConfig, SubscriptionProtocol};

/// Opens subscriptions at one address; clones share the connections.
#[derive(Clone)]
pub(in super::super) struct LiveTransport(Way);

#[derive(Clone)]
enum Way {
    Sockets(Arc<Pool>),
    Requests(Arc<StreamTransport>),
}

impl LiveTransport {
    /// A transport to `address`.
    pub(in super::super) fn new(
        subgraph: &Arc<str>,
        address: &SubgraphAddress,
        config: &SubgraphConfig,
    ) -> Result<Self, TlsError> {
        let connector = |version: HttpVersion| Connector::new(address, config, version);
        let sockets = |wire: Wire| {
            // WebSockets begin as HTTP/1.1.
            let target = (address.uri.clone(), connector(HttpVersion::Http1)?);
            let dialer = Dialer::new(Arc::clone(subgraph), target, wire, config);
            Ok(Way::Sockets(Pool::new(dialer, &config.subscription)))
        };
        let requests = |form: Form| {
            let target = (address.uri.clone(), connector(config.http_version)?);
            Ok(Way::Requests(Arc::new(StreamTransport::new(Arc::clone(subgraph), target, form, config))))
        };
        let way = match config.subscription.protocol {
            SubscriptionProtocol::GraphqlTransportWs => sockets(Wire::Transport),
            SubscriptionProtocol::GraphqlWs => sockets(Wire::Legacy),
            SubscriptionProtocol::Sse => requests(Form::EventStream),
            SubscriptionProtocol::Multipart => requests(Form::Multipart),
        };
        way.map(Self)
    }
}

impl Service<SubgraphRequest> for LiveTransport {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        match &self.0 {
            Way::Sockets(pool) => Arc::clone(pool).open(request).boxed(),
            Way::Requests(transport) => Arc::clone(transport).open(request).boxed(),
        }
    }
}

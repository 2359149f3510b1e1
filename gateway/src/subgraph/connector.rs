//! Opens connections to one subgraph.

use std::{
    error::Error,
    io,
    path::Path,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tower::Service;

use super::{
    socket::Socket,
    tls::{TlsError, client_config},
};
use crate::config::{HttpVersion, SubgraphAddress, SubgraphConfig};

/// Idle connections through firewalls that forget them would hang for minutes.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

pub(super) type ConnectError = Box<dyn Error + Send + Sync>;
/// An open connection, encrypted or not.
pub(super) type Stream = MaybeHttpsStream<TokioIo<Socket>>;

/// Opens connections within a time limit; cheap to clone.
#[derive(Clone)]
pub(super) struct Connector {
    how: How,
    timeout: Duration,
}

#[derive(Clone)]
enum How {
    Plain(SocketConnector),
    Tls(HttpsConnector<SocketConnector>),
}

impl Connector {
    /// A connector to `address` that offers the protocols of `version` over TLS.
    pub(super) fn new(
        address: &SubgraphAddress,
        config: &SubgraphConfig,
        version: HttpVersion,
    ) -> Result<Self, TlsError> {
        let socket = SocketConnector::new(address);
        let how = if address.is_tls() {
            How::Tls(HttpsConnector::from((socket, client_config(&config.tls, version)?)))
        } else {
            How::Plain(socket)
        };
        Ok(Self { how, timeout: config.connect_timeout() })
    }

    /// A new connection without encryption, to an address that needs none.
    pub(super) async fn connect_plain(mut self, uri: Uri) -> Result<Socket, ConnectError> {
        match self.connect(uri).await? {
            MaybeHttpsStream::Http(socket) => Ok(socket.into_inner()),
            MaybeHttpsStream::Https(_) => Err(io::Error::other("the connection is encrypted").into()),
        }
    }

    /// A new connection.
    pub(super) fn connect(&mut self, uri: Uri) -> BoxFuture<'static, Result<Stream, ConnectError>> {
        let connecting = match &mut self.how {
            How::Plain(connector) => connector.call(uri).map(|socket| Ok(MaybeHttpsStream::Http(socket?))).boxed(),
            How::Tls(connector) => connector.call(uri).boxed(),
        };
        let timeout = self.timeout;
        async move {
            tokio::time::timeout(timeout, connecting).await.unwrap_or_else(|_elapsed| {
                let what = format!("no connection within {} ms", timeout.as_millis());
                Err(io::Error::new(io::ErrorKind::TimedOut, what).into())
            })
        }
        .boxed()
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Stream, ConnectError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        self.connect(uri)
    }
}

/// Opens connections without encryption.
#[derive(Clone)]
struct SocketConnector {
    tcp: HttpConnector,
    socket: Option<Arc<Path>>,
}

impl SocketConnector {
    fn new(address: &SubgraphAddress) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        // TLS comes on top of it.
        tcp.enforce_http(false);
        Self { tcp, socket: address.socket.as_deref().map(Arc::from) }
    }
}

impl Service<Uri> for SocketConnector {
    type Response = TokioIo<Socket>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<TokioIo<Socket>, ConnectError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if let Some(path) = self.socket.clone() {
            let connect = async move { Ok(TokioIo::new(Socket::Unix(tokio::net::UnixStream::connect(path).await?))) };
            return connect.boxed();
        }
        let connecting = self.tcp.call(uri);
        async move { Ok(TokioIo::new(Socket::Tcp(connecting.await?.into_inner()))) }.boxed()
    }
}

//! Subgraphs that answer over real sockets, and a proxy that breaks what goes through it.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses a part of this, and tests may unwrap"
)]

pub mod gateway;
pub mod proxy;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use selvedge_gateway::{
    config::SubgraphConfig,
    operation::OperationKind,
    subgraph::{CallContext, CallerKey, SubgraphBody, SubgraphRequest, SubgraphTransport, TransportError, http_stack},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
};

/// What a subgraph saw of a request.
#[derive(Debug, Clone)]
pub struct Seen {
    pub version: Version,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Answers what the subgraph saw.
pub type Answer = Arc<dyn Fn(&Seen) -> Response<Full<Bytes>> + Send + Sync>;

/// A subgraph that remembers what it was asked.
#[derive(Clone)]
pub struct Subgraph {
    answer: Answer,
    /// How long it takes for each answer.
    pub pause: Arc<Mutex<Duration>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub connections: Arc<AtomicUsize>,
}

pub fn json(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

impl Subgraph {
    pub fn new(answer: impl Fn(&Seen) -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), pause: Arc::default(), seen: Arc::default(), connections: Arc::default() }
    }

    /// One that always answers `{"data":{"a":1}}`.
    pub fn fixed() -> Self {
        Self::new(|_| json("{\"data\":{\"a\":1}}"))
    }

    pub fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }

    /// Serves on a free port.
    pub async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let subgraph = self.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                tokio::spawn(subgraph.clone().serve(socket));
            }
        });
        address
    }

    /// Serves on a Unix socket.
    pub fn listen_unix(&self, path: &std::path::Path) {
        let listener = UnixListener::bind(path).unwrap();
        let subgraph = self.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(subgraph.clone().serve(socket));
            }
        });
    }

    /// Serves one connection.
    pub async fn serve(self, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let service = tower::service_fn(move |request: Request<Incoming>| self.clone().respond(request));
        let builder = auto::Builder::new(TokioExecutor::new());
        let _ = builder.serve_connection(TokioIo::new(socket), TowerToHyperService::new(service)).await;
    }

    async fn respond(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return Ok(json("")) };
        let seen = Seen {
            version: parts.version,
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            body: body.to_bytes(),
        };
        self.seen.lock().unwrap().push(seen.clone());
        let pause = *self.pause.lock().unwrap();
        tokio::time::sleep(pause).await;
        Ok((self.answer)(&seen))
    }
}

/// The transport to `url`.
pub fn stack(url: &str, config: &SubgraphConfig) -> SubgraphTransport {
    http_stack("inventory", url, config).unwrap()
}

pub const BODY: &str = "{\"query\":\"{ a }\"}";

pub fn request(kind: OperationKind) -> SubgraphRequest {
    SubgraphRequest::new(kind, Bytes::from_static(BODY.as_bytes()), context("someone"))
}

/// A query of `subject`.
pub fn query_of(subject: &str, body: &str) -> SubgraphRequest {
    SubgraphRequest::new(OperationKind::Query, Bytes::from(body.to_owned()), context(subject))
}

fn context(subject: &str) -> Arc<CallContext> {
    let caller = CallerKey { subject: Some(subject.to_owned()), scope: String::new() };
    Arc::new(CallContext { caller: Some(caller), ..CallContext::default() })
}

pub async fn ask(transport: &SubgraphTransport, kind: OperationKind) -> Result<Bytes, TransportError> {
    body(transport.call(request(kind)).await)
}

pub fn body(
    response: Result<selvedge_gateway::subgraph::SubgraphResponse, TransportError>,
) -> Result<Bytes, TransportError> {
    match response?.body {
        SubgraphBody::Complete(body) => Ok(body),
        SubgraphBody::Stream(_) => panic!("a whole answer"),
    }
}

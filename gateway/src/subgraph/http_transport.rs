//! Queries and mutations over HTTP, on kept connections.

use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, ResponseFuture},
    rt::{TokioExecutor, TokioTimer},
};
use tower::Service;

use super::{
    OperationKind, SubgraphRequest, SubgraphResponse, TransportError,
    compression::{accept_encoding, compress},
    connector::Connector,
    exchange::{ExchangeError, Exchanged},
    http_answer::{Reader, answer},
    kept_connections::{AskError, KeptConnections},
};
use crate::config::{CompressionConfig, HttpVersion, SubgraphConfig};

type Answered = Result<SubgraphResponse, TransportError>;

const ACCEPTED: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// A connection that many requests share must be known to live: one that a firewall forgot would hang them all.
const HTTP2_PING: Duration = Duration::from_secs(10);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(5);

/// Posts operations to one address; clones share the connections.
#[derive(Clone)]
pub(super) struct HttpTransport(Arc<Parts>);

struct Parts {
    subgraph: Arc<str>,
    uri: Uri,
    client: Client<Connector, Full<Bytes>>,
    /// For HTTP/1.1 without encryption, instead of the client.
    kept: Option<Arc<KeptConnections>>,
    max_response_bytes: usize,
    accept_encoding: Option<HeaderValue>,
    compression: CompressionConfig,
}

impl HttpTransport {
    pub(super) fn new(subgraph: Arc<str>, uri: Uri, connector: Connector, config: &SubgraphConfig) -> Self {
        let idle_timeout = Duration::from_millis(config.pool_idle_timeout_ms);
        let is_plain = uri.scheme() != Some(&http::uri::Scheme::HTTPS) && config.http_version != HttpVersion::Http2;
        let kept =
            is_plain.then(|| KeptConnections::new(connector.clone(), uri.clone(), config.pool_max_idle, idle_timeout));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(idle_timeout)
            .pool_max_idle_per_host(config.pool_max_idle)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_only(config.http_version == HttpVersion::Http2)
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PING_TIMEOUT)
            .build(connector);
        Self(Arc::new(Parts {
            subgraph,
            uri,
            client,
            kept,
            max_response_bytes: config.max_response_bytes,
            accept_encoding: accept_encoding(&config.compression.accept),
            compression: config.compression.clone(),
        }))
    }
}

impl Parts {
    /// Headers and body as they are sent.
    fn message(&self, request: SubgraphRequest) -> (HeaderMap, Bytes) {
        let own = &request.context.headers;
        // Room for what is added here and by hyper (host, content-length), so that the map is allocated once.
        let mut headers = HeaderMap::with_capacity(own.len() + request.added.len() + 6);
        for (name, value) in own {
            headers.append(name.clone(), value.clone());
        }
        request.added.append_to(&mut headers);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, ACCEPTED);
        if let Some(accepted) = &self.accept_encoding {
            headers.insert(ACCEPT_ENCODING, accepted.clone());
        }
        let body = self.body(request.body, &mut headers);
        (headers, body)
    }

    fn to_http(&self, request: SubgraphRequest) -> Request<Full<Bytes>> {
        let (headers, body) = self.message(request);
        let mut http_request = Request::new(Full::new(body));
        *http_request.method_mut() = Method::POST;
        *http_request.uri_mut() = self.uri.clone();
        *http_request.headers_mut() = headers;
        http_request
    }

    /// Asks on a kept connection.
    async fn ask(self: Arc<Self>, kept: Arc<KeptConnections>, request: SubgraphRequest) -> Answered {
        let may_repeat = request.kind == OperationKind::Query;
        let (headers, body) = self.message(request);
        let exchanged = kept.ask(headers, body, (may_repeat, self.max_response_bytes)).await;
        let subgraph = || self.subgraph.to_string();
        let Exchanged { status, headers, body, .. } = exchanged.map_err(|error| match error {
            AskError::Connect(error) => TransportError::Unreachable { subgraph: subgraph(), reason: describe(&*error) },
            AskError::Exchange(error @ ExchangeError::Silence(_)) => {
                TransportError::NoAnswer { subgraph: subgraph(), reason: error.to_string() }
            }
            AskError::Exchange(ExchangeError::TooLarge { max_bytes }) => {
                TransportError::ResponseTooLarge { subgraph: subgraph(), max_bytes }
            }
            AskError::Exchange(error) => {
                TransportError::Interrupted { subgraph: subgraph(), reason: error.to_string() }
            }
        })?;
        answer(&self.subgraph, (status, headers), body, self.max_response_bytes)
    }

    fn body(&self, body: Bytes, headers: &mut HeaderMap) -> Bytes {
        let Some(encoding) = self.compression.request.filter(|_| body.len() >= self.compression.min_request_bytes)
        else {
            return body;
        };
        match compress(encoding, &body) {
            Ok(compressed) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.as_str()));
                compressed
            }
            // Writing to memory does not fail; if it did, the body as it is would serve as well.
            Err(_) => body,
        }
    }

    fn failed(&self, error: &hyper_util::client::legacy::Error) -> TransportError {
        let (subgraph, reason) = (self.subgraph.to_string(), describe(error));
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let is_garbage = causes.filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse);
        if error.is_connect() {
            TransportError::Unreachable { subgraph, reason }
        } else if is_garbage {
            TransportError::Interrupted { subgraph, reason }
        } else {
            TransportError::NoAnswer { subgraph, reason }
        }
    }
}

/// An error with its causes, for the log.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Service<SubgraphRequest> for HttpTransport {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = HttpTrip;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: SubgraphRequest) -> HttpTrip {
        let parts = Arc::clone(&self.0);
        let stage = match &parts.kept {
            Some(kept) => Stage::Kept(Arc::clone(&parts).ask(Arc::clone(kept), request).boxed()),
            None => Stage::Asking(parts.client.request(parts.to_http(request))),
        };
        HttpTrip { parts, stage }
    }
}

/// A request and its answer, under way.
pub(super) struct HttpTrip {
    parts: Arc<Parts>,
    stage: Stage,
}

#[expect(
    clippy::large_enum_variant,
    reason = "the stack around it is boxed already; a box here were one more for each trip"
)]
enum Stage {
    Kept(BoxFuture<'static, Answered>),
    Asking(ResponseFuture),
    Reading(Response<Incoming>, Reader),
}

impl Future for HttpTrip {
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { parts, stage } = self.get_mut();
        if let Stage::Kept(asking) = stage {
            return asking.as_mut().poll(context);
        }
        if let Stage::Asking(asking) = stage {
            let response = match ready!(Pin::new(asking).poll(context)) {
                Ok(response) => response,
                Err(error) => return Poll::Ready(Err(parts.failed(&error))),
            };
            let reader = Reader::new(response.body(), parts.max_response_bytes);
            *stage = Stage::Reading(response, reader);
        }
        let Stage::Reading(response, reader) = stage else { return Poll::Pending };
        let body = ready!(reader.poll_read(response.body_mut(), &parts.subgraph, context));
        let headers = std::mem::take(response.headers_mut());
        Poll::Ready(
            body.and_then(|body| answer(&parts.subgraph, (response.status(), headers), body, parts.max_response_bytes)),
        )
    }
}

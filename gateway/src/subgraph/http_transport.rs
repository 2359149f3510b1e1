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
    SubgraphRequest, SubgraphResponse, TransportError,
    compression::{accept_encoding, compress},
    connector::Connector,
    http_answer::{Reader, answer},
};
use crate::config::{CompressionConfig, HttpVersion, SubgraphConfig};

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
    max_response_bytes: usize,
    accept_encoding: Option<HeaderValue>,
    compression: CompressionConfig,
}

impl HttpTransport {
    pub(super) fn new(subgraph: Arc<str>, uri: Uri, connector: Connector, config: &SubgraphConfig) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_millis(config.pool_idle_timeout_ms))
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
            max_response_bytes: config.max_response_bytes,
            accept_encoding: accept_encoding(&config.compression.accept),
            compression: config.compression.clone(),
        }))
    }
}

impl Parts {
    fn to_http(&self, request: SubgraphRequest) -> Request<Full<Bytes>> {
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
        let mut http_request = Request::new(Full::new(body));
        *http_request.method_mut() = Method::POST;
        *http_request.uri_mut() = self.uri.clone();
        *http_request.headers_mut() = headers;
        http_request
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
        let asking = self.0.client.request(self.0.to_http(request));
        HttpTrip { parts: Arc::clone(&self.0), stage: Stage::Asking(asking) }
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
    Asking(ResponseFuture),
    Reading(Response<Incoming>, Reader),
}

impl Future for HttpTrip {
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { parts, stage } = self.get_mut();
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

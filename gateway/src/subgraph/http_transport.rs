//! Queries and mutations over HTTP, on kept connections.

use std::{
    error::Error,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tower::Service;

use super::{SubgraphRequest, SubgraphResponse, TransportError};
use crate::config::{HttpVersion, SubgraphConfig};

const ACCEPTED: HeaderValue = HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Posts operations to one address; clones share the connections.
#[derive(Clone)]
pub(super) struct HttpTransport {
    subgraph: Arc<str>,
    uri: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
    max_response_bytes: usize,
}

impl HttpTransport {
    pub(super) fn new(subgraph: Arc<str>, uri: Uri, config: &SubgraphConfig) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_millis(config.connect_timeout_ms)));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_millis(config.pool_idle_timeout_ms))
            .pool_max_idle_per_host(config.pool_max_idle)
            .pool_timer(TokioTimer::new())
            .http2_only(config.http_version == HttpVersion::H2c)
            .build(connector);
        Self { subgraph, uri, client, max_response_bytes: config.max_response_bytes }
    }

    async fn send(self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let subgraph = self.subgraph.to_string();
        let response = self.client.request(to_http(self.uri, request)).await.map_err(|error| {
            let reason = describe(&error);
            if error.is_connect() {
                TransportError::Unreachable { subgraph: subgraph.clone(), reason }
            } else {
                TransportError::Interrupted { subgraph: subgraph.clone(), reason }
            }
        })?;
        let (parts, body) = read(response, &subgraph, self.max_response_bytes).await?;
        if !looks_like_graphql(&parts.headers, &body) {
            let start = String::from_utf8_lossy(body.get(..body.len().min(200)).unwrap_or_default()).into_owned();
            return Err(TransportError::NotGraphql { subgraph, status: parts.status.as_u16(), reason: start });
        }
        Ok(SubgraphResponse { status: parts.status, headers: parts.headers, ..SubgraphResponse::complete(body) })
    }
}

fn to_http(uri: Uri, request: SubgraphRequest) -> Request<Full<Bytes>> {
    let own = request.headers();
    // Room for what is added here and by hyper (host, content-length), so that the map is allocated once.
    let mut headers = HeaderMap::with_capacity(own.len() + 4);
    for (name, value) in own {
        headers.append(name.clone(), value.clone());
    }
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, ACCEPTED);
    let mut http_request = Request::new(Full::new(request.body));
    *http_request.method_mut() = Method::POST;
    *http_request.uri_mut() = uri;
    *http_request.headers_mut() = headers;
    http_request
}

async fn read(
    response: Response<Incoming>,
    subgraph: &str,
    max_bytes: usize,
) -> Result<(http::response::Parts, Bytes), TransportError> {
    let (parts, body) = response.into_parts();
    let collected = Limited::new(body, max_bytes).collect().await.map_err(|error| {
        let subgraph = subgraph.to_owned();
        if error.is::<LengthLimitError>() {
            TransportError::ResponseTooLarge { subgraph, max_bytes }
        } else {
            TransportError::Interrupted { subgraph, reason: describe(&*error) }
        }
    })?;
    Ok((parts, collected.to_bytes()))
}

fn looks_like_graphql(headers: &HeaderMap, body: &[u8]) -> bool {
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    is_json && body.trim_ascii_start().starts_with(b"{")
}

/// An error with its causes, for the log.
pub(super) fn describe(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Service<SubgraphRequest> for HttpTransport {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        self.clone().send(request).boxed()
    }
}

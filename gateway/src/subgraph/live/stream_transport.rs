//! Subscriptions over HTTP: one request each, whose answer goes on.

use std::{future::poll_fn, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use http::{
    HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};

use super::{
    super::{
        SubgraphEvents, SubgraphRequest, SubgraphResponse, TransportError,
        connector::Connector,
        http_answer::{Reader, answer},
        http_transport::describe,
    },
    fault::Fault,
    gate::Gate,
    parts::{Form, Part, PartError, Parts},
};
use crate::config::{HttpVersion, SubgraphConfig};

/// Where many streams share a connection (HTTP/2), it has to be known to live.
const HTTP2_PING: Duration = Duration::from_secs(10);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens subscriptions at one address by HTTP requests.
pub(super) struct StreamTransport {
    subgraph: Arc<str>,
    uri: Uri,
    client: Client<Connector, Full<Bytes>>,
    form: Form,
    gate: Gate,
    max_event_bytes: usize,
}

impl StreamTransport {
    pub(super) fn new(
        subgraph: Arc<str>,
        (uri, connector): (Uri, Connector),
        form: Form,
        config: &SubgraphConfig,
    ) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_millis(config.pool_idle_timeout_ms))
            .pool_max_idle_per_host(config.pool_max_idle)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_only(config.http_version == HttpVersion::Http2)
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PING_TIMEOUT)
            .http2_keep_alive_while_idle(true)
            .build(connector);
        let gate = Gate::new(&config.subscription);
        Self { subgraph, uri, client, form, gate, max_event_bytes: config.max_response_bytes }
    }

    /// Starts a subscription.
    pub(super) async fn open(self: Arc<Self>, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let response = self.start(&request).await?;
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let parts = content_type.and_then(|content_type| self.form.reader(content_type, self.max_event_bytes));
        match parts {
            Some(parts) if response.status().is_success() => {
                let reading = Reading { body: response.into_body(), parts };
                Ok(SubgraphResponse::stream(reading.into_events(Arc::clone(&self.subgraph))))
            }
            _ => self.read_whole(response).await,
        }
    }

    /// The head of the answer. While the subgraph is away, one request at a time finds out whether it is back.
    async fn start(&self, request: &SubgraphRequest) -> Result<Response<Incoming>, TransportError> {
        let _passage = self.gate.enter().await.map_err(|fault| fault.not_opened(&self.subgraph))?;
        let answered = self.client.request(self.to_http(request)).await;
        answered.inspect(|_| self.gate.succeeded()).map_err(|error| {
            let (subgraph, reason) = (self.subgraph.to_string(), describe(&error));
            self.gate.failed(&Fault::NoConnection(reason.clone()));
            if error.is_connect() {
                TransportError::Unreachable { subgraph, reason }
            } else {
                TransportError::NoAnswer { subgraph, reason }
            }
        })
    }

    fn to_http(&self, request: &SubgraphRequest) -> Request<Full<Bytes>> {
        let mut http_request = Request::new(Full::new(request.body.clone()));
        *http_request.method_mut() = Method::POST;
        *http_request.uri_mut() = self.uri.clone();
        let headers = http_request.headers_mut();
        headers.extend(request.headers().into_owned());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static(self.form.accepted()));
        http_request
    }

    /// An answer that does not go on: why there is no subscription.
    async fn read_whole(&self, response: Response<Incoming>) -> Result<SubgraphResponse, TransportError> {
        let (head, mut body) = response.into_parts();
        let mut reader = Reader::new(&body, self.max_event_bytes);
        let body = poll_fn(|context| reader.poll_read(&mut body, &self.subgraph, context)).await?;
        answer(&self.subgraph, (head.status, head.headers), body, self.max_event_bytes)
    }
}

struct Reading {
    body: Incoming,
    parts: Parts,
}

impl Reading {
    fn into_events(self, subgraph: Arc<str>) -> SubgraphEvents {
        let next = move |open: Option<Self>| {
            let subgraph = Arc::clone(&subgraph);
            async move {
                let mut reading = open?;
                match reading.next(&subgraph).await {
                    Some(Ok(response)) => Some((Ok(response), Some(reading))),
                    Some(Err(error)) => Some((Err(error), None)),
                    None => None,
                }
            }
        };
        futures::stream::unfold(Some(self), next).boxed()
    }

    async fn next(&mut self, subgraph: &Arc<str>) -> Option<Result<Bytes, TransportError>> {
        let interrupted = |reason: String| TransportError::Interrupted { subgraph: subgraph.to_string(), reason };
        loop {
            match self.parts.next() {
                Ok(Some(Part::Response(response))) => return Some(Ok(response)),
                Ok(Some(Part::End)) => return None,
                Ok(None) => {}
                Err(PartError::TooLarge(max_bytes)) => {
                    let subgraph = subgraph.to_string();
                    return Some(Err(TransportError::ResponseTooLarge { subgraph, max_bytes }));
                }
                Err(error @ PartError::Malformed(_)) => return Some(Err(interrupted(error.to_string()))),
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.parts.push(data);
                    }
                }
                Some(Err(error)) => return Some(Err(interrupted(describe(&error)))),
                None => return Some(Err(interrupted("the answer ended before the subscription did".to_owned()))),
            }
        }
    }
}

//! `/graphql`: POST, GET, server-sent events and WebSocket.

use std::sync::{Arc, OnceLock};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::join_all, stream};
use http::{HeaderMap, Method, StatusCode, header::UPGRADE};
use http_body_util::LengthLimitError;
use metrics::Counter;
use tracing::Instrument;

use super::{
    door::{Door, overloaded_response},
    gateway::Edge,
};
use crate::{
    authenticate::{AuthenticateError, CorrelationId},
    error::{GraphqlError, GraphqlResponse},
    hooks,
    operation::OperationKind,
    pipeline::{InParts, NotRun, Prepared},
    request::{
        Accepted, Decoded, GraphqlRequest, MediaType, RequestError, check_content_type, check_csrf, decode_body,
        decode_query_string,
    },
    respond::{
        add_headers, event_stream, freshness_of, multipart, multipart_single, refuse, refuse_request, respond,
        respond_batch, with_freshness,
    },
    subgraph::CORRELATION_HEADER,
    subscribe::{Caller, RunOperation, websocket},
};

/// Asks for the plan in the answer; heard in development mode alone.
const DEBUG_HEADER: &str = "x-selvedge-debug";

/// A refusal, as a ready response.
struct Refusal(Box<Response>);

impl Refusal {
    fn new(status: StatusCode, code: &str, message: String) -> Self {
        Self(Box::new(refuse(status, code, message)))
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self(Box::new(refuse_request(&error)))
    }
}

impl From<hooks::Refusal> for Refusal {
    fn from(refusal: hooks::Refusal) -> Self {
        Self::new(refusal.status, &refusal.code, refusal.message)
    }
}

impl From<AuthenticateError> for Refusal {
    fn from(error: AuthenticateError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, AuthenticateError::CODE, error.to_string())
    }
}

/// What a request's head says about how to answer it.
struct Head {
    method: Method,
    accepted: Accepted,
    debug: bool,
    caller: Caller,
}

pub(super) async fn handle(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let correlation = CorrelationId::from_headers(request.headers());
    let correlation_id = correlation.clone();
    let answered = if is_upgrade(request.headers()) {
        upgrade(&edge, request, correlation).boxed()
    } else {
        answer_inside(&edge, request, correlation).boxed()
    };
    // Every log line that is written on the way carries the id.
    let span = tracing::info_span!("request", correlation_id = correlation_id.as_str());
    let mut response = answered.instrument(span).await.unwrap_or_else(|Refusal(response)| *response);
    response.headers_mut().insert(CORRELATION_HEADER, correlation_id.to_header());
    count(response.status());
    response
}

fn count(status: StatusCode) {
    let find = || metrics::counter!("selvedge_http_requests_total", "status" => status.as_str().to_owned());
    // Almost all have this one.
    static OK: OnceLock<Counter> = OnceLock::new();
    if status == StatusCode::OK { OK.get_or_init(find).increment(1) } else { find().increment(1) }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

async fn upgrade(edge: &Edge, request: Request, correlation: CorrelationId) -> Result<Response, Refusal> {
    if !edge.config.subscriptions.enabled {
        let message = "subscriptions are switched off".to_owned();
        return Err(Refusal::new(StatusCode::NOT_FOUND, "SUBSCRIPTIONS_DISABLED", message));
    }
    let identity = edge.pipeline.authenticator().authenticate(request.headers()).await?;
    let origins = &edge.config.cors.allowed_origins;
    let forwarded = edge.forwarding.select(request.headers());
    let mut caller = Caller { forwarded, ..Caller::new(identity, correlation) };
    edge.pipeline.identify(&mut caller, (request.method(), request.headers())).await?;
    websocket::upgrade(request, &edge.connections, caller, origins)
        .map_err(|error| Refusal::new(error.status(), "UPGRADE_REFUSED", error.to_string()))
}

/// Answers a request if there is room for it.
async fn answer_inside(edge: &Edge, request: Request, correlation: CorrelationId) -> Result<Response, Refusal> {
    let Some(_inside) = Door::enter(&*edge.door) else { return Ok(overloaded_response()) };
    answer(edge, request, correlation).await
}

async fn answer(edge: &Edge, request: Request, correlation: CorrelationId) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST && parts.method != Method::GET {
        return Err(RequestError::MethodNotAllowed.into());
    }
    check_csrf(&edge.config.csrf, &parts.method, &parts.headers)?;
    let accepted = Accepted::from_headers(&parts.headers)?;
    let identity = edge.pipeline.authenticator().authenticate(&parts.headers).await?;
    let decoded = if parts.method == Method::POST {
        check_content_type(&parts.headers)?;
        let timeout = edge.config.server.request_timeout();
        let reading = read(body, edge.config.limits.max_body_bytes);
        let body = tokio::time::timeout(timeout, reading).await.map_err(|_elapsed| RequestError::BodyTooSlow)??;
        decode_body(&body, edge.config.limits.max_batch_operations)?
    } else {
        Decoded::Single(decode_query_string(&parts.uri)?)
    };
    let debug = edge.config.is_development() && parts.headers.get(DEBUG_HEADER).is_some_and(|value| value == "plan");
    let mut caller = Caller { forwarded: edge.forwarding.select(&parts.headers), ..Caller::new(identity, correlation) };
    edge.pipeline.identify(&mut caller, (&parts.method, &parts.headers)).await?;
    let head = Head { method: parts.method, accepted, debug, caller };
    match decoded {
        Decoded::Single(request) => run_single(edge, request, head).await,
        Decoded::Batch(requests) => Ok(run_batch(edge, requests, &head).await),
    }
}

async fn read(body: Body, max_bytes: usize) -> Result<Bytes, RequestError> {
    to_bytes(body, max_bytes).await.map_err(|error| {
        let cause = std::error::Error::source(&error);
        if cause.is_some_and(|cause| cause.is::<LengthLimitError>()) {
            RequestError::BodyTooLarge { max_bytes }
        } else {
            RequestError::BodyInterrupted
        }
    })
}

async fn run_single(edge: &Edge, mut request: GraphqlRequest, mut head: Head) -> Result<Response, Refusal> {
    let prepared = match edge.pipeline.admit(&mut request, &mut head.caller).await {
        Ok(prepared) => prepared,
        Err(reason) => return Ok(not_run(edge, reason, &head).await),
    };
    if prepared.kind() == OperationKind::Mutation && head.method == Method::GET {
        return Err(RequestError::NeedsPost { kind: OperationKind::Mutation.as_str() }.into());
    }
    if let Err(refusal) = edge.pipeline.before_execute(&mut request, &mut head.caller).await {
        return Ok(not_run(edge, refusal.into(), &head).await);
    }
    match prepared.kind() {
        OperationKind::Subscription => run_subscription(edge, prepared, request, head),
        OperationKind::Query | OperationKind::Mutation => {
            let answer = match head.accepted.deferred {
                Some(form) => {
                    edge.pipeline.execute_in_parts(&prepared, request, (&head.caller, head.debug), form).await
                }
                None => {
                    let response = edge.pipeline.execute(&prepared, request, &head.caller, head.debug).await;
                    InParts::Whole(Box::new(response))
                }
            };
            Ok(match answer {
                InParts::Parts { parts, form, headers } => {
                    let mut http_response = multipart(parts, form);
                    add_headers(&headers, &mut http_response);
                    http_response
                }
                InParts::Whole(response) => single(edge, &response, head.accepted.single),
            })
        }
    }
}

/// The response to an operation that does not run; a hook's refusal has the status that the hook gave it.
async fn not_run(edge: &Edge, reason: NotRun, head: &Head) -> Response {
    let status = match &reason {
        NotRun::Refused(refusal) => Some(refusal.status),
        NotRun::Invalid(_) => None,
    };
    let mut response = single(edge, &edge.pipeline.not_run(reason, &head.caller).await, head.accepted.single);
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    response
}

/// One response, in the form that the client accepts.
fn single(edge: &Edge, response: &GraphqlResponse, media_type: MediaType) -> Response {
    let mut http_response = match media_type {
        MediaType::EventStream => {
            let body = response.to_bytes();
            event_stream(stream::once(async { body }), edge.config.subscriptions.keep_alive())
        }
        MediaType::Multipart(form) => multipart_single(&response.to_bytes(), form),
        MediaType::GraphqlResponse | MediaType::Json => tell_freshness(edge, respond(response, media_type), [response]),
    };
    add_headers(&response.headers, &mut http_response);
    http_response
}

/// Says how long answers stay true, where answers are kept at all.
fn tell_freshness<'r>(edge: &Edge, response: Response, of: impl IntoIterator<Item = &'r GraphqlResponse>) -> Response {
    let cache = &edge.config.cache;
    if cache.is_enabled() && cache.client_headers { with_freshness(response, freshness_of(of)) } else { response }
}

fn run_subscription(edge: &Edge, prepared: Prepared, request: GraphqlRequest, head: Head) -> Result<Response, Refusal> {
    if !head.accepted.event_stream || !edge.config.subscriptions.enabled {
        return Err(RequestError::NeedsStream.into());
    }
    let time_left = edge.pipeline.time_left(&head.caller.identity);
    let subscription = match edge.pipeline.subscribe(prepared, request, head.caller) {
        Ok(subscription) => subscription,
        Err(errors) => return Ok(single(edge, &GraphqlResponse::from_errors(errors), head.accepted.single)),
    };
    let shutdown = edge.connections.shutdown.clone().cancelled_owned();
    let expired = async move {
        match time_left {
            Some(left) => tokio::time::sleep(left).await,
            None => std::future::pending().await,
        }
    };
    let end = async { futures::future::select(Box::pin(shutdown), Box::pin(expired)).await };
    Ok(event_stream(subscription.take_until(Box::pin(end)), edge.config.subscriptions.keep_alive()))
}

async fn run_batch(edge: &Edge, requests: Vec<GraphqlRequest>, head: &Head) -> Response {
    let responses = join_all(requests.into_iter().map(|request| run_batched(edge, request, head))).await;
    let media_type = match head.accepted.single {
        MediaType::EventStream | MediaType::Multipart(_) => MediaType::Json,
        other => other,
    };
    tell_freshness(edge, respond_batch(&responses, media_type), &responses)
}

async fn run_batched(edge: &Edge, mut request: GraphqlRequest, head: &Head) -> GraphqlResponse {
    let mut caller = head.caller.clone();
    match edge.pipeline.admit(&mut request, &mut caller).await {
        Err(reason) => edge.pipeline.not_run(reason, &caller).await,
        Ok(prepared) if prepared.kind() == OperationKind::Subscription => {
            let error = GraphqlError::new("BATCH_REFUSED", "an array cannot hold a subscription");
            GraphqlResponse::from_errors(vec![error])
        }
        Ok(prepared) => match edge.pipeline.before_execute(&mut request, &mut caller).await {
            Ok(()) => edge.pipeline.execute(&prepared, request, &caller, head.debug).await,
            Err(refusal) => edge.pipeline.not_run(refusal.into(), &caller).await,
        },
    }
}

//! `/graphql`: POST and GET; streams and WebSockets are in [`live`].

use std::sync::{Arc, OnceLock};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use futures::{FutureExt, Stream, future::join_all, stream};
use http::{HeaderMap, Method, StatusCode, header::UPGRADE};
use http_body_util::LengthLimitError;
use metrics::Counter;
use tracing::Instrument;

use super::{
    door::{Door, overloaded_response},
    gateway::Edge,
    live,
    peer::address_of,
    refusal::Refusal,
};
use crate::{
    authenticate::CorrelationId,
    error::{GraphqlError, GraphqlResponse},
    operation::OperationKind,
    pipeline::{InParts, NotRun, Prepared},
    request::{
        Accepted, Decoded, GraphqlRequest, MediaType, RequestError, check_content_type, check_csrf, decode_body,
        decode_query_string,
    },
    respond::{
        StreamEnd, Streamed, add_headers, event_stream, freshness_of, multipart, multipart_single,
        multipart_subscription, respond, respond_batch, with_freshness,
    },
    subgraph::CORRELATION_HEADER,
    subscribe::Caller,
};

/// Asks for the plan in the answer; heard in development mode alone.
const DEBUG_HEADER: &str = "x-selvedge-debug";

/// What a request's head says about how to answer it.
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) accepted: Accepted,
    pub(super) debug: bool,
    pub(super) caller: Caller,
}

pub(super) async fn handle(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let correlation = CorrelationId::from_headers(request.headers());
    let answering = if is_upgrade(request.headers()) {
        live::upgrade(&edge, request, correlation.clone()).boxed()
    } else {
        answer_inside(&edge, request, correlation.clone()).boxed()
    };
    traced(correlation, answering).await
}

/// Finishes `answering`, under the request's correlation id.
pub(super) async fn traced(
    correlation_id: CorrelationId,
    answered: impl Future<Output = Result<Response, Refusal>>,
) -> Response {
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

/// Answers a request if there is room for it.
pub(super) async fn answer_inside(
    edge: &Edge,
    request: Request,
    correlation: CorrelationId,
) -> Result<Response, Refusal> {
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
    let (forwarded, address) = (edge.forwarding.select(&parts.headers), address_of(&parts.extensions));
    let mut caller = Caller { forwarded, address, ..Caller::new(identity, correlation) };
    edge.pipeline.identify(&mut caller, (&parts.method, &parts.headers)).await?;
    let head = Head { method: parts.method, accepted, debug, caller };
    match decoded {
        Decoded::Single(request) => run_single(edge, request, head).await,
        Decoded::Batch(requests) => Ok(run_batch(edge, requests, &head).await),
    }
}

pub(super) async fn read(body: Body, max_bytes: usize) -> Result<Bytes, RequestError> {
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
        // Whoever takes no stream gets one answer, and so does whoever would get parts of one.
        OperationKind::Query
            if head.accepted.stream.is_some() && edge.pipeline.live_wishes(&prepared, &request).is_some() =>
        {
            run_subscription(edge, prepared, request, head)
        }
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
pub(super) fn single(edge: &Edge, response: &GraphqlResponse, media_type: MediaType) -> Response {
    let mut http_response = match media_type {
        MediaType::EventStream => event_stream(whole(response.to_bytes()), edge.config.subscriptions.keep_alive()),
        MediaType::MultipartSubscription => {
            multipart_subscription(whole(response.to_bytes()), edge.config.subscriptions.keep_alive())
        }
        MediaType::Multipart(form) => multipart_single(&response.to_bytes(), form),
        MediaType::GraphqlResponse | MediaType::Json => tell_freshness(edge, respond(response, media_type), [response]),
    };
    add_headers(&response.headers, &mut http_response);
    http_response
}

/// One response, and the end.
pub(super) fn whole(response: Bytes) -> impl Stream<Item = Streamed> + Send + 'static {
    stream::iter([Streamed::Next(response), Streamed::End(StreamEnd::Complete)])
}

/// Says how long answers stay true, where answers are kept at all.
fn tell_freshness<'r>(edge: &Edge, response: Response, of: impl IntoIterator<Item = &'r GraphqlResponse>) -> Response {
    let cache = &edge.config.cache;
    if cache.is_enabled() && cache.client_headers { with_freshness(response, freshness_of(of)) } else { response }
}

fn run_subscription(edge: &Edge, prepared: Prepared, request: GraphqlRequest, head: Head) -> Result<Response, Refusal> {
    let media_type = head.accepted.single;
    let streamed = live::run_subscription(edge, prepared, request, head)?;
    Ok(streamed.unwrap_or_else(|errors| single(edge, &GraphqlResponse::from_errors(errors), media_type)))
}

async fn run_batch(edge: &Edge, requests: Vec<GraphqlRequest>, head: &Head) -> Response {
    let responses = join_all(requests.into_iter().map(|request| run_batched(edge, request, head))).await;
    let media_type = match head.accepted.single {
        MediaType::EventStream | MediaType::Multipart(_) | MediaType::MultipartSubscription => MediaType::Json,
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

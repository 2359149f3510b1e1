//! `/graphql/stream`: GraphQL over SSE with one event stream for all operations of a client.
//!
//! PUT reserves a stream and answers its token, GET opens it, POST starts an operation on it, DELETE ends one. Requests
//! without a token are those of "distinct connections", as at `/graphql`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Body,
    extract::{Query, Request, State},
    response::Response,
};
use futures::FutureExt;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{ALLOW, CONTENT_TYPE},
    request::Parts,
};
use serde_json::Value;

use super::{
    door::{Door, overloaded_response},
    gateway::Edge,
    graphql::{answer_inside, read, traced, whole},
    live::{check_served, identify, refused_for_limit},
    refusal::Refusal,
};
use crate::{
    authenticate::CorrelationId,
    error::{GraphqlError, GraphqlResponse},
    request::{
        Accepted, Decoded, GraphqlRequest, MediaType, RequestError, StreamForm, check_content_type, check_csrf,
        decode_body,
    },
    respond::{event_stream_of_many, respond, status_of},
    subscribe::{Caller, EventStream, EventStreamError, Listening, Mailbox, RunOperation, Running, Subscription},
};

const TOKEN_HEADER: &str = "x-graphql-event-stream-token";

impl From<EventStreamError> for Refusal {
    fn from(error: EventStreamError) -> Self {
        let (status, code) = match error {
            EventStreamError::Unknown => (StatusCode::NOT_FOUND, "STREAM_NOT_FOUND"),
            EventStreamError::Open => (StatusCode::CONFLICT, "STREAM_ALREADY_OPEN"),
            EventStreamError::DuplicateId => (StatusCode::CONFLICT, "OPERATION_ALREADY_EXISTS"),
            EventStreamError::TooManyOperations(reached) => return reached.into(),
        };
        Self::new(status, code, error.to_string())
    }
}

pub(super) async fn handle(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let correlation = CorrelationId::from_headers(request.headers());
    let id = correlation.clone();
    let token = token_of(request.headers(), request.uri());
    let (head, body) = request.into_parts();
    let answering = match (head.method.clone(), token) {
        (Method::PUT, _) => reserve(&edge, head, correlation).boxed(),
        (Method::GET | Method::POST, None) => {
            answer_inside(&edge, Request::from_parts(head, body), correlation).boxed()
        }
        (Method::GET, Some(token)) => open(&edge, head, (token, correlation)).boxed(),
        (Method::POST, Some(token)) => start(&edge, (head, body), (token, correlation)).boxed(),
        (Method::DELETE, token) => stop(&edge, head, (token.unwrap_or_default(), correlation)).boxed(),
        _ => async { Err(method_not_allowed()) }.boxed(),
    };
    traced(id, answering).await
}

fn method_not_allowed() -> Refusal {
    let message = "an event stream takes GET, POST, PUT and DELETE".to_owned();
    let mut refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message);
    refusal.0.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    refusal
}

/// The token of a stream: browsers cannot set a header where they open one.
fn token_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    header.or_else(|| parameter(uri, "token")).filter(|token| !token.is_empty())
}

fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let Query(mut parameters) = Query::<HashMap<String, String>>::try_from_uri(uri).ok()?;
    parameters.remove(name)
}

/// A page cannot make a browser send PUT across origins without being asked first.
async fn reserve(edge: &Edge, head: Parts, correlation: CorrelationId) -> Result<Response, Refusal> {
    let Some(_inside) = Door::enter(&*edge.door) else { return Ok(overloaded_response()) };
    check_served(edge)?;
    let caller = identify(edge, &head, correlation).await?;
    let permit = edge.connections.limits.connect(&caller)?;
    let token = edge.event_streams.reserve(&caller, permit)?;
    let mut response = Response::new(Body::from(token));
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

/// Whoever has the token may listen, as browsers can say nothing more; who says more must be who reserved it.
async fn open(edge: &Edge, head: Parts, (token, correlation): (String, CorrelationId)) -> Result<Response, Refusal> {
    check_served(edge)?;
    if Accepted::from_headers(&head.headers)?.stream != Some(StreamForm::Events) {
        let message = "an event stream needs `accept: text/event-stream`".to_owned();
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message));
    }
    let caller = identify(edge, &head, correlation).await?;
    let stream = edge.event_streams.find(&token)?;
    if caller.identity.subject.is_some() {
        check_owner(&stream, &caller)?;
    }
    let steps = edge.event_streams.open(&token)?;
    Ok(event_stream_of_many(steps, edge.config.subscriptions.keep_alive()))
}

fn check_owner(stream: &EventStream, caller: &Caller) -> Result<(), Refusal> {
    if stream.belongs_to(&caller.identity) {
        return Ok(());
    }
    let message = "the event stream was reserved by someone else".to_owned();
    Err(Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message))
}

/// Starts an operation, whose responses go over the stream; it runs as long as the token of this request lets it.
async fn start(
    edge: &Edge,
    (head, body): (Parts, Body),
    (token, correlation): (String, CorrelationId),
) -> Result<Response, Refusal> {
    check_served(edge)?;
    check_csrf(&edge.config.csrf, &head.method, &head.headers)?;
    check_content_type(&head.headers)?;
    let accepted = Accepted::from_headers(&head.headers)?;
    let caller = identify(edge, &head, correlation).await?;
    let stream = edge.event_streams.find(&token)?;
    check_owner(&stream, &caller)?;
    let request = operation(edge, body).await?;
    let beginning = stream.begin(operation_id(&request)?)?;
    let time_left = edge.pipeline.time_left(&caller.identity);
    let mailbox = Arc::<Mailbox>::default();
    let place = (Arc::clone(&mailbox), 0);
    let is_waited_for = match edge.connections.runner.run(request, caller, place).await {
        Err(errors) => return refused_for_limit(&errors).map_or_else(|| Ok(not_run(errors, accepted)), Err),
        Ok(Running::Single(response)) => beginning.run(whole(response)),
        Ok(Running::Stream(ticket)) => {
            let subscription = Subscription::new(mailbox, ticket);
            beginning.run(Listening::while_allowed(subscription, time_left))
        }
    };
    // It may have been ended before it could start.
    Ok(empty(if is_waited_for { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT }))
}

async fn operation(edge: &Edge, body: Body) -> Result<GraphqlRequest, Refusal> {
    let reading = read(body, edge.config.limits.max_body_bytes);
    let timeout = edge.config.server.request_timeout();
    let body = tokio::time::timeout(timeout, reading).await.map_err(|_elapsed| RequestError::BodyTooSlow)??;
    match decode_body(&body, 0)? {
        Decoded::Single(request) => Ok(request),
        Decoded::Batch(_) => Err(RequestError::BatchRefused.into()),
    }
}

fn operation_id(request: &GraphqlRequest) -> Result<&str, RequestError> {
    let id = request.extensions.get("operationId").and_then(Value::as_str).filter(|id| !id.is_empty());
    id.ok_or(RequestError::BadParameter { parameter: "extensions.operationId", expected: "a text that is not empty" })
}

/// What never ran is told at once, with a status that says so: only 202 means that something follows.
fn not_run(errors: Vec<GraphqlError>, accepted: Accepted) -> Response {
    let response = GraphqlResponse::from_errors(errors);
    let media_type = match accepted.single {
        MediaType::GraphqlResponse => MediaType::GraphqlResponse,
        _ => MediaType::Json,
    };
    let mut http_response = respond(&response, media_type);
    *http_response.status_mut() = status_of(&response, MediaType::GraphqlResponse);
    http_response
}

/// Ends an operation; one that does not run is ended already.
async fn stop(edge: &Edge, head: Parts, (token, correlation): (String, CorrelationId)) -> Result<Response, Refusal> {
    let caller = identify(edge, &head, correlation).await?;
    let stream = edge.event_streams.find(&token)?;
    check_owner(&stream, &caller)?;
    let missing = RequestError::BadParameter { parameter: "operationId", expected: "a parameter of the address" };
    let id = parameter(&head.uri, "operationId").filter(|id| !id.is_empty()).ok_or(missing)?;
    stream.stop(&id);
    Ok(empty(StatusCode::OK))
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

//! Subscriptions over HTTP: WebSocket upgrades, and responses that are streamed.

use axum::{extract::Request, response::Response};
use futures::{Stream, StreamExt};
use http::{StatusCode, request::Parts};

use super::{gateway::Edge, graphql::Head, peer::address_of, refusal::Refusal};
use crate::{
    authenticate::CorrelationId,
    error::GraphqlError,
    pipeline::Prepared,
    request::{GraphqlRequest, RequestError, StreamForm},
    respond::{Streamed, event_stream, multipart_subscription},
    subscribe::{Caller, Ends, Limit, Listening, Permit, RunOperation, websocket},
};

/// Refuses what nobody can listen to here.
pub(super) fn check_served(edge: &Edge) -> Result<(), Refusal> {
    if !edge.config.subscriptions.enabled {
        let message = "subscriptions are switched off".to_owned();
        return Err(Refusal::new(StatusCode::NOT_FOUND, "SUBSCRIPTIONS_DISABLED", message));
    }
    if edge.connections.shutdown.is_cancelled() {
        let message = "the gateway is shutting down; connect again".to_owned();
        return Err(Refusal::for_now(StatusCode::SERVICE_UNAVAILABLE, "GATEWAY_SHUTTING_DOWN", message));
    }
    Ok(())
}

/// Answers the handshake of a WebSocket.
pub(super) async fn upgrade(edge: &Edge, request: Request, correlation: CorrelationId) -> Result<Response, Refusal> {
    check_served(edge)?;
    let (parts, body) = request.into_parts();
    let caller = identify(edge, &parts, correlation).await?;
    let request = Request::from_parts(parts, body);
    let origins = &edge.config.cors.allowed_origins;
    websocket::upgrade(request, &edge.connections, caller, origins).map_err(|error| match error {
        websocket::UpgradeError::LimitReached(reached) => reached.into(),
        error => Refusal::new(error.status(), error.code(), error.to_string()),
    })
}

/// Who sends a request with this head.
pub(super) async fn identify(edge: &Edge, head: &Parts, correlation: CorrelationId) -> Result<Caller, Refusal> {
    let identity = edge.pipeline.authenticator().authenticate(&head.headers).await?;
    let (forwarded, address) = (edge.forwarding.select(&head.headers), address_of(&head.extensions));
    let mut caller = Caller { forwarded, address, ..Caller::new(identity, correlation) };
    edge.pipeline.identify(&mut caller, (&head.method, &head.headers)).await?;
    Ok(caller)
}

/// Streams a subscription in the form that the client likes; `Err` of the second kind is told like those of any
/// operation that cannot run.
pub(super) fn run_subscription(
    edge: &Edge,
    prepared: Prepared,
    request: GraphqlRequest,
    head: Head,
) -> Result<Result<Response, Vec<GraphqlError>>, Refusal> {
    let Some(form) = head.accepted.stream else { return Err(RequestError::NeedsStream.into()) };
    check_served(edge)?;
    let permit = edge.connections.limits.connect(&head.caller)?;
    let time_left = edge.pipeline.time_left(&head.caller.identity);
    let subscription = match edge.pipeline.subscribe(prepared, request, head.caller) {
        Ok(subscription) => subscription,
        Err(errors) => return refused_for_limit(&errors).map_or(Ok(Err(errors)), Err),
    };
    let config = &edge.connections.config;
    let ends = Ends { time_left, shutdown: edge.connections.shutdown.clone(), drain: config.drain() };
    let listening = Listening::until(subscription, ends);
    Ok(Ok(match form {
        StreamForm::Events => event_stream(counted(listening, "sse", permit), config.keep_alive()),
        StreamForm::Parts => multipart_subscription(counted(listening, "multipart", permit), config.keep_alive()),
    }))
}

/// The refusal of what does not run because there is too much of it.
pub(super) fn refused_for_limit(errors: &[GraphqlError]) -> Option<Refusal> {
    let first = errors.first()?;
    let limit = Limit::of_code(first.code()?)?;
    Some(Refusal::for_now(limit.status(), limit.code(), first.message.clone()))
}

/// Counts a response that is streamed, until it ends.
fn counted(
    steps: impl Stream<Item = Streamed> + Send + 'static,
    protocol: &'static str,
    permit: Permit,
) -> impl Stream<Item = Streamed> + Send + 'static {
    let open = Open { gauge: metrics::gauge!("selvedge_http_streams", "protocol" => protocol), _permit: permit };
    open.gauge.increment(1.0);
    steps.inspect(move |_| {
        let _until_the_stream_ends = &open;
    })
}

struct Open {
    gauge: metrics::Gauge,
    _permit: Permit,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.gauge.decrement(1.0);
    }
}

//! The HTTP addresses of a subgraph.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use http_body_util::LengthLimitError;
use serde_json::json;

use super::{SubgraphServer, decode::identify, respond::Refusal, upgrade::upgrade};

/// The largest request body, in bytes.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

pub(super) fn routes(server: SubgraphServer) -> Router {
    Router::new()
        .route("/graphql", post(answer).get(upgrade))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/sdl", get(sdl))
        .route("/metrics", get(metrics))
        .with_state(server)
}

async fn answer(State(server): State<SubgraphServer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => server.call(&parts.headers, bytes).await.map(Body::from),
        Err(error) => unreadable(&error).into_response().map(Body::from),
    }
}

fn unreadable(error: &axum::Error) -> Refusal {
    let too_large = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
    if too_large {
        let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
        return Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message);
    }
    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body ended early".to_owned())
}

async fn live() -> Response {
    health(StatusCode::OK, &json!({"status": "live"}))
}

async fn ready(State(server): State<SubgraphServer>) -> Response {
    let failures = server.subgraph().readiness.failures();
    if failures.is_empty() {
        return health(StatusCode::OK, &json!({"status": "ready"}));
    }
    let failures: Vec<_> = failures.iter().map(|(name, reason)| json!({"name": name, "reason": reason})).collect();
    health(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "not ready", "failures": failures}))
}

fn health(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn sdl(State(server): State<SubgraphServer>, headers: HeaderMap) -> Response {
    match identify(&headers, server.verifier()) {
        Ok(_) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], server.subgraph().sdl.clone()).into_response(),
        Err(refusal) => refusal.into_response().map(Body::from),
    }
}

async fn metrics(State(server): State<SubgraphServer>) -> Response {
    server.metrics().map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |metrics| ([(CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response(),
    )
}

//! Metrics, health, and what is known of the schema.

use std::sync::Arc;

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::schema_view::SchemaView;
use crate::cache::{EntityEvent, EntityEvents};

/// Renders all metrics in Prometheus' text form.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;
/// Names what is not usable, with the reason; empty when everything is.
pub type Readiness = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Health {
    pub(super) readiness: Readiness,
    pub(super) shutdown: CancellationToken,
}

impl Health {
    /// 200 when requests can be answered, else 503 with what is in the way.
    pub(super) fn ready(&self) -> Response {
        let mut failures = (self.readiness)();
        if self.shutdown.is_cancelled() {
            failures.push(("gateway".to_owned(), "is shutting down".to_owned()));
        }
        if failures.is_empty() {
            return Json(json!({ "status": "ready" })).into_response();
        }
        let failures: Map<String, Value> = failures.into_iter().map(|(name, why)| (name, Value::from(why))).collect();
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "failures": failures }))).into_response()
    }
}

/// `/metrics`, `/health/live`, `/health/ready`, `/schema`, and with `evict` `/cache/evict`.
pub(super) fn router(health: Health, metrics: MetricsText, schema: SchemaView, evict: Option<EntityEvents>) -> Router {
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    let router = Router::new()
        .route("/metrics", get(move || async move { ([(CONTENT_TYPE, text)], metrics()) }))
        .route("/health/live", get(|| async { Json(json!({ "status": "alive" })) }))
        .route("/health/ready", get(move || async move { health.ready() }))
        .route("/schema", get(move || async move { Json(schema.report()) }));
    match evict {
        Some(events) => router.route("/cache/evict", post(move |body: Bytes| async move { evict_all(&events, &body) })),
        None => router,
    }
}

/// Evicts what the body names: one entity event, or a list of them. When the answer comes, it is done.
fn evict_all(events: &EntityEvents, body: &[u8]) -> Response {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Evictions {
        One(EntityEvent),
        Many(Vec<EntityEvent>),
    }
    let named = match serde_json::from_slice(body) {
        Ok(Evictions::One(event)) => vec![event],
        Ok(Evictions::Many(events)) => events,
        Err(_) => {
            let error =
                "not an entity event, such as {\"typename\":\"Product\",\"key\":{\"id\":\"1\"}}, nor a list of them";
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
        }
    };
    named.iter().for_each(|event| events.evict(event));
    Json(json!({ "evicted": named.len() })).into_response()
}

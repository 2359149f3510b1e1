//! How an operation ended: what is told beside the response, and what is counted.

use std::{sync::OnceLock, time::Duration};

use metrics::{Counter, Histogram};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Prepared;
use crate::{
    error::{GraphqlError, GraphqlResponse, code},
    operation::OperationKind,
};

/// Adds the plan and how many requests subgraphs got so far.
pub(super) fn add_debug(response: &mut GraphqlResponse, prepared: &Prepared) {
    let requests = response.subgraph_requests.iter().map(|(name, count)| (name.to_string(), Value::from(*count)));
    let details = json!({
        "subgraphRequests": requests.collect::<serde_json::Map<_, _>>(),
        "plan": prepared.known.operation.plan_text(),
        "cache": response.kept,
    });
    response.extensions.insert("selvedge".to_owned(), details);
}

pub(super) fn timed_out(timeout: Duration) -> GraphqlResponse {
    let message = format!("the request took longer than {} ms", timeout.as_millis());
    GraphqlResponse::from_errors(vec![GraphqlError::new("REQUEST_TIMEOUT", message)])
}

pub(super) fn internal_error(correlation_id: &str) -> GraphqlResponse {
    tracing::error!(correlation_id, "execution panicked");
    let error = GraphqlError::new(code::INTERNAL_SERVER_ERROR, "internal error")
        .with_extension("correlationId", correlation_id);
    GraphqlResponse::from_errors(vec![error])
}

/// Counts and times an operation.
pub(super) fn record(kind: OperationKind, response: &GraphqlResponse, started: Instant) {
    type PerKind<T> = [T; 3];
    // Looked up once each: finding a metric by its labels costs as much as a small hash map.
    static OPERATIONS: PerKind<PerKind<OnceLock<Counter>>> = [const { [const { OnceLock::new() }; 3] }; 3];
    static DURATIONS: PerKind<OnceLock<Histogram>> = [const { OnceLock::new() }; 3];
    let (outcome, outcome_number) = match (response.errors.is_empty(), response.data.is_some()) {
        (true, _) => ("ok", 0),
        (false, true) => ("partial", 1),
        (false, false) => ("failed", 2),
    };
    let name = kind.as_str();
    let per_outcome = OPERATIONS.get(kind as usize).and_then(|of_kind: &PerKind<_>| of_kind.get(outcome_number));
    if let Some(counter) = per_outcome {
        let find = || metrics::counter!("selvedge_operations_total", "kind" => name, "outcome" => outcome);
        counter.get_or_init(find).increment(1);
    }
    if let Some(histogram) = DURATIONS.get(kind as usize) {
        let find = || metrics::histogram!("selvedge_operation_duration_seconds", "kind" => name);
        histogram.get_or_init(find).record(started.elapsed());
    }
}

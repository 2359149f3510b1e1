//! Asks a running subgraph for its SDL.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use tokio::time::Instant;

use super::{CallContext, OperationKind, SubgraphBody, SubgraphRequest, SubgraphTransports, TransportError};

const QUERY: &[u8] = br#"{"query":"{ _service { sdl } }"}"#;
const PAUSE: Duration = Duration::from_millis(200);

/// Why a subgraph's SDL could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdlError {
    /// It did not answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It answered something else.
    #[error("subgraph `{subgraph}` did not tell its SDL: {answer}")]
    NoSdl {
        /// The subgraph's name.
        subgraph: String,
        /// The start of its answer.
        answer: String,
    },
}

/// Asks the subgraph `name` for its SDL (`_service`), again and again until `patience` is over: at a common start
/// the gateway is often up first.
///
/// # Errors
///
/// Why the last attempt failed.
pub async fn fetch_sdl(
    transports: &SubgraphTransports,
    name: &str,
    headers: &HeaderMap,
    patience: Duration,
) -> Result<String, SdlError> {
    let end = Instant::now() + patience;
    loop {
        match ask(transports, name, headers.clone()).await {
            Err(SdlError::Transport(_)) if Instant::now() + PAUSE < end => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
}

async fn ask(transports: &SubgraphTransports, name: &str, headers: HeaderMap) -> Result<String, SdlError> {
    let context = Arc::new(CallContext::of_gateway(headers));
    let request = SubgraphRequest::new(OperationKind::Query, Bytes::from_static(QUERY), context);
    let body = match transports.call(name, request).await?.body {
        SubgraphBody::Complete(body) => body,
        SubgraphBody::Stream(_) => Bytes::new(),
    };
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    answer.pointer("/data/_service/sdl").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| SdlError::NoSdl {
        subgraph: name.to_owned(),
        answer: String::from_utf8_lossy(body.get(..body.len().min(200)).unwrap_or_default()).into_owned(),
    })
}

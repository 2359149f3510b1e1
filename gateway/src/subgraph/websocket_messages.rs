//! The messages of graphql-transport-ws, seen from its client.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The WebSocket subprotocol.
pub(super) const SUBPROTOCOL: &str = "graphql-transport-ws";
/// The one operation of an upstream connection.
pub(super) const OPERATION_ID: &str = "1";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// What a subgraph sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Acknowledged,
    Ping,
    Pong,
    /// One GraphQL response.
    Next(Bytes),
    /// The operation failed before it started; one GraphQL response with these errors.
    Error(Bytes),
    Complete,
    Unknown,
}

impl Received {
    pub(super) fn read(text: &str) -> Self {
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(text) else { return Self::Unknown };
        let payload = envelope.payload.map_or("null", RawValue::get);
        match envelope.kind {
            "connection_ack" => Self::Acknowledged,
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            "next" => Self::Next(Bytes::copy_from_slice(payload.as_bytes())),
            "error" => Self::Error(Bytes::from(format!("{{\"errors\":{payload}}}"))),
            "complete" => Self::Complete,
            _ => Self::Unknown,
        }
    }
}

/// `connection_init` with the signed identity.
pub(super) fn connection_init(identity: Option<&str>) -> String {
    let payload =
        identity.map_or_else(|| serde_json::json!({}), |identity| serde_json::json!({ "identity": identity }));
    serde_json::json!({ "type": "connection_init", "payload": payload }).to_string()
}

/// `subscribe` with the request, which is JSON already.
pub(super) fn subscribe(request: &str) -> String {
    format!("{{\"id\":\"{OPERATION_ID}\",\"type\":\"subscribe\",\"payload\":{request}}}")
}

pub(super) const PONG: &str = "{\"type\":\"pong\"}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_message_of_a_server() {
        assert_eq!(Received::read(r#"{"type":"connection_ack"}"#), Received::Acknowledged);
        assert_eq!(
            Received::read(r#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#),
            Received::Next(Bytes::from_static(br#"{"data":{"a":1}}"#))
        );
        assert_eq!(
            Received::read(r#"{"id":"1","type":"error","payload":[{"message":"no"}]}"#),
            Received::Error(Bytes::from_static(br#"{"errors":[{"message":"no"}]}"#))
        );
        assert_eq!(Received::read(r#"{"id":"1","type":"complete"}"#), Received::Complete);
        assert_eq!(Received::read("garbage"), Received::Unknown);
    }
}

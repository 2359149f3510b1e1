//! The messages of both WebSocket protocols, seen from their client.
//!
//! graphql-transport-ws: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>; the older graphql-ws:
//! <https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md>.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Which of the two protocols a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// `graphql-transport-ws`.
    Transport,
    /// `graphql-ws` of subscriptions-transport-ws.
    Legacy,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Id<'a>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// Servers of the older protocol may give back a number as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Number(u64),
}

/// What a subgraph sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Acknowledged,
    /// The older protocol's refusal of a connection, with its payload.
    ConnectionRefused(String),
    Ping,
    /// An answer to a ping, or a sign of life.
    Alive,
    /// One GraphQL response.
    Next(u64, Bytes),
    /// The operation failed before it started; one GraphQL response with these errors.
    Error(u64, Bytes),
    Complete(u64),
}

/// A message that breaks the protocol; the text says how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Violation(pub(super) String);

/// How much of a message that is not understood goes into the log, in characters.
const LOGGED_CHARACTERS: usize = 100;

impl Wire {
    /// The WebSocket subprotocol.
    pub(super) const fn subprotocol(self) -> &'static str {
        match self {
            Self::Transport => "graphql-transport-ws",
            Self::Legacy => "graphql-ws",
        }
    }

    /// Reads a message of the subgraph.
    pub(super) fn read(self, text: &str) -> Result<Received, Violation> {
        let envelope: Envelope<'_> =
            serde_json::from_str(text).map_err(|error| violation("no message of the protocol", text, &error))?;
        let payload = || envelope.payload.map_or("null", RawValue::get);
        let id = || operation_id(envelope.id.as_ref(), text);
        match (self, &*envelope.kind) {
            (_, "connection_ack") => Ok(Received::Acknowledged),
            (Self::Transport, "ping") => Ok(Received::Ping),
            (Self::Transport, "pong") | (Self::Legacy, "ka") => Ok(Received::Alive),
            (Self::Legacy, "connection_error") => Ok(Received::ConnectionRefused(shortened(payload()))),
            (Self::Transport, "next") | (Self::Legacy, "data") => {
                Ok(Received::Next(id()?, Bytes::copy_from_slice(payload().as_bytes())))
            }
            (_, "error") => Ok(Received::Error(id()?, errors(payload()))),
            (_, "complete") => Ok(Received::Complete(id()?)),
            (_, kind) => Err(violation("an unknown type of message", text, &kind)),
        }
    }

    /// The first message, with the signed identity.
    pub(super) fn connection_init(identity: Option<&str>) -> String {
        let payload = identity.map_or_else(|| serde_json::json!({}), with_identity);
        serde_json::json!({ "type": "connection_init", "payload": payload }).to_string()
    }

    /// Starts an operation; `request` is JSON already.
    pub(super) fn start(self, id: u64, request: &str) -> String {
        let kind = match self {
            Self::Transport => "subscribe",
            Self::Legacy => "start",
        };
        format!("{{\"id\":\"{id}\",\"type\":\"{kind}\",\"payload\":{request}}}")
    }

    /// Ends an operation.
    pub(super) fn end(self, id: u64) -> String {
        let kind = match self {
            Self::Transport => "complete",
            Self::Legacy => "stop",
        };
        format!("{{\"id\":\"{id}\",\"type\":\"{kind}\"}}")
    }

    /// Asks for a sign of life; `None` when the protocol has no message for it.
    pub(super) fn ping(self, identity: Option<&str>) -> Option<String> {
        match (self, identity) {
            (Self::Legacy, _) => None,
            (Self::Transport, None) => Some("{\"type\":\"ping\"}".to_owned()),
            (Self::Transport, Some(identity)) => {
                Some(serde_json::json!({ "type": "ping", "payload": with_identity(identity) }).to_string())
            }
        }
    }
}

/// The answer to a ping.
pub(super) const PONG: &str = "{\"type\":\"pong\"}";

fn with_identity(identity: &str) -> serde_json::Value {
    serde_json::json!({ "identity": identity })
}

fn operation_id(id: Option<&Id<'_>>, text: &str) -> Result<u64, Violation> {
    match id {
        Some(Id::Number(number)) => Ok(*number),
        Some(Id::Text(id)) => id.parse().map_err(|_| violation("an id that was never given", text, &id)),
        None => Err(violation("a message without an id", text, &"`id` is missing")),
    }
}

/// A GraphQL response of nothing but errors: a list of them, or the one that the older protocol sends.
fn errors(payload: &str) -> Bytes {
    let list = payload.trim_ascii_start().starts_with('[');
    Bytes::from(if list { format!("{{\"errors\":{payload}}}") } else { format!("{{\"errors\":[{payload}]}}") })
}

fn violation(what: &str, text: &str, detail: &dyn std::fmt::Display) -> Violation {
    // A detail may quote all of the text.
    Violation(format!("{what}: {}: `{}`", shortened(&detail.to_string()), shortened(text)))
}

fn shortened(text: &str) -> String {
    text.chars().take(LOGGED_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(wire: Wire, text: &str) -> String {
        wire.read(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_every_message_of_a_server() {
        let read = |text: &str| Wire::Transport.read(text).unwrap();
        assert_eq!(read(r#"{"type":"connection_ack","payload":{"a":1}}"#), Received::Acknowledged);
        let next = Received::Next(1, Bytes::from_static(br#"{"data":{"a":1}}"#));
        assert_eq!(read(r#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#), next);
        assert_eq!(
            read(r#"{"id":"1","type":"error","payload":[{"message":"no"}]}"#),
            Received::Error(1, Bytes::from_static(br#"{"errors":[{"message":"no"}]}"#))
        );
        assert_eq!(read(r#"{"id":"7","type":"complete"}"#), Received::Complete(7));
        assert_eq!(read(r#"{"type":"ping","payload":null}"#), Received::Ping);
        assert_eq!(read(r#"{"type":"pong"}"#), Received::Alive);
        assert_eq!(read(r#"{"type":"compl\u0065te","id":"7"}"#), Received::Complete(7));
    }

    #[test]
    fn reads_every_message_of_the_older_protocol() {
        let read = |text: &str| Wire::Legacy.read(text).unwrap();
        assert_eq!(read(r#"{"type":"connection_ack"}"#), Received::Acknowledged);
        assert_eq!(read(r#"{"type":"ka"}"#), Received::Alive);
        assert_eq!(
            read(r#"{"id":1,"type":"data","payload":{"data":1}}"#),
            Received::Next(1, Bytes::from_static(br#"{"data":1}"#))
        );
        assert_eq!(
            read(r#"{"id":"1","type":"error","payload":{"message":"no"}}"#),
            Received::Error(1, Bytes::from_static(br#"{"errors":[{"message":"no"}]}"#))
        );
        let refused = read(r#"{"type":"connection_error","payload":{"message":"who?"}}"#);
        assert_eq!(refused, Received::ConnectionRefused(r#"{"message":"who?"}"#.to_owned()));
    }

    #[test]
    fn what_breaks_the_protocol_is_named() {
        assert!(wrong(Wire::Transport, "garbage").starts_with("no message of the protocol: "));
        assert!(wrong(Wire::Transport, r#"{"type":"data","id":"1"}"#).starts_with("an unknown type of message: data"));
        assert!(wrong(Wire::Transport, r#"{"type":"next"}"#).starts_with("a message without an id: "));
        assert!(wrong(Wire::Transport, r#"{"type":"next","id":"x"}"#).starts_with("an id that was never given: x"));
        assert!(wrong(Wire::Legacy, r#"{"type":"next","id":"1"}"#).starts_with("an unknown type of message: next"));
        assert!(wrong(Wire::Transport, &format!("\"{}\"", "x".repeat(10_000))).len() < 300);
    }
}

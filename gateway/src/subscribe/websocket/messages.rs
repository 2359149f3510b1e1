//! What the protocols have in common: what a client can say, and how a message is written.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Message;

use super::close::Close;
use crate::request::{GraphqlRequest, RequestError};

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum ClientMessage {
    /// It opens the connection; the token may come with it.
    Init { authorization: Option<String> },
    /// It asks for a sign of life; a token with it takes the place of the one before.
    Ping { authorization: Option<String>, payload: Option<Value> },
    /// It gives a sign of life.
    Pong,
    /// It starts an operation.
    Subscribe { id: String, request: Result<GraphqlRequest, RequestError> },
    /// It ends an operation.
    Complete { id: String },
    /// It ends the connection.
    Terminate,
}

/// A message that is not of the protocol.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    /// It ends the connection.
    Close(Close),
    /// It is answered, and nothing more.
    Answer(Message),
}

/// The JSON object in `text`.
pub(super) fn object(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// The id of the operation that `message` is about.
pub(super) fn take_id(message: &mut Map<String, Value>) -> Option<String> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id),
        _ => None,
    }
}

/// The token in a payload. It may be called `authorization` or `Authorization`: browsers can set no header on a
/// WebSocket, and clients write what they would write there.
pub(super) fn authorization_in(payload: &Map<String, Value>) -> Option<String> {
    payload.iter().find_map(|(name, value)| match value {
        Value::String(text) if name.eq_ignore_ascii_case("authorization") && !text.is_empty() => Some(text.clone()),
        _ => None,
    })
}

/// Tells when a token runs out.
pub(super) fn expiry(expires_at: Option<DateTime<Utc>>) -> Value {
    let at = expires_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    Value::Object(Map::from_iter([("expiresAt".to_owned(), Value::from(at))]))
}

/// A message without an id.
pub(super) fn plain(kind: &str, payload: Option<&Value>) -> Message {
    let mut text = String::with_capacity(64);
    text.push_str("{\"type\":\"");
    text.push_str(kind);
    text.push('"');
    if let Some(payload) = payload {
        text.push_str(",\"payload\":");
        text.push_str(&to_json(payload));
    }
    text.push('}');
    Message::text(text)
}

/// A message about an operation.
#[derive(Debug)]
pub(super) struct OfOperation<'m> {
    /// The operation's id, as it is within the quotes of JSON.
    id: Cow<'m, str>,
    kind: &'static str,
    payload: Option<Cow<'m, str>>,
}

impl<'m> OfOperation<'m> {
    /// Of the operation `id`, with a payload that is encoded already.
    pub(super) fn new(id: &'m str, kind: &'static str, payload: Option<Cow<'m, str>>) -> Self {
        Self { id: escaped(id), kind, payload }
    }

    /// Its text, in parts.
    pub(super) fn parts(&self) -> [&str; 8] {
        let payload = self.payload.as_deref().map_or(["", ""], |payload| [",\"payload\":", payload]);
        ["{\"id\":\"", &self.id, "\",\"type\":\"", self.kind, "\"", payload[0], payload[1], "}"]
    }
}

impl From<OfOperation<'_>> for Message {
    fn from(message: OfOperation<'_>) -> Self {
        Self::text(message.parts().concat())
    }
}

/// The text of an encoded response. Responses come from our own encoder or through its parser; anything else would have
/// no text form.
pub(super) fn response_text(response: &Bytes) -> &str {
    std::str::from_utf8(response).unwrap_or("null")
}

/// A string as it is within the quotes of JSON.
fn escaped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')) {
        return Cow::Borrowed(text);
    }
    let json = to_json(text);
    let within = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    within.map_or(Cow::Borrowed(text), |within| Cow::Owned(within.to_owned()))
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

//! The messages of the protocol, seen from its server.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Message;

use super::close::Close;
use crate::{
    error::GraphqlError,
    request::{GraphqlRequest, RequestError},
};

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum ClientMessage {
    Init { authorization: Option<String> },
    Ping { payload: Option<Value> },
    Pong,
    Subscribe { id: String, request: Result<GraphqlRequest, RequestError> },
    Complete { id: String },
}

impl ClientMessage {
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err(Close::BadMessage("the message is not a JSON object"));
        };
        let payload = message.remove("payload");
        match message.get("type").and_then(Value::as_str) {
            Some("connection_init") => init(payload),
            Some("ping") => Ok(Self::Ping { payload }),
            Some("pong") => Ok(Self::Pong),
            Some("subscribe") => {
                let payload = payload.ok_or(Close::BadMessage("subscribe needs a payload"))?;
                Ok(Self::Subscribe { id: id(&mut message)?, request: GraphqlRequest::from_json(payload) })
            }
            Some("complete") => Ok(Self::Complete { id: id(&mut message)? }),
            _ => Err(Close::BadMessage("the message has no known type")),
        }
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(Close::BadMessage("the message needs an id")),
    }
}

/// The token may come as `authorization` or `Authorization`, since browsers can set no header on a WebSocket.
fn init(payload: Option<Value>) -> Result<ClientMessage, Close> {
    match payload {
        None | Some(Value::Null) => Ok(ClientMessage::Init { authorization: None }),
        Some(Value::Object(payload)) => {
            let mut entries = payload.into_iter();
            let authorization = entries.find_map(|(name, value)| match value {
                Value::String(text) if name.eq_ignore_ascii_case("authorization") && !text.is_empty() => Some(text),
                _ => None,
            });
            Ok(ClientMessage::Init { authorization })
        }
        Some(_) => Err(Close::BadMessage("the payload of connection_init must be an object")),
    }
}

pub(super) fn acknowledge() -> Message {
    Message::text("{\"type\":\"connection_ack\"}")
}

pub(super) fn pong(payload: Option<Value>) -> Message {
    let mut pong = serde_json::json!({ "type": "pong" });
    if let (Some(payload), Value::Object(message)) = (payload, &mut pong) {
        message.insert("payload".to_owned(), payload);
    }
    Message::text(pong.to_string())
}

/// `next` around a response that is encoded already.
pub(super) fn next(id: &str, response: &Bytes) -> Message {
    let mut text = String::with_capacity(response.len() + id.len() + 48);
    begin(&mut text, id, "next");
    text.push_str(",\"payload\":");
    // Responses come from our own encoder or through its parser; anything else would have no text form.
    text.push_str(std::str::from_utf8(response).unwrap_or("null"));
    text.push('}');
    Message::text(text)
}

/// `error`: the operation never ran.
pub(super) fn error(id: &str, errors: &[GraphqlError]) -> Message {
    let mut text = String::new();
    begin(&mut text, id, "error");
    text.push_str(",\"payload\":");
    text.push_str(&to_json(errors));
    text.push('}');
    Message::text(text)
}

/// `complete`: nothing follows.
pub(super) fn complete(id: &str) -> Message {
    let mut text = String::new();
    begin(&mut text, id, "complete");
    text.push('}');
    Message::text(text)
}

fn begin(text: &mut String, id: &str, kind: &str) {
    text.push_str("{\"id\":");
    text.push_str(&to_json(id));
    text.push_str(",\"type\":\"");
    text.push_str(kind);
    text.push('"');
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_clients_are_read() {
        let init = ClientMessage::read(r#"{"type":"connection_init","payload":{"Authorization":"Bearer x"}}"#);
        assert_eq!(init, Ok(ClientMessage::Init { authorization: Some("Bearer x".to_owned()) }));
        assert_eq!(ClientMessage::read(r#"{"type":"pong"}"#), Ok(ClientMessage::Pong));
        assert_eq!(
            ClientMessage::read(r#"{"type":"complete","id":"1"}"#),
            Ok(ClientMessage::Complete { id: "1".to_owned() })
        );
        for bad in ["x", "[]", "{}", r#"{"type":"nope"}"#, r#"{"type":"subscribe","id":"1"}"#, r#"{"type":"complete"}"#]
        {
            assert!(matches!(ClientMessage::read(bad), Err(Close::BadMessage(_))), "{bad}");
        }
    }

    #[test]
    fn ids_are_escaped() {
        let message = next("a\"b", &Bytes::from_static(b"{\"data\":1}"));
        assert_eq!(message, Message::text(r#"{"id":"a\"b","type":"next","payload":{"data":1}}"#));
        assert_eq!(complete("1"), Message::text(r#"{"id":"1","type":"complete"}"#));
    }
}

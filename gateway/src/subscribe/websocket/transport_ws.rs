//! graphql-transport-ws, seen from its server.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Message;

use super::{
    close::Close,
    messages::{self, ClientMessage, Fault, OfOperation, authorization_in, expiry, take_id, to_json},
};
use crate::{error::GraphqlError, request::GraphqlRequest};

/// Reads a message; one that is not of the protocol ends the connection.
pub(super) fn read(text: &str) -> Result<ClientMessage, Fault> {
    let mut message = messages::object(text).ok_or_else(|| bad("the message is not a JSON object"))?;
    let payload = message.remove("payload");
    match message.get("type").and_then(Value::as_str) {
        Some("connection_init") => {
            let payload = details(payload, "the payload of connection_init must be an object")?;
            Ok(ClientMessage::Init { authorization: payload.as_ref().and_then(authorization_in) })
        }
        Some("ping") => {
            let payload = details(payload, "the payload of ping must be an object")?;
            let authorization = payload.as_ref().and_then(authorization_in);
            Ok(ClientMessage::Ping { authorization, payload: payload.map(Value::Object) })
        }
        Some("pong") => details(payload, "the payload of pong must be an object").map(|_| ClientMessage::Pong),
        Some("subscribe") => {
            let id = take_id(&mut message).ok_or_else(|| bad("subscribe needs an id"))?;
            let payload = payload.ok_or_else(|| bad("subscribe needs a payload"))?;
            let request = GraphqlRequest::from_json(payload).map_err(|error| bad(&error.to_string()))?;
            Ok(ClientMessage::Subscribe { id, request: Ok(request) })
        }
        Some("complete") => {
            let id = take_id(&mut message).ok_or_else(|| bad("complete needs an id"))?;
            Ok(ClientMessage::Complete { id })
        }
        _ => Err(bad("the message has no known type")),
    }
}

fn bad(what: &str) -> Fault {
    Fault::Close(Close::BadMessage(what.to_owned()))
}

fn details(payload: Option<Value>, wrong: &'static str) -> Result<Option<Map<String, Value>>, Fault> {
    match payload {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(details)) => Ok(Some(details)),
        Some(_) => Err(bad(wrong)),
    }
}

pub(super) fn acknowledge(expires_at: Option<DateTime<Utc>>) -> Message {
    messages::plain("connection_ack", expires_at.map(|at| expiry(Some(at))).as_ref())
}

pub(super) fn pong(payload: Option<&Value>) -> Message {
    messages::plain("pong", payload)
}

/// `next` around a response that is encoded already.
pub(super) fn next<'m>(id: &'m str, response: &'m Bytes) -> OfOperation<'m> {
    OfOperation::new(id, "next", Some(messages::response_text(response).into()))
}

/// `error`: the operation never ran.
pub(super) fn error<'m>(id: &'m str, errors: &[GraphqlError]) -> OfOperation<'m> {
    OfOperation::new(id, "error", Some(to_json(errors).into()))
}

/// `complete`: nothing follows.
pub(super) fn complete(id: &str) -> OfOperation<'_> {
    OfOperation::new(id, "complete", None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_of_clients_are_read() {
        let bearer = || Some("Bearer x".to_owned());
        let init = read(r#"{"type":"connection_init","payload":{"Authorization":"Bearer x"}}"#);
        assert_eq!(init, Ok(ClientMessage::Init { authorization: bearer() }));
        assert_eq!(read(r#"{"type":"pong"}"#), Ok(ClientMessage::Pong));
        assert_eq!(read(r#"{"type":"complete","id":"1"}"#), Ok(ClientMessage::Complete { id: "1".to_owned() }));
        let payload = Some(json!({ "authorization": "Bearer x" }));
        let ping = read(r#"{"type":"ping","payload":{"authorization":"Bearer x"}}"#);
        assert_eq!(ping, Ok(ClientMessage::Ping { authorization: bearer(), payload }));
        for bad in [
            "x",
            "[]",
            "{}",
            r#"{"type":"nope"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","payload":[]}"#,
            r#"{"type":"pong","payload":"x"}"#,
        ] {
            assert!(matches!(read(bad), Err(Fault::Close(Close::BadMessage(_)))), "{bad}");
        }
    }

    #[test]
    fn ids_are_escaped() {
        let response = Bytes::from_static(b"{\"data\":1}");
        let message = next("a\"b", &response);
        assert_eq!(Message::from(message), Message::text(r#"{"id":"a\"b","type":"next","payload":{"data":1}}"#));
        assert_eq!(Message::from(complete("1")), Message::text(r#"{"id":"1","type":"complete"}"#));
    }

    #[test]
    fn whoever_has_a_token_is_told_its_end() {
        assert_eq!(acknowledge(None), Message::text(r#"{"type":"connection_ack"}"#));
        let told = r#"{"type":"connection_ack","payload":{"expiresAt":"2027-01-15T08:00:00.000Z"}}"#;
        assert_eq!(acknowledge(DateTime::from_timestamp(1_800_000_000, 0)), Message::text(told));
    }
}

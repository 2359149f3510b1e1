//! graphql-ws, the subprotocol of subscriptions-transport-ws, seen from its server.
//!
//! Protocol: <https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md>. It has no close
//! codes of its own: a connection that is refused is told why by `connection_error`, and closed with the code that the
//! newer protocol has for the same.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{
    close::Close,
    messages::{self, ClientMessage, Fault, OfOperation, authorization_in, expiry, take_id, to_json},
};
use crate::{
    error::GraphqlError,
    request::{GraphqlRequest, RequestError},
};

/// Reads a message; one that is not of the protocol is answered, and the connection lives.
pub(super) fn read(text: &str) -> Result<ClientMessage, Fault> {
    let mut message = messages::object(text).ok_or_else(|| refused("the message is not a JSON object"))?;
    let payload = message.remove("payload");
    let id = take_id(&mut message);
    match message.get("type").and_then(Value::as_str) {
        Some("connection_init") => {
            let authorization = payload.as_ref().and_then(Value::as_object).and_then(authorization_in);
            Ok(ClientMessage::Init { authorization })
        }
        Some("start") => {
            let id = id.ok_or_else(|| refused("start needs an id"))?;
            let missing = RequestError::BadParameter { parameter: "payload", expected: "a JSON object" };
            let request = payload.ok_or(missing).and_then(GraphqlRequest::from_json);
            Ok(ClientMessage::Subscribe { id, request })
        }
        Some("stop") => Ok(ClientMessage::Complete { id: id.ok_or_else(|| refused("stop needs an id"))? }),
        Some("connection_terminate") => Ok(ClientMessage::Terminate),
        _ => Err(match id {
            Some(id) => {
                let unknown = GraphqlError::new("BAD_REQUEST", "the message has no known type");
                Fault::Answer(error(&id, &[unknown]).into())
            }
            None => refused("the message has no known type"),
        }),
    }
}

fn refused(why: &str) -> Fault {
    Fault::Answer(connection_error(why, "BAD_REQUEST"))
}

pub(super) fn acknowledge(expires_at: Option<DateTime<Utc>>) -> Message {
    messages::plain("connection_ack", expires_at.map(|at| expiry(Some(at))).as_ref())
}

pub(super) fn keep_alive() -> Message {
    messages::plain("ka", None)
}

/// `data` around a response that is encoded already.
pub(super) fn data<'m>(id: &'m str, response: &'m Bytes) -> OfOperation<'m> {
    OfOperation::new(id, "data", Some(messages::response_text(response).into()))
}

/// `error`: the operation never ran. Its payload is one error; where there are more, all are in its `errors`.
pub(super) fn error<'m>(id: &'m str, errors: &[GraphqlError]) -> OfOperation<'m> {
    let mut payload = errors.first().map(|first| json!(first)).unwrap_or_else(|| json!({ "message": "unknown error" }));
    if let (Value::Object(payload), 2..) = (&mut payload, errors.len()) {
        payload.insert("errors".to_owned(), json!(errors));
    }
    OfOperation::new(id, "error", Some(to_json(&payload).into()))
}

pub(super) fn complete(id: &str) -> OfOperation<'_> {
    OfOperation::new(id, "complete", None)
}

/// `connection_error`, where the client did or lacks something.
pub(super) fn farewell(close: &Close) -> Option<Message> {
    let code = match close {
        Close::Forbidden(_) | Close::Unauthorized | Close::InitTimeout => "UNAUTHENTICATED",
        Close::TryLater(reached) => reached.limit.code(),
        Close::BadMessage(_) | Close::DuplicateId(_) | Close::TooManyInits => "BAD_REQUEST",
        Close::Normal
        | Close::GoingAway
        | Close::BadFrame
        | Close::BadText
        | Close::TooLarge
        | Close::SubprotocolNotAcceptable => return None,
    };
    Some(connection_error(&close.frame().reason, code))
}

fn connection_error(message: &str, code: &str) -> Message {
    let extensions = Map::from_iter([("code".to_owned(), Value::from(code))]);
    messages::plain("connection_error", Some(&json!({ "message": message, "extensions": extensions })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_clients_are_read() {
        let init = read(r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#);
        assert_eq!(init, Ok(ClientMessage::Init { authorization: Some("Bearer x".to_owned()) }));
        assert_eq!(read(r#"{"type":"stop","id":"1"}"#), Ok(ClientMessage::Complete { id: "1".to_owned() }));
        assert_eq!(read(r#"{"type":"connection_terminate"}"#), Ok(ClientMessage::Terminate));
        let start = read(r#"{"type":"start","id":"1","payload":{"query":"{a}","variables":null}}"#);
        assert!(matches!(start, Ok(ClientMessage::Subscribe { id, request: Ok(_) }) if id == "1"));
        let start = read(r#"{"type":"start","id":"1","payload":{}}"#);
        assert!(matches!(start, Ok(ClientMessage::Subscribe { request: Err(_), .. })));
    }

    #[test]
    fn what_is_not_of_the_protocol_is_answered() {
        let answer = |text| match read(text) {
            Err(Fault::Answer(message)) => message.into_text().unwrap().to_string(),
            other => panic!("{other:?}"),
        };
        for bad in ["x", "[]", "{}", r#"{"type":"start"}"#, r#"{"type":"subscribe"}"#] {
            assert!(answer(bad).starts_with(r#"{"type":"connection_error","payload":{"#), "{bad}");
        }
        assert!(answer(r#"{"type":"subscribe","id":"7"}"#).starts_with(r#"{"id":"7","type":"error","payload":{"#));
    }

    #[test]
    fn an_error_is_one_and_names_all() {
        let errors = [GraphqlError::new("A", "first"), GraphqlError::new("B", "second")];
        let text = |errors: &[GraphqlError]| error("1", errors).parts().concat();
        let one: Value = serde_json::from_str(&text(&errors[..1])).unwrap();
        assert_eq!(one["payload"], json!({ "message": "first", "extensions": { "code": "A" } }));
        let two: Value = serde_json::from_str(&text(&errors)).unwrap();
        assert_eq!(two["payload"]["message"], "first");
        assert_eq!(two["payload"]["errors"][1]["message"], "second");
    }
}

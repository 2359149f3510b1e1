//! What a subgraph may send that it should not.

use std::{net::SocketAddr, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::derive_accept_key,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::upstream_support::{
    BODY, Do, LiveSubgraph, Manners, config, end, eventually, item, next, open, subscription, transport,
};

/// The end of an operation after the subgraph has sent `frames`, and the code with which the gateway closed.
async fn ended_by(frames: Vec<Message>) -> (String, Option<u16>) {
    let subgraph = LiveSubgraph::start().await;
    let mut config = config(|_| {});
    config.max_response_bytes = 1_000;
    let transport = transport(&subgraph.url(), &config);
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
    subgraph.tell(Do::Frames(frames));
    let error = end(&mut events).await.unwrap();
    eventually("the connection is closed", || subgraph.open_sockets() == 0).await;
    let close = subgraph.sockets()[0].lock().unwrap().close;
    (error.reason().map_or_else(|| error.to_string(), str::to_owned), close)
}

fn frame(data: &'static [u8], opcode: Data, is_final: bool) -> Message {
    Message::Frame(Frame::message(data, OpCode::Data(opcode), is_final))
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_the_connection_and_is_named() {
    let text = |text: &str| vec![Message::text(text)];
    let violation = |what: &str| format!("the subgraph broke the protocol: {what}");
    for (frames, reason) in [
        (text("garbage"), "no message of the protocol: "),
        (text("{\"type\":\"data\",\"id\":\"1\"}"), "an unknown type of message: data"),
        (text("{\"type\":\"next\",\"payload\":{}}"), "a message without an id"),
        (text("{\"type\":\"next\",\"id\":\"abc\",\"payload\":{}}"), "an id that was never given: abc"),
        (
            text("{\"type\":\"next\",\"id\":\"7\",\"payload\":{}}"),
            "a message for the operation 7, which was never started",
        ),
        (text("{\"type\":\"complete\",\"id\":\"0\"}"), "a message for the operation 0, which was never started"),
        (vec![Message::binary(&b"{\"type\":\"pong\"}"[..])], "a binary message"),
    ] {
        let (told, close) = ended_by(frames).await;
        assert!(told.starts_with(&violation(reason)), "{told}");
        assert_eq!(close, Some(4004), "{reason}");
    }
}

#[tokio::test]
async fn text_that_is_none_and_frames_that_break_the_rules_end_the_connection() {
    let (told, _) = ended_by(vec![frame(b"{\"type\":\"\xff\"}", Data::Text, true)]).await;
    assert!(told.starts_with("the subgraph broke the protocol: "), "{told}");
    let (told, _) = ended_by(vec![frame(b"lost", Data::Continue, true)]).await;
    assert!(told.starts_with("the subgraph broke the protocol: "), "{told}");
}

#[tokio::test]
async fn an_event_that_is_too_large_ends_its_subscription_and_one_far_beyond_the_connection() {
    let subgraph = LiveSubgraph::start().await;
    let mut config = config(|_| {});
    config.max_response_bytes = 1_000;
    let transport = transport(&subgraph.url(), &config);
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    let mut other = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!((next(&mut events).await, next(&mut other).await), (0, 0));
    let large = |bytes: usize| json!({ "id": "1", "type": "next", "payload": { "data": "x".repeat(bytes) } });
    subgraph.tell(Do::Frames(vec![Message::text(large(1_500).to_string())]));
    assert_eq!(end(&mut events).await.unwrap().code(), "SUBGRAPH_RESPONSE_TOO_LARGE");
    subgraph.publish(1);
    assert_eq!(next(&mut other).await, 1);
    subgraph.tell(Do::Frames(vec![Message::text(large(50_000).to_string())]));
    assert_eq!(end(&mut other).await.unwrap().code(), "SUBGRAPH_RESPONSE_TOO_LARGE");
}

#[tokio::test]
async fn a_frame_that_says_to_be_huge_is_not_made_room_for() {
    let mut config = config(|_| {});
    config.max_response_bytes = 1_000;
    // A text frame of 2^40 bytes, of which none comes.
    let header = [0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0];
    let transport = transport(&raw(header.to_vec()).await, &config);
    // It comes right behind the acknowledgement, so that the connection may break before anybody has a place on it.
    let error = match open(&transport, subscription(None, BODY)).await {
        Ok(mut events) => end(&mut events).await.unwrap(),
        Err(error) => error,
    };
    assert_eq!(error.code(), "SUBGRAPH_RESPONSE_TOO_LARGE");
}

#[tokio::test]
async fn fragments_make_one_message_and_late_events_are_no_offence() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    let gone = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
    drop(gone);
    subgraph.tell(Do::Frames(vec![
        Message::text("{\"type\":\"next\",\"id\":\"2\",\"payload\":{\"data\":{\"n\":1}}}"),
        Message::text("{\"type\":\"complete\",\"id\":\"2\"}"),
        frame(b"{\"type\":\"next\",\"id\":\"1\",\"pay", Data::Text, false),
        Message::Ping(vec![1].into()),
        frame(b"load\":{\"data\":{\"n\":", Data::Continue, false),
        frame(b"9}}}", Data::Continue, true),
        Message::text("{\"type\":\"connection_ack\"}"),
        Message::text("{\"type\":\"error\",\"id\":\"1\",\"payload\":[{\"message\":\"over\"}]}"),
        Message::text("{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":{\"n\":10}}}"),
    ]));
    assert_eq!(next(&mut events).await, 9);
    let errors = item(&mut events).await.unwrap().unwrap();
    assert_eq!(errors, "{\"errors\":[{\"message\":\"over\"}]}");
    assert!(item(&mut events).await.is_none());
    assert_eq!(subgraph.open_sockets(), 1);
}

#[tokio::test]
async fn messages_before_the_acknowledgement_are_refused_unless_they_are_pings() {
    let early = |frames: Vec<&str>| {
        let frames = frames.into_iter().map(Message::text).collect();
        Manners { instead_of_ack: Some(frames), ..Manners::default() }
    };
    let subgraph = LiveSubgraph::start_with(early(vec!["{\"type\":\"next\",\"id\":\"1\",\"payload\":{}}"])).await;
    let error = open(&transport(&subgraph.url(), &config(|_| {})), subscription(None, BODY)).await.err().unwrap();
    assert_eq!(
        error.reason(),
        Some("the subgraph broke the protocol: a message of an operation before connection_ack")
    );
    let subgraph = LiveSubgraph::start_with(early(vec!["{\"type\":\"ping\"}", "{\"type\":\"connection_ack\"}"])).await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
}

/// A server that makes the handshake, acknowledges, and then sends `bytes` as they are; its address.
async fn raw(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 8 * 1024];
                let read = stream.read(&mut head).await.unwrap_or_default();
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let key = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
                });
                let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-accept: {accept}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
                );
                let ack = b"\x81\x19{\"type\":\"connection_ack\"}";
                let answer = [answer.as_bytes(), ack, &bytes].concat();
                let _ = stream.write_all(&answer).await;
                // Until the gateway is gone.
                let mut rest = [0; 1_024];
                while let Ok(1..) = stream.read(&mut rest).await {}
            });
        }
    });
    format!("http://{address}/graphql")
}

#[test]
fn no_bytes_at_all_are_fatal() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 64, ..ProptestConfig::default() });
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    runner
        .run(&bytes, |bytes| {
            runtime.block_on(async {
                let mut config = config(|config| (config.heartbeat_ms, config.heartbeat_timeout_ms) = (50, 50));
                config.max_response_bytes = 1_000;
                let transport = transport(&raw(bytes).await, &config);
                if let Ok(mut events) = open(&transport, subscription(None, BODY)).await {
                    // It ends, whatever comes: by the bytes, or since nothing follows them.
                    tokio::time::timeout(Duration::from_secs(5), end(&mut events)).await.unwrap();
                }
            });
            Ok(())
        })
        .unwrap();
}

/// A message of the protocol that may come at the wrong time, for the wrong operation, or with the wrong contents.
fn any_message() -> impl Strategy<Value = Message> {
    let kinds =
        ["next", "error", "complete", "ping", "pong", "connection_ack", "ka", "data", "connection_error", "\u{0}"];
    let ids =
        [json!(null), json!("1"), json!("2"), json!("3"), json!("01"), json!("-1"), json!(1), json!([1]), json!("")];
    let payloads =
        [json!(null), json!({}), json!([]), json!("x"), json!({ "data": { "n": 1 } }), json!([{}]), json!(1e300)];
    let fields = (prop::sample::select(kinds.to_vec()), prop::sample::select(ids.to_vec()));
    let text =
        (fields, prop::sample::select(payloads.to_vec()), any::<bool>()).prop_map(|((kind, id), payload, whole)| {
            let message = if whole {
                json!({ "type": kind, "id": id, "payload": payload })
            } else {
                json!({ "type": kind, "id": id })
            };
            Message::text(message.to_string())
        });
    prop_oneof![
        20 => text,
        1 => Just(Message::Ping(vec![7; 125].into())),
        1 => Just(Message::Pong(vec![].into())),
        1 => Just(Message::binary(&b"x"[..])),
        1 => any::<String>().prop_map(Message::text),
    ]
}

#[test]
fn whatever_a_subgraph_says_the_next_subscription_is_served() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 100, ..ProptestConfig::default() });
    let (subgraph, transport) = runtime.block_on(async {
        let subgraph = LiveSubgraph::start().await;
        let transport = transport(&subgraph.url(), &config(|config| config.max_backoff_ms = 10));
        (subgraph, transport)
    });
    runner
        .run(&prop::collection::vec(any_message(), 1..12), |messages| {
            runtime.block_on(async {
                let mut first = open(&transport, subscription(None, BODY)).await.unwrap();
                let second = open(&transport, subscription(None, BODY)).await.unwrap();
                subgraph.tell(Do::Frames(messages));
                // Whether they are ended is up to what was said; it is told, or they go on.
                let _ = tokio::time::timeout(Duration::from_millis(20), end(&mut first)).await;
                drop((first, second));
                let mut next_one = open(&transport, subscription(None, BODY)).await;
                for _ in 0..20 {
                    if let Ok(events) = &mut next_one
                        && item(events).await.is_some_and(|event| event.is_ok())
                    {
                        return;
                    }
                    next_one = open(&transport, subscription(None, BODY)).await;
                }
                panic!("nothing is served any more");
            });
            Ok(())
        })
        .unwrap();
}

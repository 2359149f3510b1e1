//! What breaks, and what is told.

use std::{sync::atomic::Ordering, time::Duration};

use selvedge_gateway::subgraph::TransportError;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::upstream_support::{
    BODY, Do, LiveSubgraph, Manners, config, end, eventually, next, open, subscription, transport,
};

async fn not_opened(manners: Manners) -> TransportError {
    let subgraph = LiveSubgraph::start_with(manners).await;
    let transport = transport(&subgraph.url(), &config(|config| config.opening_timeout_ms = 300));
    open(&transport, subscription(None, BODY)).await.err().unwrap()
}

fn refused(error: &TransportError) -> &str {
    match error {
        TransportError::Refused { reason, .. } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_subgraph_that_refuses_is_quoted() {
    let close = |code: u16| Manners {
        instead_of_ack: Some(vec![Message::Close(Some(tokio_tungstenite::tungstenite::protocol::CloseFrame {
            code: code.into(),
            reason: "who are you".into(),
        }))]),
        ..Manners::default()
    };
    assert_eq!(refused(&not_opened(close(4403)).await), "closed with 4403 who are you");
    let status = |status: u16| Manners { status: Some(status), ..Manners::default() };
    assert_eq!(refused(&not_opened(status(401)).await), "HTTP status 401 instead of a WebSocket");
    let other = Manners { subprotocol: "another", ..Manners::default() };
    assert_eq!(refused(&not_opened(other).await), "it does not speak the subprotocol");

    // What may pass is no refusal.
    let error = not_opened(status(503)).await;
    assert_eq!(
        (error.code(), error.reason()),
        ("SUBGRAPH_UNREACHABLE", Some("HTTP status 503 instead of a WebSocket"))
    );
    let error = not_opened(close(1013)).await;
    assert_eq!((error.code(), error.reason()), ("SUBGRAPH_UNREACHABLE", Some("closed with 1013 who are you")));
}

#[tokio::test]
async fn an_acknowledgement_that_does_not_come_is_not_waited_for() {
    let error = not_opened(Manners { instead_of_ack: Some(vec![]), ..Manners::default() }).await;
    assert_eq!((error.code(), error.reason()), ("SUBGRAPH_UNREACHABLE", Some("no connection within 300 ms")));
}

#[tokio::test]
async fn a_half_open_connection_is_noticed() {
    let subgraph = LiveSubgraph::start().await;
    let transport =
        transport(&subgraph.url(), &config(|config| (config.heartbeat_ms, config.heartbeat_timeout_ms) = (200, 200)));
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(subgraph.sockets()[0].lock().unwrap().pings.len() >= 2, "silence alone breaks nothing");
    subgraph.publish(1);
    assert_eq!(next(&mut events).await, 1);

    subgraph.tell(Do::Freeze);
    let frozen_at = tokio::time::Instant::now();
    let error = end(&mut events).await.unwrap();
    assert!(frozen_at.elapsed() < Duration::from_millis(1_000), "{:?}", frozen_at.elapsed());
    assert!(error.reason().unwrap().starts_with("nothing was heard for "), "{error:?}");
    // And the next one gets another.
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 1);
}

#[tokio::test]
async fn a_subgraph_that_is_away_is_tried_once_at_a_time_with_pauses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Takes connections and drops them.
    let attempts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&attempts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let config = config(|config| (config.backoff_ms, config.max_backoff_ms) = (100, 400));
    let transport = transport(&format!("http://{address}/graphql"), &config);
    let until = tokio::time::Instant::now() + Duration::from_secs(2);
    let clients = (0..200).map(|index| {
        let transport = transport.clone();
        let subject = format!("user-{}", index % 20);
        async move {
            while tokio::time::Instant::now() < until {
                let error = open(&transport, subscription(Some(&subject), BODY)).await.err().unwrap();
                assert_eq!(error.code(), "SUBGRAPH_UNREACHABLE");
            }
        }
    });
    futures::future::join_all(clients).await;
    let attempts = attempts.load(Ordering::SeqCst);
    // Of twenty callers at once; then one at a time: 2 s with pauses of 50 to 400 ms.
    assert!((5..=50).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn a_request_that_makes_the_subgraph_close_connections_does_so_alone() {
    let manners = Manners { refuses: Some(("poison", 4400)), ..Manners::default() };
    let subgraph = LiveSubgraph::start_with(manners).await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let poison = "{\"query\":\"subscription { poison }\"}";
    let mut others = Vec::new();
    for _ in 0..5 {
        let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
        assert_eq!(next(&mut events).await, 0);
        others.push(events);
    }
    // Nobody knew it yet.
    let mut poisoned = open(&transport, subscription(None, poison)).await.unwrap();
    let error = end(&mut poisoned).await.unwrap();
    assert_eq!((error.code(), error.reason()), ("SUBGRAPH_INTERRUPTED", Some("closed with 4400 as the test wants")));
    for events in &mut others {
        assert_eq!(end(events).await.unwrap().code(), "SUBGRAPH_INTERRUPTED");
        *events = open(&transport, subscription(None, BODY)).await.unwrap();
        assert_eq!(next(events).await, 0);
    }
    for _ in 0..3 {
        let error = open(&transport, subscription(None, poison)).await.err().unwrap();
        assert_eq!(refused(&error), "closed with 4400 as the test wants");
    }
    subgraph.publish(1);
    for events in &mut others {
        assert_eq!(next(events).await, 1);
    }
}

#[tokio::test]
async fn an_attempt_outlives_who_began_it() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|config| config.linger_ms = 60_000));
    let mut abandoned = Box::pin(open(&transport, subscription(None, BODY)));
    assert!(futures::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    eventually("the connection is there", || subgraph.open_sockets() == 1).await;
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
    assert_eq!(subgraph.world.connections.load(Ordering::SeqCst), 1);
}

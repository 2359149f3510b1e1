//! Connections that outlive the identity that they were opened with.

use std::time::Duration;

use selvedge_gateway::{config::IdentityRenewal, subgraph::TransportError};

use crate::upstream_support::{
    BODY, Do, LiveSubgraph, config, end, eventually, follow, next, open, subscription, subscription_with, transport,
};

const LIFETIME: Option<Duration> = Some(Duration::from_millis(400));

#[tokio::test]
async fn a_fresh_identity_is_sent_before_the_old_one_ends() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut events = open(&transport, subscription_with(Some("ann"), BODY, LIFETIME)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
    tokio::time::sleep(Duration::from_millis(900)).await;
    let seen = subgraph.sockets();
    assert_eq!(seen.len(), 1);
    let mut tokens = vec![seen[0].lock().unwrap().init["identity"].clone()];
    tokens.extend(seen[0].lock().unwrap().pings.iter().map(|payload| payload["identity"].clone()));
    assert!((4..=6).contains(&tokens.len()), "{tokens:?}");
    assert!(tokens.iter().all(|token| token.as_str().unwrap().starts_with("ann.")), "{tokens:?}");
    tokens.dedup();
    assert!(tokens.len() >= 4, "each is signed anew: {tokens:?}");
    subgraph.publish(1);
    assert_eq!(next(&mut events).await, 1);
}

#[tokio::test]
async fn or_all_move_to_a_connection_with_a_fresh_one_and_nobody_sees_anything() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|config| config.identity_renewal = IdentityRenewal::Reconnect));
    let mut followers: Vec<_> = (0..50).map(|_| follow(transport.clone(), Some("ann"), LIFETIME)).collect();
    eventually("all are open", || subgraph.operations() == 50).await;
    for value in 1..=30 {
        subgraph.publish(value);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(subgraph.sockets().len() >= 3, "{}", subgraph.sockets().len());
    for follower in &mut followers {
        let mut last = 0;
        while last < 30 {
            let value = tokio::time::timeout(Duration::from_secs(5), follower.recv()).await.unwrap().unwrap().unwrap();
            assert!(value >= last);
            last = value;
        }
    }
    // Those that were left are closed, cleanly.
    eventually("old connections are closed", || subgraph.open_sockets() <= 2).await;
    let closed = subgraph.sockets().into_iter().filter(|seen| !seen.lock().unwrap().is_open);
    assert!(closed.into_iter().all(|seen| seen.lock().unwrap().close == Some(1000)));
}

#[tokio::test]
async fn a_subgraph_that_ends_a_connection_with_its_identity_is_subscribed_to_again() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut events = open(&transport, subscription(Some("ann"), BODY)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    subgraph.tell(Do::Close(4403));
    let error = end(&mut events).await.unwrap();
    assert!(matches!(error, TransportError::Resubscribe { .. }), "{error:?}");

    // One that ends each connection at once is not a reason to connect for ever.
    let mut events = open(&transport, subscription(Some("ann"), BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
    subgraph.tell(Do::Close(4403));
    let error = end(&mut events).await.unwrap();
    assert!(matches!(&error, TransportError::Interrupted { reason, .. } if reason.contains("4403")), "{error:?}");
}

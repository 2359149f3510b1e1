//! Many subscriptions on one connection.

use std::{sync::atomic::Ordering, time::Duration};

use futures::future::{join_all, try_join_all};
use http::{HeaderName, HeaderValue};

use crate::upstream_support::{
    BODY, LiveSubgraph, config, end, eventually, item, next, open, subscription, transport, value_of,
};

#[tokio::test]
async fn a_thousand_subscriptions_share_one_connection_and_each_gets_its_events_in_order() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let open_all = (0..1_000).map(|_| open(&transport, subscription(None, BODY)));
    let mut streams = try_join_all(open_all).await.unwrap();
    eventually("all are open", || subgraph.operations() == 1_000).await;
    assert_eq!((subgraph.open_sockets(), subgraph.world.connections.load(Ordering::SeqCst)), (1, 1));
    for value in 1..=100 {
        subgraph.publish(value);
    }
    let read_all = streams.iter_mut().map(async |events| {
        let mut values = Vec::new();
        while values.last() != Some(&100) {
            values.push(next(events).await);
        }
        values
    });
    for values in join_all(read_all).await {
        assert!(values.is_sorted() && values.len() == 101, "{values:?}");
    }
    let started = subgraph.sockets()[0].lock().unwrap().started.clone();
    let correlations: std::collections::HashSet<_> =
        started.iter().map(|message| message["payload"]["extensions"]["correlationId"].to_string()).collect();
    assert!(correlations.len() > 900, "each tells its own request: {}", correlations.len());
}

#[tokio::test]
async fn beyond_what_one_connection_takes_there_is_another() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|config| config.max_operations = 10));
    let mut streams = Vec::new();
    for _ in 0..25 {
        streams.push(open(&transport, subscription(None, BODY)).await.unwrap());
    }
    eventually("all are open", || subgraph.operations() == 25).await;
    let mut counts: Vec<usize> = subgraph.sockets().iter().map(|seen| seen.lock().unwrap().operations.len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [5, 10, 10]);
    // Where one leaves there is room again.
    drop(streams.remove(0));
    streams.push(open(&transport, subscription(None, BODY)).await.unwrap());
    eventually("its place is taken", || subgraph.operations() == 25).await;
    assert_eq!(subgraph.open_sockets(), 3);
}

#[tokio::test]
async fn who_leaves_completes_and_after_the_last_the_connection_closes_cleanly() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|config| config.linger_ms = 300));
    let mut first = open(&transport, subscription(None, BODY)).await.unwrap();
    let mut second = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!((next(&mut first).await, next(&mut second).await), (0, 0));
    drop(first);
    eventually("the first is completed", || subgraph.sockets()[0].lock().unwrap().completed == ["1"]).await;
    assert_eq!(subgraph.operations(), 1);
    subgraph.publish(5);
    assert_eq!(next(&mut second).await, 5);
    drop(second);
    // Who comes soon gets the same connection.
    let mut third = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut third).await, 5);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((subgraph.open_sockets(), subgraph.sockets().len()), (1, 1));
    drop(third);
    eventually("the connection is closed", || subgraph.open_sockets() == 0).await;
    let seen = subgraph.sockets();
    let seen = seen[0].lock().unwrap();
    assert_eq!((seen.close, seen.completed.clone()), (Some(1000), vec!["1".to_owned(), "2".into(), "3".into()]));
}

#[tokio::test]
async fn callers_never_share_a_connection_but_tokens_do_not_tell_one_caller_apart() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut streams = Vec::new();
    for subject in [Some("ann"), Some("bob"), None] {
        for _ in 0..5 {
            streams.push(open(&transport, subscription(subject, BODY)).await.unwrap());
        }
    }
    eventually("all are open", || subgraph.operations() == 15).await;
    assert_eq!(subgraph.open_sockets(), 3);
    let mut identities = Vec::new();
    for seen in subgraph.sockets() {
        let seen = seen.lock().unwrap();
        let header = seen.headers["x-selvedge-identity"].to_str().unwrap().to_owned();
        assert_eq!(seen.init["identity"], header);
        assert_eq!(seen.operations.len(), 5);
        identities.push(header.split('.').next().unwrap().to_owned());
    }
    identities.sort();
    assert_eq!(identities, ["ann", "anonymous", "bob"]);
}

#[tokio::test]
async fn what_the_connection_is_opened_with_must_be_equal() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut streams = Vec::new();
    for tenant in ["a", "b", "a"] {
        let mut request = subscription(None, BODY);
        request.add_header(HeaderName::from_static("x-tenant"), HeaderValue::from_static(tenant));
        streams.push(open(&transport, request).await.unwrap());
    }
    eventually("all are open", || subgraph.operations() == 3).await;
    assert_eq!(subgraph.open_sockets(), 2);
}

#[tokio::test]
async fn many_who_come_at_once_make_one_attempt_for_each_caller() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let callers = ["ann", "bob"].into_iter().flat_map(|subject| std::iter::repeat_n(subject, 200));
    let streams = join_all(callers.map(|subject| open(&transport, subscription(Some(subject), BODY)))).await;
    assert!(streams.iter().all(Result::is_ok));
    assert_eq!(subgraph.world.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_subscription_that_is_not_read_ends_with_an_error_and_blocks_no_other() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|config| config.max_pending = 10));
    let mut stalled = open(&transport, subscription(None, BODY)).await.unwrap();
    let mut read = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut read).await, 0);
    for value in 1..=1_000 {
        subgraph.publish(value);
        assert_eq!(next(&mut read).await, value);
    }
    // What had come before is not lost.
    for value in 0..10 {
        assert_eq!(value_of(&item(&mut stalled).await.unwrap().unwrap()), value);
    }
    let error = end(&mut stalled).await.unwrap();
    assert_eq!((error.code(), error.reason()), ("SUBGRAPH_INTERRUPTED", Some("10 events were waiting to be taken")));
    assert!(item(&mut stalled).await.is_none());
    assert_eq!(subgraph.sockets()[0].lock().unwrap().completed, ["1"]);
}

#[tokio::test]
async fn starts_are_spread() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|config| config.max_starts_per_s = 200));
    let begun = tokio::time::Instant::now();
    let streams = join_all((0..220).map(|_| open(&transport, subscription(None, BODY)))).await;
    assert!(begun.elapsed() < Duration::from_millis(500), "nobody waits to be let in: {:?}", begun.elapsed());
    eventually("some are started", || subgraph.operations() > 0).await;
    assert!(subgraph.operations() < 200, "{}", subgraph.operations());
    eventually("all are started", || subgraph.operations() == 220).await;
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    drop(streams);
    eventually("all are ended", || subgraph.operations() == 0).await;
}

//! What a gateway does with such a subgraph: opens its subscriptions and reads them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue};
use selvedge_gateway::{
    config::{SubgraphConfig, SubgraphSubscriptionConfig},
    operation::OperationKind,
    subgraph::{
        CallContext, CallerKey, IDENTITY_HEADER, IdentityRenewer, SubgraphBody, SubgraphEvents, SubgraphRequest,
        SubgraphTransport, TransportError, http_stack,
    },
};
use serde_json::Value;

/// A configuration with times for tests.
pub fn config(change: impl FnOnce(&mut SubgraphSubscriptionConfig)) -> SubgraphConfig {
    let mut subscription = SubgraphSubscriptionConfig {
        linger_ms: 100,
        backoff_ms: 10,
        max_backoff_ms: 100,
        max_starts_per_s: 100_000,
        ..SubgraphSubscriptionConfig::default()
    };
    change(&mut subscription);
    SubgraphConfig { subscription, ..SubgraphConfig::default() }
}

pub fn transport(url: &str, config: &SubgraphConfig) -> SubgraphTransport {
    http_stack("stock", url, config).unwrap()
}

/// A subscription of `subject` (nobody: an anonymous caller), with an identity that was signed just now.
pub fn subscription(subject: Option<&str>, body: &str) -> SubgraphRequest {
    subscription_with(subject, body, None)
}

pub fn subscription_with(subject: Option<&str>, body: &str, lifetime: Option<Duration>) -> SubgraphRequest {
    static SIGNED: AtomicUsize = AtomicUsize::new(0);
    let sign = |subject: Option<String>| {
        let number = SIGNED.fetch_add(1, Ordering::SeqCst);
        HeaderValue::from_str(&format!("{}.{number}", subject.as_deref().unwrap_or("anonymous"))).unwrap()
    };
    let owned = subject.map(str::to_owned);
    let correlation = HeaderValue::from_str(&format!("c-{}", SIGNED.load(Ordering::SeqCst))).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(IDENTITY_HEADER, sign(owned.clone()));
    headers.insert("x-correlation-id", correlation);
    let caller = CallerKey { subject: owned.clone(), scope: String::new() };
    let renewal = lifetime.map(|lifetime| IdentityRenewer::new(lifetime, move || Some(sign(owned.clone()))));
    let context = CallContext { headers, caller: Some(caller), renewal, ..CallContext::default() };
    SubgraphRequest::new(OperationKind::Subscription, Bytes::from(body.to_owned()), Arc::new(context))
}

pub const BODY: &str = "{\"query\":\"subscription { n }\"}";

pub async fn open(transport: &SubgraphTransport, request: SubgraphRequest) -> Result<SubgraphEvents, TransportError> {
    match transport.call(request).await?.body {
        SubgraphBody::Stream(events) => Ok(events),
        SubgraphBody::Complete(body) => panic!("no stream but {body:?}"),
    }
}

/// The next event's value.
pub async fn next(events: &mut SubgraphEvents) -> u64 {
    let event = item(events).await.expect("an event, not the end").unwrap();
    value_of(&event)
}

/// The next thing that comes.
pub async fn item(events: &mut SubgraphEvents) -> Option<Result<Bytes, TransportError>> {
    tokio::time::timeout(Duration::from_secs(10), events.next()).await.expect("something within 10 s")
}

/// What ends the stream, after whatever comes before.
pub async fn end(events: &mut SubgraphEvents) -> Option<TransportError> {
    loop {
        match item(events).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Some(error),
            None => return None,
        }
    }
}

pub fn value_of(event: &[u8]) -> u64 {
    let event: Value = serde_json::from_slice(event).unwrap();
    event["data"]["n"].as_u64().unwrap_or_else(|| panic!("no value: {event}"))
}

/// Waits until `condition` holds.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen within 10 s");
}

/// Keeps a subscription open as the hub does, and sends each value.
pub fn follow(
    transport: SubgraphTransport,
    subject: Option<&'static str>,
    lifetime: Option<Duration>,
) -> tokio::sync::mpsc::UnboundedReceiver<Result<u64, String>> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let opened = open(&transport, subscription_with(subject, BODY, lifetime)).await;
            let error = match opened {
                Ok(mut events) => loop {
                    match events.next().await {
                        Some(Ok(event)) => {
                            if sender.send(Ok(value_of(&event))).is_err() {
                                return;
                            }
                        }
                        Some(Err(error)) => break error,
                        None => return,
                    }
                },
                Err(error) => error,
            };
            if matches!(error, TransportError::Resubscribe { .. }) {
                continue;
            }
            if sender.send(Err(error.to_string())).is_err() || matches!(error, TransportError::Refused { .. }) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    receiver
}

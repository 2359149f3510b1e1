//! A started subgraph that is asked as the gateway asks it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use http::{HeaderMap, HeaderValue};
use selvedge_kit::{
    bus::{EventBus, InProcessBus, TailFrom},
    clock::{Clock, ManualClock},
    event::{Event, schemas},
    identity::{IDENTITY_HEADER, Identity, IdentitySigner, IdentityVerifier},
    server::{Dependencies, SubgraphServer},
};
use selvedge_preferences::{Config, TOPIC, start};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engines::Engine;

const SECRET: &[u8] = b"a secret that is long enough to sign";

pub(crate) struct Shop {
    server: SubgraphServer,
    signer: IdentitySigner,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) bus: Arc<InProcessBus>,
    shutdown: CancellationToken,
}

pub(crate) fn opening_time() -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

pub(crate) fn customer(id: &str) -> Identity {
    Identity { subject: Some(id.to_owned()), scopes: Vec::new(), correlation_id: format!("request-of-{id}") }
}

pub(crate) fn anonymous() -> Identity {
    Identity { subject: None, scopes: Vec::new(), correlation_id: "request-of-nobody".to_owned() }
}

pub(crate) fn with_scope(id: &str, scope: &str) -> Identity {
    Identity { scopes: vec![scope.to_owned()], ..customer(id) }
}

impl Shop {
    pub(crate) async fn open(engine: &Engine) -> Self {
        Self::open_with(engine, Config::default()).await
    }

    pub(crate) async fn open_with(engine: &Engine, config: Config) -> Self {
        let clock = Arc::new(ManualClock::starting_at(opening_time()));
        let bus = Arc::new(InProcessBus::default());
        let shutdown = CancellationToken::new();
        let dependencies = Dependencies {
            bus: Arc::clone(&bus) as Arc<dyn EventBus>,
            refill_bus: true,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            shutdown: shutdown.clone(),
        };
        let config = Config { store_url: engine.store_url.clone(), database: engine.database.clone(), ..config };
        let subgraph = start(config, dependencies).await.unwrap();
        assert!(subgraph.readiness.failures().is_empty(), "{:?}", subgraph.readiness.failures());
        engine.stop_at_end(subgraph.tasks.iter().map(JoinHandle::abort_handle));
        let clock_of_identities = Arc::clone(&clock) as Arc<dyn Clock>;
        let verifier = IdentityVerifier::new(SECRET, Arc::clone(&clock_of_identities)).unwrap();
        let signer = IdentitySigner::new(SECRET, clock_of_identities).unwrap();
        Self { server: SubgraphServer::new(subgraph, verifier), signer, clock, bus, shutdown }
    }

    /// The whole response.
    pub(crate) async fn respond(&self, identity: &Identity, query: &str, variables: Value) -> Value {
        let mut headers = HeaderMap::new();
        let token = self.signer.sign(identity).unwrap();
        headers.insert(IDENTITY_HEADER, HeaderValue::from_str(&token).unwrap());
        let body = json!({ "query": query, "variables": variables }).to_string();
        let response = self.server.call(&headers, Bytes::from(body)).await;
        serde_json::from_slice(response.body()).unwrap()
    }

    /// The data of a response without errors.
    pub(crate) async fn ask(&self, identity: &Identity, query: &str, variables: Value) -> Value {
        let mut response = self.respond(identity, query, variables).await;
        assert!(response.get("errors").is_none(), "{response:#}");
        response["data"].take()
    }

    pub(crate) async fn consent(&self, identity: &Identity, personalisation: bool) -> Value {
        let mutation = "mutation($given: Boolean!) { setConsent(input: { personalisation: $given }) {
            customer { consent { personalisation analytics marketing updatedAt } } userErrors { code } } }";
        self.ask(identity, mutation, json!({ "given": personalisation })).await["setConsent"].take()
    }

    pub(crate) async fn record(&self, identity: &Identity, events: Value) -> Value {
        let mutation = "mutation($events: [BehaviourEventInput!]!) { recordBehaviour(events: $events) {
            accepted duplicates dropped rejected { index message code } userErrors { field code } } }";
        self.ask(identity, mutation, json!({ "events": events })).await["recordBehaviour"].take()
    }

    pub(crate) async fn recently_viewed(&self, identity: &Identity) -> Vec<String> {
        let me = self.ask(identity, "{ me { recentlyViewed { id } } }", json!({})).await;
        me["me"]["recentlyViewed"].as_array().unwrap().iter().map(|product| text(&product["id"])).collect()
    }

    /// The first `count` events that the bus has, each as its schema says.
    pub(crate) async fn events(&self, count: usize) -> Vec<Event> {
        let mut tail = self.bus.tail(TOPIC, TailFrom::Start).await.unwrap();
        let mut events = Vec::new();
        while events.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(10), tail.next()).await;
            let delivery = next.unwrap_or_else(|_| panic!("{} of {count} events came", events.len())).unwrap();
            assert_eq!(schemas::violations(&delivery.event), [""; 0]);
            events.push(delivery.event.as_ref().clone());
        }
        events
    }

    /// Stops the subgraph as a process does.
    pub(crate) async fn close(self) {
        self.shutdown.cancel();
        for task in &self.server.subgraph().tasks {
            while !task.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn view(id: &str, product_id: &str, at: DateTime<Utc>) -> Value {
    json!({ "id": id, "kind": "VIEW", "productId": product_id, "sessionId": "visit-1", "occurredAt": at })
}

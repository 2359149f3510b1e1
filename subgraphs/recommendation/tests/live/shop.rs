//! A shop around the subgraph: the bus, an inventory, a clock that stands still.

use std::{sync::Arc, time::Duration};

use async_graphql::Request;
use chrono::{DateTime, TimeDelta, Utc};
use selvedge_kit::{
    bus::{EventBus, InProcessBus, Topic},
    client::SubgraphClient,
    clock::{Clock, ManualClock},
    event::Event,
    identity::{Identity, IdentitySigner, IdentityVerifier},
    server::{Dependencies, Readiness, RunningSubgraph, SubgraphServer},
};
use selvedge_recommendation::Config;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::inventory::{Product, Shelves, schema};

pub(crate) struct Shop {
    pub(crate) shelves: Shelves,
    pub(crate) subgraph: RunningSubgraph,
    bus: Arc<InProcessBus>,
    clock: Arc<ManualClock>,
    shutdown: CancellationToken,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

const SECRET: &[u8] = b"a secret of this test, at least thirty-two bytes";

impl Shop {
    /// Opens a shop whose catalog is loaded.
    pub(crate) async fn open(products: Vec<Product>) -> Self {
        let shop = Self::start(Shelves::of(products)).await;
        shop.until("the catalog is loaded", async || shop.subgraph.readiness.failures().is_empty()).await;
        shop
    }

    /// Starts a shop and does not wait.
    pub(crate) async fn start(shelves: Shelves) -> Self {
        let clock = Arc::new(ManualClock::starting_at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)));
        let shutdown = CancellationToken::new();
        let inventory = SubgraphServer::new(
            RunningSubgraph {
                name: "inventory",
                sdl: String::new(),
                executor: Arc::new(schema(shelves.clone())),
                readiness: Readiness::default(),
                tasks: vec![],
            },
            IdentityVerifier::new(SECRET, clock.clone()).unwrap(),
        );
        let signer = IdentitySigner::new(SECRET, clock.clone()).unwrap();
        let bus = Arc::new(InProcessBus::default());
        let dependencies =
            Dependencies { bus: bus.clone(), refill_bus: true, clock: clock.clone(), shutdown: shutdown.clone() };
        let client = SubgraphClient::in_process("inventory", inventory, signer);
        let config = Config { snapshot_page_size: 3, max_retry_ms: 50, ..Config::default() };
        let subgraph = selvedge_recommendation::start(config, dependencies, client).await.unwrap();
        Self { shelves, subgraph, bus, clock, shutdown }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The answer to `query` for `customer`, errors included.
    pub(crate) async fn answer(&self, customer: Option<&str>, query: &str) -> Value {
        let identity = Identity { subject: customer.map(ToOwned::to_owned), ..Identity::default() };
        let response = self.subgraph.executor.execute(Request::new(query).data(identity)).await;
        serde_json::to_value(response).unwrap()
    }

    /// The `data` of the answer, which must have no errors.
    pub(crate) async fn ask(&self, customer: Option<&str>, query: &str) -> Value {
        let mut answer = self.answer(customer, query).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    pub(crate) async fn feed(&self, customer: Option<&str>, first: usize) -> Value {
        let query = format!(
            "{{ feed(first: {first}) {{ degraded items {{ score product {{ id }} reason {{ code text because {{ id }} }} }} }} }}"
        );
        self.ask(customer, &query).await["feed"].take()
    }

    /// A list field (`similar` or `boughtTogether`) of `product`.
    pub(crate) async fn list(&self, customer: Option<&str>, field: &str, product: &str) -> Value {
        let query = format!(
            "{{ _entities(representations: [{{ __typename: \"Product\", id: \"{product}\" }}]) {{ ... on Product \
             {{ {field}(first: 5) {{ score product {{ id }} reason {{ code text because {{ id }} }} }} }} }} }}"
        );
        self.ask(customer, &query).await["_entities"][0][field].take()
    }

    pub(crate) async fn similar(&self, product: &str) -> Vec<String> {
        ids(&self.list(None, "similar", product).await)
    }

    pub(crate) async fn publish(&self, topic: &'static str, kind: &str, revision: i64, data: Value) {
        let event = Event {
            specversion: "1.0".into(),
            id: uuid::Uuid::now_v7().to_string(),
            event_type: format!("com.selvedge.{topic}.{kind}.v1"),
            source: format!("/selvedge/{topic}"),
            subject: "test".into(),
            time: self.now(),
            datacontenttype: "application/json".into(),
            dataschema: format!("https://selvedge.dev/schema/events/{kind}.v1.json"),
            revision,
            correlationid: "test".into(),
            data,
        };
        self.bus.publish(Topic(topic), &[event]).await.unwrap();
    }

    /// The badge of one size of `product` changes.
    pub(crate) async fn badge(&self, product: &str, size: &str, available: i64, revision: i64) {
        let state = if available > 0 { "IN_STOCK" } else { "OUT_OF_STOCK" };
        let data = json!({
            "sku": format!("{product}-{size}"), "variantId": format!("v-{product}-{size}"), "productId": product,
            "state": state, "available": available, "expectedAt": null, "revision": revision,
        });
        self.publish("inventory", "stock_badge_changed", revision, data).await;
    }

    pub(crate) async fn sell_out(&self, product: &str, revision: i64) {
        self.badge(product, "S", 0, revision).await;
        self.badge(product, "M", 0, revision).await;
    }

    /// A shopper does something.
    pub(crate) async fn behave(&self, kind: &str, product: &str, session: &str, customer: Option<&str>) {
        let data = json!({
            "eventId": "e", "kind": kind, "productId": product, "sku": null, "sessionId": session,
            "customerId": customer, "quantity": 1, "occurredAt": self.now(),
        });
        self.publish("preferences", "behaviour_recorded", 0, data).await;
    }

    pub(crate) async fn consent(&self, customer: &str, personalisation: bool, revision: i64) {
        let data = json!({
            "customerId": customer, "personalisation": personalisation, "analytics": true, "marketing": false,
            "revision": revision,
        });
        self.publish("preferences", "consent_changed", revision, data).await;
    }

    /// Waits until `holds`, at most one second: what the shop promises for events.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let within_a_second = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let result = tokio::time::timeout(Duration::from_secs(1), within_a_second).await;
        assert!(result.is_ok(), "after one second still not true: {what}; {:?}", self.subgraph.readiness.failures());
    }
}

/// The ids of a list of recommendations.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item["product"]["id"].as_str().unwrap().to_owned()).collect()
}

/// Four shirts, two trousers and a pair of boots.
pub(crate) fn catalog() -> Vec<Product> {
    vec![
        Product::new("shirt-1", "Linen Shirt", "Shirts", "minimal"),
        Product::new("shirt-2", "Linen Overshirt", "Shirts", "minimal"),
        Product::new("shirt-3", "Oxford Shirt", "Shirts", "classic"),
        Product::new("shirt-4", "Camp Collar Shirt", "Shirts", "bold"),
        Product::new("trousers-1", "Pleated Trousers", "Trousers", "classic"),
        Product::new("trousers-2", "Wide Leg Trousers", "Trousers", "minimal"),
        Product::new("boots-1", "Chelsea Boots", "Shoes", "classic"),
    ]
}

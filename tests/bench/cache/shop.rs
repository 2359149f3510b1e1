//! A shop in one process, with its cache on or off.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    PRODUCTS, SERVER_CORE, SHOWN_PRODUCTS,
    scenarios::Scenario,
    support::{Process, run, selvedge, selvedge_pinned},
    truth::Truth,
};

const START_WITHIN: Duration = Duration::from_secs(120);
/// Products asked for at a time.
const PAGE: usize = 100;

/// A product that pages are asked of.
pub(crate) struct Product {
    pub(crate) handle: String,
    pub(crate) skus: Vec<String>,
    /// Where its stock is changed.
    location: String,
}

/// A running shop; it stops with the value.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    pub(crate) products: Vec<Product>,
    /// How likely each product is to be looked at or changed, added up.
    popularity: Vec<f64>,
    pub(crate) truth: Mutex<Truth>,
    /// Of someone who may change stock.
    pub(crate) staff: String,
    http: reqwest::Client,
    metrics: String,
    _process: Process,
    _folder: TempDir,
}

/// How often something was looked for among kept answers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lookups {
    pub(crate) hits: f64,
    pub(crate) misses: f64,
}

impl Lookups {
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self { hits: self.hits - before.hits, misses: self.misses - before.misses }
    }
}

impl Shop {
    pub(crate) async fn start(with_cache: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = selvedge_pinned(folder.path(), SERVER_CORE);
        command.args(["up", "--ephemeral", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--sample-products"]);
        command.arg(PRODUCTS.to_string()).env("SELVEDGE_CACHE__ENABLED", with_cache.to_string());
        let mut process = Process::start("selvedge up", command);
        let address: SocketAddr = process.told("GraphQL http://", &['/'], START_WITHIN).await.parse().unwrap();
        let metrics = process.told("Metrics ", &[','], START_WITHIN).await;
        let (status, staff, problems) =
            run(selvedge(folder.path()).args(["token", "--sub", "staff-1", "--scope", "inventory:write"]));
        assert_eq!(status, Some(0), "{problems}");
        let mut shop = Self {
            address,
            products: Vec::new(),
            popularity: Vec::new(),
            truth: Mutex::default(),
            staff: staff.trim().to_owned(),
            http: reqwest::Client::new(),
            metrics,
            _process: process,
            _folder: folder,
        };
        shop.read_catalog().await;
        shop
    }

    /// Waits until the catalog is everywhere, and takes the products from it.
    async fn read_catalog(&mut self) {
        while self.ask("{ feed(first: 1) { items { score } } }", json!({})).await["feed"]["items"] == json!([]) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let list = "query($after: String) { products(first: 100, after: $after, sort: TITLE) { pageInfo { endCursor }
            nodes { id handle totalAvailable variants { sku badge { available }
                levels(first: 1) { nodes { location { id } } } } } } }";
        let mut after = Value::Null;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        for _ in 0..SHOWN_PRODUCTS / PAGE {
            let mut page = self.ask(list, json!({ "after": after })).await["products"].take();
            after = page["pageInfo"]["endCursor"].take();
            for product in page["nodes"].as_array().unwrap() {
                let variants = product["variants"].as_array().unwrap();
                let skus: Vec<String> = variants.iter().map(|variant| text(&variant["sku"])).collect();
                let truth = self.truth.get_mut().unwrap_or_else(PoisonError::into_inner);
                truth.begin(&text(&product["handle"]), product["totalAvailable"].as_i64().unwrap());
                for variant in variants {
                    truth.begin(&text(&variant["sku"]), variant["badge"]["available"].as_i64().unwrap());
                }
                let location = text(&variants[0]["levels"]["nodes"][0]["location"]["id"]);
                self.products.push(Product { handle: text(&product["handle"]), skus, location });
            }
        }
        // As words in a text: the second is half as popular as the first, the third a third.
        let mut sum = 0.0;
        self.popularity = (0..self.products.len())
            .map(|place| {
                sum += 1.0 / (place as f64 + 1.0);
                sum
            })
            .collect();
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = self.http.post(format!("http://{}/graphql", self.address)).bearer_auth(&self.staff);
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        let mut answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// A token of a customer.
    pub(crate) async fn sign_in(&self, customer: &str) -> String {
        let url = format!("http://{}/shop/dev-token?sub={customer}", self.address);
        let answer = self.http.get(url).send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// The product for a random number between 0 and 1; popular ones are found more often.
    pub(crate) fn product(&self, random: f64) -> &Product {
        let sought = random * self.popularity.last().unwrap();
        let place = self.popularity.partition_point(|&sum| sum < sought);
        &self.products[place.min(self.products.len() - 1)]
    }

    /// The request for a page.
    pub(crate) fn page_request(scenario: Scenario, product: &Product) -> String {
        json!({ "query": scenario.query(), "variables": { "handle": product.handle } }).to_string()
    }

    /// The request that adds one unit of a SKU, and names nothing that it changes: others see it by events alone.
    pub(crate) fn change_request(product: &Product, sku: &str, number: u64) -> String {
        let query = "mutation($sku: String!, $location: ID!, $key: String!) {
            inventoryAdjustQuantities(idempotencyKey: $key, input: { reason: RECEIVED,
                changes: [{ sku: $sku, locationId: $location, delta: 1 }] }) { userErrors { message } } }";
        let variables = json!({ "sku": sku, "location": product.location, "key": format!("change {number}") });
        json!({ "query": query, "variables": variables }).to_string()
    }

    /// What the gateway has counted.
    pub(crate) async fn lookups(&self) -> Lookups {
        let metrics = self.http.get(&self.metrics).send().await.unwrap().text().await.unwrap();
        let sum = |outcome: &str| -> f64 {
            let lines = metrics.lines().filter(|line| line.starts_with("selvedge_cache_lookups_total"));
            let of_outcome = lines.filter(|line| line.contains(&format!("outcome=\"{outcome}\"")));
            of_outcome.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
        };
        Lookups { hits: sum("hit"), misses: sum("miss") }
    }
}

//! What all gateways stand before: one inventory process on a PostgreSQL, with a Redis as its bus.

use std::{net::SocketAddr, process::Command, sync::Arc, time::Duration};

use selvedge_kit::{
    clock::SystemClock,
    identity::{Identity, IdentitySigner},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    connection::Connection,
    support::{Postgres, Process, Redis, run, selvedge},
};

pub(crate) const IDENTITY_SECRET: &str = "an identity secret for this benchmark alone";
const START_WITHIN: Duration = Duration::from_secs(60);
/// Enough for the SKUs.
const PRODUCTS: usize = 150;
/// Of one question.
const PAGE: usize = 250;

/// A SKU whose stock is changed, at one location.
pub(crate) struct Shelf {
    pub(crate) sku: String,
    pub(crate) location: String,
}

/// The process stops before what it keeps its data in.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    pub(crate) shelves: Vec<Shelf>,
    signer: IdentitySigner,
    _inventory: Process,
    postgres: Postgres,
    redis: Redis,
    pub(crate) folder: TempDir,
}

impl Shop {
    /// With so many SKUs; `None`, said aloud, when an engine is missing.
    pub(crate) async fn open(skus: usize) -> Option<Self> {
        let redis = Redis::start("bench-live")?;
        let postgres = Postgres::start("bench-live", &["max_connections=100"])?;
        let folder = TempDir::new().unwrap();
        let signer = IdentitySigner::new(IDENTITY_SECRET.as_bytes(), Arc::new(SystemClock)).unwrap();
        let mut seed = command(&folder, (&postgres, &redis));
        let (status, _, problems) = run(seed.args(["seed", "--products", &PRODUCTS.to_string()]));
        assert_eq!(status, Some(0), "{problems}");
        let mut inventory = command(&folder, (&postgres, &redis));
        inventory.args(["subgraph", "inventory", "--listen", "127.0.0.1:0"]);
        let mut inventory = Process::start("inventory", inventory);
        let address = inventory.told("listens on http://", &['/'], START_WITHIN).await.parse().unwrap();
        let mut shop = Self { address, shelves: Vec::new(), signer, _inventory: inventory, postgres, redis, folder };
        shop.read_catalog(skus).await;
        Some(shop)
    }

    async fn read_catalog(&mut self, skus: usize) {
        let list = "query($after: String) { products(first: 100, after: $after, sort: TITLE) { pageInfo { endCursor }
            nodes { variants { sku levels(first: 1) { nodes { location { id } } } } } } }";
        let mut after = Value::Null;
        let mut connection = self.connect().await;
        while self.shelves.len() < skus {
            let mut page = self.ask(&mut connection, list, json!({ "after": after })).await["products"].take();
            let products = page["nodes"].as_array().unwrap();
            assert!(!products.is_empty(), "the sample has {} SKUs", self.shelves.len());
            for variant in products.iter().flat_map(|product| product["variants"].as_array().unwrap()) {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let location = text(&variant["levels"]["nodes"][0]["location"]["id"]);
                if let Some(location) = location.filter(|_| self.shelves.len() < skus) {
                    self.shelves.push(Shelf { sku: text(&variant["sku"]).unwrap(), location });
                }
            }
            after = page["pageInfo"]["endCursor"].take();
        }
    }

    pub(crate) fn skus(&self) -> Vec<String> {
        self.shelves.iter().map(|shelf| shelf.sku.clone()).collect()
    }

    /// What a gateway is started with.
    pub(crate) fn set<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        set(command, (&self.postgres, &self.redis))
    }

    /// An identity for inventory, which is good for a minute.
    pub(crate) fn identity(&self, scopes: &[&str]) -> String {
        let identity = Identity {
            subject: scopes.first().map(|_| "staff-1".to_owned()),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            correlation_id: "bench-live".to_owned(),
        };
        self.signer.sign(&identity).unwrap()
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// The data of inventory's answer.
    pub(crate) async fn ask(&self, connection: &mut Connection, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = connection.ask(&body, &self.identity(&["inventory:write"])).await;
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// What is available of each SKU.
    pub(crate) async fn available(&self) -> Vec<i64> {
        let mut connection = self.connect().await;
        let mut available = Vec::new();
        for page in self.skus().chunks(PAGE) {
            let query = "query($skus: [String!]!) { stockBadges(skus: $skus) { sku available } }";
            let data = self.ask(&mut connection, query, json!({ "skus": page })).await;
            let badges = data["stockBadges"].as_array().unwrap();
            let of = |sku: &String| badges.iter().find(|badge| badge["sku"] == sku.as_str()).unwrap();
            available.extend(page.iter().map(|sku| of(sku)["available"].as_i64().unwrap()));
        }
        available
    }

    /// The schema of inventory, as it says it.
    pub(crate) async fn sdl(&self) -> String {
        let mut connection = self.connect().await;
        let data = self.ask(&mut connection, "{ _service { sdl } }", json!({})).await;
        data["_service"]["sdl"].as_str().unwrap().to_owned()
    }
}

fn command(folder: &TempDir, engines: (&Postgres, &Redis)) -> Command {
    let mut command = selvedge(folder.path());
    set(&mut command, engines);
    command
}

fn set<'c>(command: &'c mut Command, (postgres, redis): (&Postgres, &Redis)) -> &'c mut Command {
    command
        .env("SELVEDGE_IDENTITY_SECRET", IDENTITY_SECRET)
        .env("DATABASE_URL", postgres.url())
        .env("REDIS_URL", redis.url())
}

//! Inventory processes on a PostgreSQL of their own.

use std::{net::SocketAddr, process::Command, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::door::{Door, IDENTITY_SECRET};
use crate::support::{Postgres, Process, eventually, run, selvedge};

const START_WITHIN: Duration = Duration::from_secs(60);
const WRITE: &[&str] = &["inventory:write"];

/// The processes stop before the database does.
pub(crate) struct Shop {
    processes: Vec<(Process, SocketAddr)>,
    pub(crate) postgres: Postgres,
    folder: TempDir,
}

impl Shop {
    /// With so many processes and products; `None` when PostgreSQL is missing.
    pub(crate) async fn open(test: &str, processes: usize, products: usize) -> Option<Self> {
        let postgres = Postgres::start(test, &["max_connections=200"])?;
        let mut shop = Self { processes: Vec::new(), postgres, folder: TempDir::new().unwrap() };
        let (status, _, problems) = run(shop.command().args(["seed", "--products", &products.to_string()]));
        assert_eq!(status, Some(0), "{problems}");
        for which in 0..processes {
            let process = shop.start(which, None).await;
            shop.processes.push(process);
        }
        Some(shop)
    }

    pub(crate) fn doors(&self) -> Vec<SocketAddr> {
        self.processes.iter().map(|(_, address)| *address).collect()
    }

    fn command(&self) -> Command {
        let mut command = selvedge(self.folder.path());
        command
            .env("SELVEDGE_MODE", "development")
            .env("SELVEDGE_IDENTITY_SECRET", IDENTITY_SECRET)
            .env("DATABASE_URL", self.postgres.url());
        command
    }

    /// Its connections to the database bear its number, so that one can tell whose they are.
    async fn start(&self, which: usize, address: Option<SocketAddr>) -> (Process, SocketAddr) {
        let listen = address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
        let mut command = self.command();
        command.env("DATABASE_URL", format!("{}?application_name={}", self.postgres.url(), Self::name(which)));
        command.args(["subgraph", "inventory", "--listen", &listen]);
        let mut process = Process::start("inventory", command);
        let address = process.told("listens on http://", &['/'], START_WITHIN).await.parse().unwrap();
        (process, address)
    }

    /// Kills a process without warning and starts it again at its address.
    pub(crate) async fn kill_and_start(&mut self, which: usize) {
        let (process, address) = &mut self.processes[which];
        process.crash();
        let address = *address;
        self.processes[which] = self.start(which, Some(address)).await;
    }

    /// What the connections of a process are called.
    pub(crate) fn name(which: usize) -> String {
        format!("inventory-{which}")
    }

    pub(crate) async fn wait_until_ready(&self) {
        for address in self.doors() {
            let health = format!("http://{address}/health/ready");
            eventually(&format!("{health} says that it is ready"), START_WITHIN, || async {
                reqwest::get(&health).await.ok()?.status().is_success().then_some(())
            })
            .await;
        }
    }

    /// Leaves `units` of each of so many SKUs, over two locations where there are two, and gives the SKUs.
    pub(crate) async fn put_on_sale(&self, skus: usize, units: i64) -> Vec<String> {
        let (door, address) = (Door::default(), self.doors()[0]);
        let query = "{ products(first: 100) { nodes { variants { sku levels(first: 250) { nodes {
            location { id } quantities { available } } } } } } }";
        let products = door.expect(address, WRITE, query, json!({})).await;
        let variants = products["products"]["nodes"].as_array().unwrap().iter();
        // Levels of a location that is closed would not be sold, so only those that offer something are counted on.
        let offers = |variant: &&Value| levels(variant).iter().any(|(_, available)| *available > 0);
        let chosen: Vec<&Value> = variants
            .filter_map(|product| product["variants"].as_array().unwrap().iter().find(offers))
            .take(skus)
            .collect();
        assert_eq!(chosen.len(), skus);
        let mut changes = Vec::new();
        for variant in &chosen {
            let levels = levels(variant);
            let open: Vec<&String> =
                levels.iter().filter(|(_, available)| *available > 0).map(|(id, _)| id).take(2).collect();
            for (location, available) in &levels {
                let part = units / i64::try_from(open.len()).unwrap();
                let delta = if open.contains(&location) { part - available } else { -available };
                if delta != 0 {
                    changes.push(json!({ "sku": variant["sku"], "locationId": location, "delta": delta }));
                }
            }
        }
        let adjust = "mutation($changes: [InventoryChangeInput!]!) { inventoryAdjustQuantities(
            input: { reason: CORRECTION, changes: $changes }, idempotencyKey: \"put on sale\") { userErrors { message } } }";
        let done = door.expect(address, WRITE, adjust, json!({ "changes": changes })).await;
        assert_eq!(done["inventoryAdjustQuantities"]["userErrors"], json!([]));
        chosen.iter().map(|variant| variant["sku"].as_str().unwrap().to_owned()).collect()
    }

    /// `selvedge ledger verify`.
    pub(crate) fn verify(&self) -> (Option<i32>, String, String) {
        run(self.command().args(["ledger", "verify"]))
    }
}

/// Locations with what is available there.
fn levels(variant: &Value) -> Vec<(String, i64)> {
    let levels = variant["levels"]["nodes"].as_array().unwrap().iter();
    levels
        .map(|level| {
            let location = level["location"]["id"].as_str().unwrap();
            (location.to_owned(), level["quantities"]["available"].as_i64().unwrap())
        })
        .collect()
}

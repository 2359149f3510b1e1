//! Four inventory processes on a PostgreSQL of their own.

use std::{collections::HashMap, net::SocketAddr, process::Command, time::Duration};

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    buyers::Purchase,
    door::{Door, IDENTITY_SECRET},
};
use crate::support::{Postgres, Process, eventually, run, selvedge};

pub(super) const PROCESSES: usize = 4;
const START_WITHIN: Duration = Duration::from_secs(60);
const WRITE: &[&str] = &["inventory:write"];

/// The processes stop before the database does.
pub(super) struct Shop {
    processes: Vec<(Process, SocketAddr)>,
    pub(super) postgres: Postgres,
    folder: TempDir,
}

impl Shop {
    /// `None` when PostgreSQL is missing.
    pub(super) async fn open(test: &str) -> Option<Self> {
        let postgres = Postgres::start(test, &["max_connections=200"])?;
        let mut shop = Self { processes: Vec::new(), postgres, folder: TempDir::new().unwrap() };
        let (status, _, problems) = run(shop.command().args(["seed", "--products", "12"]));
        assert_eq!(status, Some(0), "{problems}");
        for _ in 0..PROCESSES {
            let process = shop.start(None).await;
            shop.processes.push(process);
        }
        Some(shop)
    }

    pub(super) fn doors(&self) -> Vec<SocketAddr> {
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

    async fn start(&self, address: Option<SocketAddr>) -> (Process, SocketAddr) {
        let listen = address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
        let mut command = self.command();
        command.args(["subgraph", "inventory", "--listen", &listen]);
        let mut process = Process::start("inventory", command);
        let address = process.told("listens on http://", &['/'], START_WITHIN).await.parse().unwrap();
        (process, address)
    }

    /// Kills a process without warning and starts it again at its address.
    pub(super) async fn kill_and_start(&mut self, which: usize) {
        let (process, address) = &mut self.processes[which];
        process.crash();
        let address = *address;
        self.processes[which] = self.start(Some(address)).await;
    }

    pub(super) async fn wait_until_ready(&self) {
        for address in self.doors() {
            let health = format!("http://{address}/health/ready");
            eventually(&format!("{health} says that it is ready"), START_WITHIN, || async {
                reqwest::get(&health).await.ok()?.status().is_success().then_some(())
            })
            .await;
        }
    }

    /// Leaves `units` of each of so many SKUs, over two locations where there are two, and gives the SKUs.
    pub(super) async fn put_on_sale(&self, skus: usize, units: i64) -> Vec<String> {
        let (door, address) = (Door::default(), self.doors()[0]);
        let query = "{ products(first: 12) { nodes { variants { sku levels(first: 250) { nodes {
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

    /// The reservations that there are, by their reference. Each is there once.
    pub(super) async fn sold(&self) -> HashMap<String, Purchase> {
        let database = Database::connect(self.postgres.url()).await.unwrap();
        let query = "SELECT r.id, r.reference, v.sku, sum(l.quantity) AS quantity FROM reservation r
            LEFT JOIN reservation_line l ON l.reservation_id = r.id LEFT JOIN variant v ON v.id = l.variant_id
            WHERE r.status = 'ACTIVE' GROUP BY 1, 2, 3";
        let rows = database.query_all_raw(Statement::from_string(DbBackend::Postgres, query)).await.unwrap();
        let mut sold: HashMap<String, Purchase> = HashMap::new();
        for row in rows {
            let id: String = row.try_get("", "id").unwrap();
            let reference: String = row.try_get("", "reference").unwrap();
            let purchase = sold
                .entry(reference.clone())
                .or_insert_with(|| Purchase { reservation_id: id.clone(), lines: Default::default() });
            assert_eq!(purchase.reservation_id, id, "{reference} was made twice");
            purchase.lines.insert(row.try_get("", "sku").unwrap(), row.try_get("", "quantity").unwrap());
        }
        database.close().await.unwrap();
        sold
    }

    /// `selvedge ledger verify`.
    pub(super) fn verify(&self) -> (Option<i32>, String, String) {
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

//! A filled shop: inventory over one database, and a gateway in front of it.

use std::{fs, time::Duration};

use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::support::{Process, run, selvedge};

/// How long a million levels may take on a slow disk.
const FILL_WITHIN: Duration = Duration::from_secs(3_600);
const START_WITHIN: Duration = Duration::from_secs(60);

/// Where the shop is kept.
pub(crate) enum Engine {
    Sqlite,
    Postgres { server: String },
}

/// What filling it took.
pub(crate) struct Figures {
    pub(crate) levels: u64,
    pub(crate) took: Duration,
    pub(crate) peak_bytes: u64,
    /// To build the list of what is low from the first event on.
    pub(crate) projected: Duration,
    /// To replay the ledger and compare.
    pub(crate) verified: Duration,
}

pub(crate) struct Shop {
    url: String,
    /// Where the database is, on PostgreSQL.
    pub(crate) database_url: Option<String>,
    client: reqwest::Client,
    staff: String,
    gateway: Process,
    inventory: Process,
    /// The server and the name of a database to drop.
    database: Option<(String, String)>,
    _folder: TempDir,
}

impl Engine {
    pub(crate) const fn sqlite() -> Self {
        Self::Sqlite
    }

    /// `None`, said aloud, when the environment names no server.
    pub(crate) fn postgres() -> Option<Self> {
        if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
            return Some(Self::Postgres { server });
        }
        println!("NOT RUN on PostgreSQL: TEST_POSTGRES_URL names no server");
        None
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }
}

impl Shop {
    /// Fills a shop and starts it.
    pub(crate) async fn fill(engine: &Engine, products: u64, locations: u64) -> (Self, Figures) {
        let folder = TempDir::new().unwrap();
        let (database_url, database) = match engine {
            Engine::Sqlite => (None, None),
            Engine::Postgres { server } => {
                let name = format!("scale_{}", uuid::Uuid::now_v7().simple());
                let connection = Database::connect(server).await.unwrap();
                connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
                connection.close().await.unwrap();
                let (before, _) = server.rsplit_once('/').unwrap();
                (Some(format!("{before}/{name}")), Some((server.clone(), name)))
            }
        };
        let command = || {
            let mut command = selvedge(folder.path());
            command.env("SELVEDGE_MODE", "development");
            if let Some(url) = &database_url {
                command.env("DATABASE_URL", url);
            }
            command
        };
        let mut seed = command();
        seed.args(["seed", "--products", &products.to_string(), "--locations", &locations.to_string()]);
        let (levels, took, peak_bytes) = fill(Process::start("selvedge seed", seed)).await;
        if let Some(url) = &database_url {
            let connection = Database::connect(url).await.unwrap();
            connection.execute_unprepared("VACUUM ANALYZE").await.unwrap();
            connection.close().await.unwrap();
        }
        let timed = |arguments: &[&str]| {
            let began = Instant::now();
            let (status, said, problems) = run(command().args(arguments));
            assert_eq!(status, Some(0), "{said}{problems}");
            began.elapsed()
        };
        let projected = timed(&["ledger", "rebuild", "--projection", "low_stock"]);
        let verified = timed(&["ledger", "verify"]);
        let figures = Figures { levels, took, peak_bytes, projected, verified };
        let (status, staff, problems) =
            run(command().args(["token", "--sub", "staff-1", "--scope", "inventory:read inventory:write"]));
        assert_eq!(status, Some(0), "{problems}");
        let mut inventory = command();
        inventory.args(["subgraph", "inventory", "--listen", "127.0.0.1:0"]);
        let mut inventory = Process::start("inventory", inventory);
        let address = inventory.told("listens on http://", &['/'], START_WITHIN).await;
        let file = folder.path().join("gateway.yaml");
        let subgraph = format!("{{ name: inventory, url: 'http://{address}/graphql' }}");
        fs::write(&file, format!("schema: {{ subgraphs: [{subgraph}] }}\n")).unwrap();
        let mut gateway = command();
        gateway.args(["gateway", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config"]).arg(&file);
        let mut gateway = Process::start("gateway", gateway);
        let address = gateway.told("the gateway serves http://", &['/'], START_WITHIN).await;
        let url = format!("http://{address}/graphql");
        let staff = format!("Bearer {}", staff.trim());
        let client = reqwest::Client::new();
        let shop = Self { url, database_url, client, staff, gateway, inventory, database, _folder: folder };
        (shop, figures)
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value, by_staff: bool) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        if by_staff {
            request = request.header("authorization", &self.staff);
        }
        let text = request.send().await.unwrap().text().await.unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Memory of inventory that is in RAM.
    pub(crate) fn resident_bytes(&self) -> u64 {
        status_bytes(self.inventory.id(), "VmRSS:").unwrap()
    }

    /// Stops it and drops its database.
    pub(crate) async fn end(self) {
        let Self { gateway, inventory, database, .. } = self;
        drop((gateway, inventory));
        if let Some((server, name)) = database {
            let connection = Database::connect(&server).await.unwrap();
            connection.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

/// Levels, the time that it took, and the most memory.
async fn fill(mut seed: Process) -> (u64, Duration, u64) {
    let began = Instant::now();
    let mut peak_bytes = 0;
    let said = loop {
        peak_bytes = status_bytes(seed.id(), "VmHWM:").unwrap_or(peak_bytes).max(peak_bytes);
        if let Some(line) = seed.output().lines().find(|line| line.ends_with("stock levels")) {
            break line.to_owned();
        }
        assert!(began.elapsed() < FILL_WITHIN, "the shop is not filled: {}", seed.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let took = began.elapsed();
    assert!(seed.ended(START_WITHIN).await.success(), "{}", seed.output());
    let levels = said.trim_end_matches(" stock levels").rsplit(' ').next().unwrap().parse().unwrap();
    (levels, took, peak_bytes)
}

/// A figure of the status of a process; `None` when it has ended.
fn status_bytes(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

//! Inventory and gateways as processes, on a PostgreSQL and a Redis of their own.

use std::{fs, net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use tempfile::TempDir;

use crate::{
    several::door::IDENTITY_SECRET,
    support::{Postgres, Process, Redis, eventually, run, selvedge},
};

/// A machine that is busy with other tests takes its time.
const START_WITHIN: Duration = Duration::from_secs(60);
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// A process with its address, which it keeps over restarts.
pub(super) struct Server {
    process: Process,
    pub(super) address: SocketAddr,
}

/// How a process is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Killed,
    Asked,
}

/// Where gateways have their schema from.
pub(super) enum Schema {
    /// The running subgraph.
    Subgraph,
    /// This file.
    File(PathBuf),
}

/// The processes stop before what they keep their data in.
pub(super) struct LiveShop {
    pub(super) gateways: Vec<Server>,
    pub(super) inventory: Server,
    schema: Schema,
    pub(super) folder: TempDir,
    postgres: Postgres,
    redis: Redis,
}

impl LiveShop {
    /// Inventory with so many products, without a gateway; `None` when an engine is missing.
    pub(super) async fn open(test: &str, products: usize) -> Option<Self> {
        let redis = Redis::start(test)?;
        // What is tested here survives processes, not power cuts.
        let postgres = Postgres::start(test, &["max_connections=100", "fsync=off"])?;
        let folder = TempDir::new().unwrap();
        let mut seed = command(&folder, &postgres, &redis);
        let (status, _, problems) = run(seed.args(["seed", "--products", &products.to_string()]));
        assert_eq!(status, Some(0), "{problems}");
        let inventory = start_inventory(command(&folder, &postgres, &redis), None).await;
        Some(Self { gateways: Vec::new(), inventory, schema: Schema::Subgraph, folder, postgres, redis })
    }

    /// Starts one more gateway.
    pub(super) async fn add_gateway(&mut self) {
        let gateway = self.start_gateway(None).await;
        self.gateways.push(gateway);
    }

    /// Gateways read `file` from now on.
    pub(super) fn serve_file(&mut self, file: PathBuf) {
        self.schema = Schema::File(file);
    }

    pub(super) fn urls(&self) -> Vec<String> {
        self.gateways.iter().map(|gateway| format!("http://{}", gateway.address)).collect()
    }

    /// A token of someone who may change stock.
    pub(super) fn staff(&self) -> String {
        let mut command = self.command();
        let (status, token, problems) = run(command.args(["token", "--sub", "staff-1", "--scope", "inventory:write"]));
        assert_eq!(status, Some(0), "{problems}");
        token.trim().to_owned()
    }

    /// Ends the gateway `which`. Whether it is gone is known when this is done.
    pub(super) async fn end_gateway(&mut self, which: usize, how: End) {
        end(&mut self.gateways[which], how).await;
    }

    /// Starts the gateway `which` again, and waits until it serves.
    pub(super) async fn start_gateway_again(&mut self, which: usize) {
        let address = self.gateways[which].address;
        self.gateways[which] = self.start_gateway(Some(address)).await;
    }

    pub(super) async fn restart_inventory(&mut self, how: End) {
        end(&mut self.inventory, how).await;
        self.inventory = start_inventory(self.command(), Some(self.inventory.address)).await;
    }

    fn command(&self) -> Command {
        command(&self.folder, &self.postgres, &self.redis)
    }

    async fn start_gateway(&self, address: Option<SocketAddr>) -> Server {
        let mut command = self.command();
        command.args(["gateway", "--listen", &listen(address), "--admin", "127.0.0.1:0"]);
        match &self.schema {
            Schema::Subgraph => {
                let file = self.folder.path().join("gateway.yaml");
                let inventory = self.inventory.address;
                let subgraph = format!("    - name: inventory\n      url: http://{inventory}/graphql\n");
                fs::write(&file, format!("schema:\n  subgraphs:\n{subgraph}")).unwrap();
                command.arg("--config").arg(file);
            }
            Schema::File(file) => {
                command.arg("--supergraph").arg(file);
            }
        }
        let mut process = Process::start("gateway", command);
        let address = process.told("the gateway serves http://", &['/'], START_WITHIN).await.parse().unwrap();
        wait_until_ready(&format!("http://{address}/health")).await;
        Server { process, address }
    }
}

fn command(folder: &TempDir, postgres: &Postgres, redis: &Redis) -> Command {
    let mut command = selvedge(folder.path());
    command
        .env("SELVEDGE_MODE", "development")
        .env("SELVEDGE_IDENTITY_SECRET", IDENTITY_SECRET)
        .env("DATABASE_URL", postgres.url())
        .env("REDIS_URL", redis.url());
    command
}

fn listen(address: Option<SocketAddr>) -> String {
    address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string())
}

async fn start_inventory(mut command: Command, address: Option<SocketAddr>) -> Server {
    command.args(["subgraph", "inventory", "--listen", &listen(address)]);
    let mut process = Process::start("inventory", command);
    let address = process.told("listens on http://", &['/'], START_WITHIN).await.parse().unwrap();
    wait_until_ready(&format!("http://{address}/health/ready")).await;
    Server { process, address }
}

async fn end(server: &mut Server, how: End) {
    match how {
        End::Killed => server.process.crash(),
        End::Asked => {
            server.process.terminate();
            let status = server.process.ended(STOP_WITHIN).await;
            assert!(status.success(), "{status}: {}", server.process.output());
        }
    }
}

async fn wait_until_ready(health: &str) {
    eventually(&format!("{health} says that it is ready"), START_WITHIN, || async {
        reqwest::get(health).await.ok()?.status().is_success().then_some(())
    })
    .await;
}

//! A shop of four processes, with a database, a document database and a stream prefix of its own.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use sea_orm::{ConnectionTrait, Database};

use super::{
    Settings,
    process::{Process, run, selvedge},
    test_server,
};

/// How long a process may take to listen; a busy machine runs many at once.
const START_WITHIN: Duration = Duration::from_secs(60);
const SUBGRAPHS: [&str; 3] = ["inventory", "preferences", "recommendation"];

/// One subgraph, which can be stopped and started again at its address.
pub struct SubgraphProcess {
    pub name: &'static str,
    pub address: SocketAddr,
    pub process: Process,
}

/// The four processes and what they keep their data in.
pub struct Distributed {
    pub gateway: Process,
    pub url: String,
    pub subgraphs: Vec<SubgraphProcess>,
    servers: Servers,
}

impl Distributed {
    /// `None` when a server is missing on this machine; that is said.
    pub async fn start(test: &str, (folder, settings): (&Path, Settings), products: u32) -> Option<Self> {
        let servers = Servers::from_environment(test, settings)?;
        servers.make_database().await;
        if products > 0 {
            let (status, _, problems) =
                run(servers.set(&mut selvedge(folder)).args(["seed", "--products", &products.to_string()]));
            assert_eq!(status, Some(0), "{problems}");
        }
        let mut subgraphs: Vec<SubgraphProcess> = Vec::new();
        for name in SUBGRAPHS {
            let inventory = subgraphs.first().map(|inventory| inventory.address);
            subgraphs.push(start_subgraph(&servers, folder, name, None, inventory).await);
        }
        let addresses: Vec<SocketAddr> = subgraphs.iter().map(|subgraph| subgraph.address).collect();
        let (gateway, url) = start_gateway(&servers, folder, "gateway", &addresses).await;
        Some(Self { gateway, url, subgraphs, servers })
    }

    /// Points `command` at this shop's stores.
    pub fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        self.servers.set(command)
    }

    pub fn subgraph(&mut self, name: &str) -> &mut SubgraphProcess {
        self.subgraphs.iter_mut().find(|subgraph| subgraph.name == name).unwrap()
    }

    /// Starts the subgraph `name` again, at the address that it had.
    pub async fn restart(&mut self, folder: &Path, name: &'static str) {
        let inventory = self.subgraph("inventory").address;
        let address = self.subgraph(name).address;
        self.subgraph(name).process =
            start_subgraph(&self.servers, folder, name, Some(address), Some(inventory)).await.process;
    }

    /// Another inventory process on the same database, with a gateway in front of it.
    pub async fn second_inventory(&self, folder: &Path) -> (Process, Process, String) {
        let inventory = start_subgraph(&self.servers, folder, "inventory", None, None).await;
        let others = self.subgraphs.iter().skip(1).map(|subgraph| subgraph.address);
        let addresses: Vec<SocketAddr> = [inventory.address].into_iter().chain(others).collect();
        let (gateway, url) = start_gateway(&self.servers, folder, "gateway-2", &addresses).await;
        (inventory.process, gateway, url)
    }
}

async fn start_subgraph(
    servers: &Servers,
    folder: &Path,
    name: &'static str,
    address: Option<SocketAddr>,
    inventory: Option<SocketAddr>,
) -> SubgraphProcess {
    let mut command = selvedge(folder);
    servers.set(&mut command);
    let listen = address.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
    command.args(["subgraph", name, "--listen", &listen]).arg("--data").arg(folder.join(name));
    if let Some(inventory) = inventory {
        command.env("SELVEDGE_RECOMMENDATION__INVENTORY_URL", format!("http://{inventory}/graphql"));
    }
    let mut process = Process::start(name, command);
    let address = process.told("listens on http://", &['/'], START_WITHIN).await.parse().unwrap();
    SubgraphProcess { name, address, process }
}

async fn start_gateway(servers: &Servers, folder: &Path, name: &str, subgraphs: &[SocketAddr]) -> (Process, String) {
    let mut config = "schema:\n  subgraphs:\n".to_owned();
    for (name, address) in SUBGRAPHS.into_iter().zip(subgraphs) {
        config.push_str(&format!("    - name: {name}\n      url: http://{address}/graphql\n"));
    }
    let file = folder.join(format!("{name}.yaml"));
    fs::write(&file, config).unwrap();
    let mut command = selvedge(folder);
    servers.set(&mut command);
    command.args(["gateway", "--shop", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config"]).arg(&file);
    let mut process = Process::start(name, command);
    let address = process.told("the gateway serves http://", &['/'], START_WITHIN).await;
    (process, format!("http://{address}"))
}

/// Where one shop keeps its data. It goes away with the value, which is why that is dropped after the processes.
struct Servers {
    postgres: String,
    redis: String,
    mongodb: String,
    /// Of the database, the document database, and of the streams.
    name: String,
    settings: Settings,
}

impl Servers {
    fn from_environment(test: &str, settings: Settings) -> Option<Self> {
        Some(Self {
            postgres: test_server("TEST_POSTGRES_URL", test, "postgres://user:password@host:port/database")?,
            redis: test_server("TEST_REDIS_URL", test, "start `redis-server`: redis://127.0.0.1:6379")?,
            mongodb: test_server("TEST_MONGODB_URI", test, "start `mongod` or FerretDB: mongodb://127.0.0.1:27017")?,
            name: format!("journey_{}", uuid::Uuid::new_v4().simple()),
            settings,
        })
    }

    fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let mut database = reqwest::Url::parse(&self.postgres).unwrap();
        database.set_path(&self.name);
        command
            .env("SELVEDGE_MODE", "development")
            .env("DATABASE_URL", database.as_str())
            .env("MONGODB_URI", &self.mongodb)
            .env("REDIS_URL", &self.redis)
            .env("SELVEDGE_PREFERENCES__DATABASE", &self.name)
            .env("SELVEDGE_EVENTS__PREFIX", &self.name)
            .envs(self.settings.iter().copied())
    }

    async fn make_database(&self) {
        let server = Database::connect(&self.postgres).await.unwrap();
        server.execute_unprepared(&format!("CREATE DATABASE {}", self.name)).await.unwrap();
        server.close().await.unwrap();
    }

    async fn remove(&self) {
        let server = Database::connect(&self.postgres).await.unwrap();
        server.execute_unprepared(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.unwrap();
        server.close().await.unwrap();
        let documents = mongodb::Client::with_uri_str(&self.mongodb).await.unwrap();
        documents.database(&self.name).drop().await.unwrap();
        let mut streams =
            redis::Client::open(self.redis.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{}*", self.name)).query_async(&mut streams).await.unwrap();
        if !keys.is_empty() {
            let _: u64 = redis::cmd("DEL").arg(keys).query_async(&mut streams).await.unwrap();
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        std::thread::scope(|scope| {
            let removed = scope.spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(self.remove())).join();
            if removed.is_err() {
                println!("the databases of `{}` were left behind", self.name);
            }
        });
    }
}

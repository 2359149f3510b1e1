//! The servers: everything in one process; and three subgraphs with a gateway before them. All on one core.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use tempfile::TempDir;
use tokio::time::Instant;

use super::{
    resident::resident_bytes,
    support::{Process, run, selvedge_pinned},
};

/// Shared by the processes and the client of the naive way.
pub(crate) const IDENTITY_SECRET: &str = "an identity secret for this benchmark alone";
/// Of the sample catalog, as `selvedge up` loads it.
const PRODUCTS: &str = "2000";
const START_WITHIN: Duration = Duration::from_secs(120);

/// The running servers; they stop with the value.
pub(crate) struct Servers {
    embedded: (Process, SocketAddr),
    subgraphs: [(Process, SocketAddr); 3],
    gateway: (Process, SocketAddr),
    warm_start: Duration,
    _folder: TempDir,
}

impl Servers {
    pub(crate) async fn start(core: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let place = Place { folder: folder.path(), core };
        for data in ["one", "three"] {
            let seed = run(&mut place.command(&["seed", "--products", PRODUCTS, "--data", data]));
            assert_eq!(seed.0, Some(0), "{}", seed.2);
        }
        let began = Instant::now();
        let embedded = listening("selvedge up", place.command(&["up", "--data", "one"]), "GraphQL http://").await;
        let warm_start = began.elapsed();
        let inventory = place.subgraph("inventory", None).await;
        let preferences = place.subgraph("preferences", None).await;
        let mut recommendation = place.subgraph("recommendation", Some(inventory.1)).await;
        recommendation.0.told("the catalog is loaded", &[], START_WITHIN).await;
        let subgraphs = [inventory, preferences, recommendation];
        let gateway = place.gateway(&subgraphs).await;
        Self { embedded, subgraphs, gateway, warm_start, _folder: folder }
    }

    /// From starting the one process, on a store that is filled already, until it said its address.
    pub(crate) const fn warm_start(&self) -> Duration {
        self.warm_start
    }

    pub(crate) const fn embedded_address(&self) -> SocketAddr {
        self.embedded.1
    }

    pub(crate) const fn gateway_address(&self) -> SocketAddr {
        self.gateway.1
    }

    pub(crate) fn subgraph_addresses(&self) -> [SocketAddr; 3] {
        self.subgraphs.each_ref().map(|(_, address)| *address)
    }

    pub(crate) fn embedded_resident_bytes(&self) -> u64 {
        resident_bytes(self.embedded.0.id())
    }

    pub(crate) fn gateway_resident_bytes(&self) -> u64 {
        resident_bytes(self.gateway.0.id())
    }

    pub(crate) fn subgraphs_resident_bytes(&self) -> u64 {
        self.subgraphs.iter().map(|(process, _)| resident_bytes(process.id())).sum()
    }
}

/// Where servers are started.
struct Place<'a> {
    folder: &'a Path,
    core: usize,
}

impl Place<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = selvedge_pinned(self.folder, self.core);
        command.args(arguments).env("SELVEDGE_MODE", "development").env("SELVEDGE_IDENTITY_SECRET", IDENTITY_SECRET);
        // What is measured is the work for a page; `bench-cache` measures what can be left out of it.
        command.env("SELVEDGE_CACHE__ENABLED", "false");
        if arguments.contains(&"up") || arguments.contains(&"gateway") {
            command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        }
        command
    }

    async fn subgraph(&self, name: &str, inventory: Option<SocketAddr>) -> (Process, SocketAddr) {
        let mut command = self.command(&["subgraph", name, "--data", "three", "--listen", "127.0.0.1:0"]);
        if let Some(inventory) = inventory {
            command.env("SELVEDGE_RECOMMENDATION__INVENTORY_URL", format!("http://{inventory}/graphql"));
        }
        listening(name, command, "listens on http://").await
    }

    async fn gateway(&self, subgraphs: &[(Process, SocketAddr); 3]) -> (Process, SocketAddr) {
        let names = ["inventory", "preferences", "recommendation"];
        let entries = names
            .iter()
            .zip(subgraphs)
            .map(|(name, (_, address))| format!("    - name: {name}\n      url: http://{address}/graphql\n"));
        let config = format!("schema:\n  subgraphs:\n{}", entries.collect::<String>());
        fs::write(self.folder.join("gateway.yaml"), config).unwrap();
        listening("gateway", self.command(&["gateway", "--config", "gateway.yaml"]), "the gateway serves http://").await
    }
}

/// Starts a server and waits for the address that it says behind `before`.
async fn listening(name: &str, command: Command, before: &str) -> (Process, SocketAddr) {
    let mut process = Process::start(name, command);
    let address = process.told(before, &['/'], START_WITHIN).await.parse().unwrap();
    (process, address)
}

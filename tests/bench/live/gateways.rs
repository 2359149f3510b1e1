//! The two gateways as processes.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use selvedge_gateway::schema::{SubgraphSdl, compose};

use super::{GATEWAY_CORE, processor_time, resident, shop::Shop};

const START_WITHIN: Duration = Duration::from_secs(30);
/// What it does at its start is not measured.
const SETTLE: Duration = Duration::from_secs(2);

/// Which gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Peer,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer => "the peer",
        }
    }
}

/// A gateway that serves; it stops with the value.
pub(crate) struct Running {
    process: Child,
    pub(crate) address: SocketAddr,
}

/// The binary that an environment variable names.
#[allow(clippy::disallowed_methods, reason = "which binaries are compared is said by the environment")]
pub(crate) fn path_of(variable: &str) -> Option<PathBuf> {
    std::env::var(variable).ok().filter(|path| !path.is_empty()).map(PathBuf::from)
}

impl Running {
    /// Starts one on a core of its own.
    pub(crate) async fn start(kind: Kind, binary: &Path, shop: &Shop) -> Self {
        // Free a moment ago; nothing else here takes ports.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = shop.folder.path();
        let mut command = Command::new("taskset");
        command.args(["-c", &GATEWAY_CORE.to_string()]).arg(binary).current_dir(folder).env("TMPDIR", folder);
        match kind {
            Kind::Ours => {
                fs::write(folder.join("ours.yaml"), our_config(shop)).unwrap();
                shop.set(&mut command).args(["gateway", "--config", "ours.yaml", "--admin", "127.0.0.1:0"]);
                command.args(["--listen", &address.to_string()]);
            }
            Kind::Peer => {
                let url = format!("http://{}/graphql", shop.address);
                let subgraph = SubgraphSdl { name: "inventory".to_owned(), url, sdl: shop.sdl().await };
                fs::write(folder.join("supergraph.graphql"), compose(&[subgraph]).unwrap()).unwrap();
                fs::write(folder.join("peer.config.yaml"), peer_config(address)).unwrap();
                command.env("ROUTER_CONFIG_FILE_PATH", folder.join("peer.config.yaml"));
            }
        }
        let output = |name: &str| fs::File::create(folder.join(format!("{kind:?}.{name}"))).unwrap();
        command.stdin(Stdio::null()).stdout(output("out")).stderr(output("err"));
        let process = command.spawn().expect("the gateway starts");
        let mut running = Self { process, address };
        running.wait(kind, folder).await;
        running
    }

    async fn wait(&mut self, kind: Kind, folder: &Path) {
        let listens = async {
            while tokio::net::TcpStream::connect(self.address).await.is_err() {
                assert!(self.process.try_wait().unwrap().is_none(), "{}", said(kind, folder));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(START_WITHIN, listens).await;
        assert!(in_time.is_ok(), "{}", said(kind, folder));
        tokio::time::sleep(SETTLE).await;
    }

    pub(crate) fn cpu(&self) -> Duration {
        processor_time::cpu(self.process.id())
    }

    pub(crate) fn resident_bytes(&self) -> u64 {
        resident::resident_bytes(self.process.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn said(kind: Kind, folder: &Path) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(format!("{kind:?}.{name}"))).unwrap_or_default();
    format!("{kind:?} does not serve:\n{}{}", read("out"), read("err"))
}

/// As it comes, but for the limits on how many may come from one address.
fn our_config(shop: &Shop) -> String {
    let inventory = shop.address;
    format!("mode: production\nschema:\n  subgraphs:\n    - name: inventory\n      url: http://{inventory}/graphql\n")
}

/// As it comes, but for its limit of 128 clients, with equal subscriptions shared whatever their headers. The identity
/// for inventory comes with `connection_init` and goes on to inventory's.
fn peer_config(address: SocketAddr) -> String {
    format!(
        "supergraph:\n  source: file\n  path: supergraph.graphql\nhttp:\n  host: {}\n  port: {}\nlog:\n  level: error\n\
         websocket:\n  enabled: true\nsubscriptions:\n  enabled: true\n  websocket:\n    all:\n      path: /graphql\n\
         headers:\n  all:\n    request:\n      - propagate:\n          named: identity\n\
         traffic_shaping:\n  router:\n    max_long_lived_clients: 1000000\n    dedupe:\n      enabled: true\n      headers: none\n",
        address.ip(),
        address.port(),
    )
}

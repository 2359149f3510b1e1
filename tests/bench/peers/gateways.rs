//! The two gateways as processes, each with its configuration for a scenario.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{
    GATEWAY_CORE, Results,
    measured::Measured,
    processor_time,
    replay::Replay,
    resident,
    scenarios::{Scenario, Sharing},
    supergraph::composed,
};

const START_WITHIN: Duration = Duration::from_secs(30);

/// Which gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    Peer,
}

/// A gateway that serves; it stops with the value.
pub(crate) struct Running {
    kind: Kind,
    process: Child,
    address: SocketAddr,
    start_bytes: u64,
}

/// The binary that an environment variable names.
#[allow(clippy::disallowed_methods, reason = "which binaries are compared is said by the environment")]
pub(crate) fn path_of(variable: &str) -> Option<PathBuf> {
    std::env::var(variable).ok().filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Our released binary, beside this benchmark.
pub(crate) fn released() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.ancestors().nth(2).unwrap().join("selvedge")
}

impl Running {
    pub(crate) async fn start(kind: Kind, binary: &Path, scenario: &Scenario, replay: &Replay, folder: &Path) -> Self {
        let supergraph = folder.join("supergraph.graphql");
        fs::write(&supergraph, composed(scenario.graph, |name| replay.url(name))).unwrap();
        // Free a moment ago; nothing else here takes ports.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("taskset");
        command.args(["-c", &GATEWAY_CORE.to_string()]).arg(binary).current_dir(folder);
        match kind {
            Kind::Ours => {
                fs::write(folder.join("ours.yaml"), our_config(scenario.sharing)).unwrap();
                command.args(["gateway", "--config", "ours.yaml", "--supergraph"]).arg(&supergraph);
                command.args(["--listen", &address.to_string(), "--admin", "127.0.0.1:0"]);
            }
            Kind::Peer => {
                fs::write(folder.join("peer.config.yaml"), peer_config(scenario.sharing, address)).unwrap();
                command.env("ROUTER_CONFIG_FILE_PATH", folder.join("peer.config.yaml"));
            }
        }
        let output = |name: &str| fs::File::create(folder.join(format!("{kind:?}.{name}"))).unwrap();
        command.stdin(Stdio::null()).stdout(output("out")).stderr(output("err"));
        let process = command.spawn().expect("the gateway starts");
        let mut running = Self { kind, process, address, start_bytes: 0 };
        running.wait(folder).await;
        running.start_bytes = running.resident_bytes();
        running
    }

    async fn wait(&mut self, folder: &Path) {
        let listens = async {
            while tokio::net::TcpStream::connect(self.address).await.is_err() {
                assert!(self.process.try_wait().unwrap().is_none(), "{}", said(self.kind, folder));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(START_WITHIN, listens).await;
        assert!(in_time.is_ok(), "{}", said(self.kind, folder));
        // What it does at its start is not measured.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    pub(crate) fn name(&self) -> &'static str {
        if self.kind == Kind::Ours { "selvedge" } else { "the peer" }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cpu(&self) -> Duration {
        processor_time::cpu(self.process.id())
    }

    pub(crate) fn resident_bytes(&self) -> u64 {
        resident::resident_bytes(self.process.id())
    }

    /// Figures before any load.
    pub(crate) fn begin(&self) -> Results {
        Results { load: Measured::new(), cpu: Duration::ZERO, start_bytes: self.start_bytes, load_bytes: 0 }
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

fn our_config(sharing: Sharing) -> String {
    let (in_flight, at_the_door) = (sharing == Sharing::InFlight, sharing == Sharing::AtTheDoor);
    format!(
        "mode: production\ntraffic:\n  deduplicate_requests: {at_the_door}\nsubgraphs:\n  default:\n    deduplicate: {in_flight}\n"
    )
}

fn peer_config(sharing: Sharing, address: SocketAddr) -> String {
    let (in_flight, at_the_door) = (sharing == Sharing::InFlight, sharing == Sharing::AtTheDoor);
    format!(
        "supergraph:\n  source: file\n  path: supergraph.graphql\nhttp:\n  host: {}\n  port: {}\nlog:\n  level: info\n\
         traffic_shaping:\n  all:\n    dedupe_enabled: {in_flight}\n  router:\n    dedupe:\n      enabled: {at_the_door}\n",
        address.ip(),
        address.port(),
    )
}

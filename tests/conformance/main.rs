//! What the specifications of GraphQL and of GraphQL over HTTP say, asked of a real gateway from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may unwrap, and say what they measured"
)]

#[path = "../support/mod.rs"]
mod support;

mod audits;
mod hostile;
mod incremental;
mod live;
mod oracle;

use std::{path::Path, process::Command, time::Duration};

use support::{PROJECT, Process, selvedge, test_server};
use tempfile::TempDir;

const START_WITHIN: Duration = Duration::from_secs(60);

/// Node.js with what `package.json` of this folder names; `None` when it is missing.
fn node(test: &str) -> Option<String> {
    test_server("TEST_NODE", test, "Node.js 20.19 or newer, and `npm ci` in tests/conformance")
}

/// `node SCRIPT` in the folder of these tests.
fn script(node: &str, script: &str) -> Command {
    let mut command = Command::new(node);
    command.current_dir(Path::new(PROJECT).join("tests/conformance")).arg(script);
    command
}

/// A gateway over the shop's supergraph, of which no subgraph runs.
struct Gateway {
    url: String,
    _process: Process,
    _folder: TempDir,
}

impl Gateway {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = selvedge(folder.path());
        let supergraph = Path::new(PROJECT).join("schema/supergraph.graphql");
        command.args(["gateway", "--development", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--supergraph"]);
        command.arg(supergraph);
        let mut process = Process::start("gateway", command);
        let url = process.told("the gateway serves ", &[' ', '\u{1b}', '"'], START_WITHIN).await;
        Self { url, _process: process, _folder: folder }
    }
}

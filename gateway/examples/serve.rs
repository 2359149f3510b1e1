//! The gateway alone over a supergraph file, without the parts of the shop: what one iterates on when measuring.
//!
//! `serve --supergraph FILE --listen ADDRESS [--config FILE]`; the product's own command is `selvedge gateway`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::{collections::BTreeMap, fs, sync::Arc};

use selvedge_gateway::{
    config,
    schema::ServedSchema,
    server::Gateway,
    subgraph::{SubgraphTransports, http_transports},
};
use tokio_util::sync::CancellationToken;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(serve());
}

async fn serve() {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |name: &str| arguments.iter().position(|it| it == name).and_then(|at| arguments.get(at + 1));
    let (supergraph, listen) = (argument("--supergraph").unwrap(), argument("--listen").unwrap());
    let yaml = argument("--config").map(|file| fs::read_to_string(file).unwrap());
    let config = config::load(&yaml.unwrap_or_else(|| "mode: development".to_owned()), &BTreeMap::new()).unwrap();
    let schema = Arc::new(ServedSchema::from_supergraph_sdl(&fs::read_to_string(supergraph).unwrap()).unwrap());
    let transports = http_transports(schema.subgraphs(), &config.subgraphs, &SubgraphTransports::default()).unwrap();
    let gateway = Gateway::builder(config, schema, transports).build().unwrap();
    let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
    println!("the gateway serves http://{}/graphql", listener.local_addr().unwrap());
    gateway.serve(listener, CancellationToken::new()).await.unwrap();
}

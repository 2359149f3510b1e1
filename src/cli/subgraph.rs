//! `selvedge subgraph NAME`: one subgraph alone.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use selvedge_kit::{client::SubgraphClient, server::SubgraphServer, telemetry::install_metrics};
use tokio::net::TcpListener;

use super::runtime::shutdown_on_signal;
use crate::{
    assemble::{self, DataFolder, Engines, SubgraphName},
    config::{self, Environment, Purpose},
    failure::Failure,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Which one.
    name: SubgraphName,
    /// Address and port; by default 127.0.0.1 and 4001, 4002 or 4003.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
    /// Configuration file; `selvedge.yaml` of the working folder when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the embedded store.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    data: PathBuf,
}

pub(super) async fn run(options: Options, environment: Environment) -> Result<(), Failure> {
    let config = config::load(options.config.as_deref(), &environment, Purpose::Subgraphs)?;
    let shutdown = shutdown_on_signal()?;
    let metrics = install_metrics().map_err(|error| Failure::operation("cannot record metrics", &error))?;
    let data = DataFolder::kept(&options.data);
    let engines = Engines::open(&config, &data, shutdown.clone()).await?;
    let dependencies = engines.dependencies.clone();
    let mut subgraph = match options.name {
        SubgraphName::Inventory => assemble::inventory(&config, &data, dependencies).await?,
        SubgraphName::Preferences => assemble::preferences(&config, &data, dependencies).await?,
        SubgraphName::Recommendation => {
            let url = config.recommendation.inventory_url.clone();
            let client = SubgraphClient::http("inventory", url, engines.identities.signer.clone());
            assemble::recommendation(dependencies, client).await?
        }
    };
    let tasks = std::mem::take(&mut subgraph.tasks);
    let upkeep = tokio::spawn(assemble::keep_metrics(metrics.clone()));
    let server = SubgraphServer::new(subgraph, engines.identities.verifier.clone()).with_metrics(metrics);
    let address =
        options.listen.map_or_else(|| options.name.default_address().to_owned(), |address| address.to_string());
    let listener = TcpListener::bind(&address).await.map_err(|error| {
        Failure::operation(format!("cannot listen on {address}"), &format!("{error}; choose another with `--listen`"))
    })?;
    let bound = listener.local_addr().map_or(address, |address| address.to_string());
    tracing::info!(bus = engines.bus_name, "subgraph `{}` listens on http://{bound}/graphql", options.name.as_str());
    let served = server.serve(listener, shutdown.clone()).await;
    shutdown.cancel();
    upkeep.abort();
    assemble::join(tasks).await;
    served.map_err(|error| Failure::operation("the server failed", &error))
}

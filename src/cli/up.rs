//! `selvedge up`: everything in one process.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use selvedge_gateway::{
    schema::SubgraphSdl,
    server::Readiness,
    subgraph::{SubgraphTransports, build_stack},
};
use selvedge_inventory::catalog::{SampleSize, count_products};
use selvedge_kit::{
    client::SubgraphClient,
    server::{RunningSubgraph, SubgraphServer},
    telemetry::install_metrics,
};
use tokio::task::JoinHandle;

use super::runtime::shutdown_on_signal;
use crate::{
    assemble::{self, Bus, Catalog, DataFolder, Engines, GatewayParts, Listeners, SubgraphName, in_process},
    config::{self, Config, Environment, Purpose},
    console,
    failure::Failure,
};

#[derive(Debug, Args, Default)]
pub(super) struct Options {
    /// Where the embedded stores keep their files; `selvedge-data` when absent.
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    data: Option<PathBuf>,
    /// Keep nothing: a new, empty store that goes away at the end.
    #[arg(long)]
    ephemeral: bool,
    /// Configuration file; `selvedge.yaml` of the working folder when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port of the gateway; wins over `server.listen`.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
    /// Address and port of metrics and health; wins over `admin.listen`.
    #[arg(long, value_name = "IP:PORT")]
    admin: Option<SocketAddr>,
    /// Products of the sample catalog that an empty store gets; 0 leaves it empty.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    sample_products: u32,
}

pub(super) async fn run(options: Options, environment: Environment) -> Result<(), Failure> {
    let mut config = config::load(options.config.as_deref(), &environment, Purpose::Shop)?;
    if let Some(listen) = options.listen {
        config.gateway.server.listen = listen.to_string();
    }
    if let Some(admin) = options.admin {
        config.gateway.admin.listen = admin.to_string();
    }
    let listeners = Listeners::bind(&config.gateway).await?;
    let shutdown = shutdown_on_signal()?;
    let metrics = install_metrics().map_err(|error| Failure::operation("cannot record metrics", &error))?;
    let data = match &options.data {
        _ if options.ephemeral => DataFolder::ephemeral()?,
        Some(folder) => DataFolder::kept(folder),
        None => DataFolder::kept("selvedge-data".as_ref()),
    };
    let engines = Engines::open(&config, &data, shutdown.clone()).await?;
    seed_if_empty(&config, &data, &engines, options.sample_products).await?;

    let mut shop = Shop::start(&config, &data, &engines).await?;
    shop.tasks.extend(engines.serve_requests());
    let parts = GatewayParts {
        schema: shop.schema()?,
        transports: shop.transports(&config)?,
        readiness: shop.readiness(),
        config: config.gateway,
        reloader: None,
        metrics,
        storefront: true,
        events: (Bus::Open(Arc::clone(&engines.dependencies.bus)), config.events.entity_mappings(true)),
    };
    welcome(&listeners, &data, engines.bus_name);
    let served = assemble::serve(parts, listeners, shutdown.clone()).await;
    shutdown.cancel();
    assemble::join(shop.tasks).await;
    served
}

async fn seed_if_empty(config: &Config, data: &DataFolder, engines: &Engines, products: u32) -> Result<(), Failure> {
    let catalog = Catalog::open(config, data).await?;
    let present = count_products(catalog.store()).await;
    if present.map_err(|error| Failure::operation("the catalog cannot be read", &error))? == 0 && products > 0 {
        console::say(format_args!("the store is empty: loading a sample catalog of {products} products"));
        let size = SampleSize { products, ..SampleSize::default() };
        let report = catalog.seed(size, &*engines.dependencies.clock).await?;
        console::say(format_args!("{} variants, {} stock levels", report.variants, report.levels));
    }
    catalog.close().await
}

/// The three subgraphs, running in this process.
struct Shop {
    servers: Vec<SubgraphServer>,
    tasks: Vec<JoinHandle<()>>,
}

impl Shop {
    async fn start(config: &Config, data: &DataFolder, engines: &Engines) -> Result<Self, Failure> {
        let mut shop = Self { servers: Vec::new(), tasks: Vec::new() };
        let dependencies = &engines.dependencies;
        let (inventory, preferences) = tokio::try_join!(
            assemble::inventory(config, data, dependencies.clone()),
            assemble::preferences(config, data, dependencies.clone()),
        )?;
        let inventory = shop.add(inventory, engines);
        shop.add(preferences, engines);
        let client = SubgraphClient::in_process("inventory", inventory, engines.identities.signer.clone());
        let recommendation = assemble::recommendation(dependencies.clone(), client).await?;
        shop.add(recommendation, engines);
        Ok(shop)
    }

    fn add(&mut self, mut subgraph: RunningSubgraph, engines: &Engines) -> SubgraphServer {
        self.tasks.append(&mut subgraph.tasks);
        let server = SubgraphServer::new(subgraph, engines.identities.verifier.clone());
        self.servers.push(server.clone());
        server
    }

    fn schema(&self) -> Result<Arc<selvedge_gateway::schema::ServedSchema>, Failure> {
        let sdls: Vec<SubgraphSdl> = SubgraphName::ALL
            .into_iter()
            .map(|name| SubgraphSdl {
                name: name.as_str().to_owned(),
                url: format!("http://{}/graphql", name.default_address()),
                sdl: name.sdl(),
            })
            .collect();
        assemble::compose_schema(&sdls)
    }

    fn transports(&self, config: &Config) -> Result<SubgraphTransports, Failure> {
        self.servers.iter().try_fold(SubgraphTransports::default(), |transports, server| {
            let name = server.subgraph().name;
            let settings = config.gateway.subgraphs.for_subgraph(name);
            let stack = build_stack(name, settings, in_process(server.clone()))
                .map_err(|error| Failure::operation("a subgraph cannot be called as configured", &error))?;
            Ok(transports.with(name, stack))
        })
    }

    fn readiness(&self) -> Readiness {
        let subgraphs: Vec<_> =
            self.servers.iter().map(|server| (server.subgraph().name, server.subgraph().readiness.clone())).collect();
        Arc::new(move || {
            let failures = |(name, readiness): &(&'static str, selvedge_kit::server::Readiness)| {
                let of_it = readiness.failures();
                of_it.into_iter().map(|(part, reason)| (format!("{name}.{part}"), reason)).collect::<Vec<_>>()
            };
            subgraphs.iter().flat_map(failures).collect()
        })
    }
}

fn welcome(listeners: &Listeners, data: &DataFolder, bus: &str) {
    let url = listeners.url();
    console::say(format_args!("\nSelvedge is running. Open in a browser:\n"));
    console::say(format_args!("  {url}/         playground: explore the graph, run queries and subscriptions"));
    console::say(format_args!("  {url}/shop     storefront with live stock"));
    console::say(format_args!("\nGraphQL {url}/graphql"));
    if let Some(admin_url) = listeners.admin_url() {
        console::say(format_args!("Metrics {admin_url}/metrics, health {admin_url}/health/ready"));
    }
    console::say(format_args!("Data    {} (bus {bus})", data.path().display()));
    console::say(format_args!("Stop with Ctrl-C.\n"));
}

//! `selvedge gateway`: the gateway alone.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use selvedge_gateway::{
    config::Config,
    reload::{LoadError, Loaded, Reloader},
};
use selvedge_kit::telemetry::install_metrics;

use super::runtime::shutdown_on_signal;
use crate::{
    assemble::{self, Bus, GatewayParts, Listeners, SupergraphLocation},
    config::{self, Environment, Purpose},
    failure::Failure,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Configuration file; `selvedge.yaml` of the working folder when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A supergraph in the Apollo join form, instead of what the configuration names. Nothing else is needed.
    #[arg(long, value_name = "FILE|URL")]
    supergraph: Option<SupergraphLocation>,
    /// Address and port; wins over `server.listen`.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
    /// Address and port of metrics and health; wins over `admin.listen`.
    #[arg(long, value_name = "IP:PORT")]
    admin: Option<SocketAddr>,
    /// Serve the sample storefront at /shop.
    #[arg(long)]
    shop: bool,
    /// Development mode: playground, introspection, and secrets that everybody knows.
    #[arg(long)]
    development: bool,
}

pub(super) async fn run(options: Options, environment: Environment) -> Result<(), Failure> {
    let purpose = Purpose::Gateway { development: options.development };
    let config::Config { gateway: mut config, events, .. } =
        config::load(options.config.as_deref(), &environment, purpose)?;
    if options.development && !config.is_development() {
        return Err(Failure::Usage("--development is given, but the configuration says `mode: production`".to_owned()));
    }
    if let Some(location) = options.supergraph {
        location.instead_of(&mut config.schema);
        config.validate().map_err(|error| Failure::Usage(error.to_string()))?;
    }
    if let Some(listen) = options.listen {
        config.server.listen = listen.to_string();
    }
    if let Some(admin) = options.admin {
        config.admin.listen = admin.to_string();
    }
    let listeners = Listeners::bind(&config).await?;
    let shutdown = shutdown_on_signal()?;
    let metrics = install_metrics().map_err(|error| Failure::operation("cannot record metrics", &error))?;
    let mut reloader = Reloader::from_config(&config).map_err(|error| failed(&error))?;
    // A signal ends the wait for subgraphs that do not come up.
    let loaded = tokio::select! {
        loaded = reloader.load() => loaded.map_err(|error| failed(&error))?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let Loaded { schema, transports } = loaded;
    tell_what_is_off(&config);
    let is_shop = schema.entities().is_entity("StockBadge");
    let mappings = events.entity_mappings(is_shop);
    let bus = if events.redis_url.is_some() { Bus::Configured(events) } else { Bus::None };
    let parts = GatewayParts {
        events: (bus, mappings),
        config,
        schema,
        transports,
        // A dead subgraph takes its part of the answers away, not the gateway out of service.
        readiness: Arc::new(Vec::new),
        reloader: Some(reloader),
        metrics,
        storefront: options.shop,
    };
    tracing::info!("the gateway serves {}/graphql", listeners.url());
    if let Some(admin_url) = listeners.admin_url() {
        tracing::info!("metrics, health and schema at {admin_url}/");
    }
    assemble::serve(parts, listeners, shutdown).await
}

/// What a configuration leaves out is no error, but should not have to be guessed either.
fn tell_what_is_off(config: &Config) {
    if config.identity.secret.is_none() {
        if config.jwt.has_keys() {
            tracing::warn!("without `identity.secret` subgraphs are not told whose token the gateway has verified");
        } else {
            tracing::info!("no keys are configured: the gateway reads no tokens and signs no identity for subgraphs");
        }
    }
    if config.is_bare() {
        tracing::info!("nothing but a schema is configured and only this machine is served: introspection is on");
    } else if !config.introspection_enabled() {
        tracing::info!("introspection is off (`introspection.enabled`)");
    }
}

fn failed(error: &LoadError) -> Failure {
    match error {
        LoadError::NoSource => Failure::Usage(format!("{error}, or give --supergraph FILE")),
        LoadError::NotHeader { .. } => Failure::Usage(error.to_string()),
        LoadError::Source(_) | LoadError::Refused(_) => Failure::operation("the gateway did not start", error),
    }
}

//! The gateway's listeners.

use std::{sync::Arc, time::Duration};

use selvedge_gateway::{
    config::{AdminConfig, Config as GatewayConfig},
    reload::Reloader,
    schema::ServedSchema,
    server::{Gateway, Readiness},
    subgraph::SubgraphTransports,
};
use selvedge_kit::telemetry::MetricsHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    DevelopmentTokens,
    entity_events::{self, Bus},
};
use crate::{assets::FrontEnd, entity_mapping::EntityMappings, failure::Failure};

/// How often metrics are tidied.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// What a gateway is made of.
pub(crate) struct GatewayParts {
    /// Its configuration.
    pub(crate) config: GatewayConfig,
    /// What it serves.
    pub(crate) schema: Arc<ServedSchema>,
    /// How it reaches subgraphs.
    pub(crate) transports: SubgraphTransports,
    /// Follows the source of the schema, where that can change.
    pub(crate) reloader: Option<Reloader>,
    /// What `/health/ready` asks.
    pub(crate) readiness: Readiness,
    /// What `/metrics` answers.
    pub(crate) metrics: MetricsHandle,
    /// Whether `/shop` is served.
    pub(crate) storefront: bool,
    /// Where changes of entities are announced, and how; what nothing is announced of ends by its age alone.
    pub(crate) events: (Bus, EntityMappings),
}

/// The sockets of a gateway, bound before anything else starts: a port in use is known at once, and clients that come
/// early wait in the queue of the socket.
pub(crate) struct Listeners {
    gateway: TcpListener,
    admin: Option<TcpListener>,
}

impl Listeners {
    /// Binds what `config` names.
    pub(crate) async fn bind(config: &GatewayConfig) -> Result<Self, Failure> {
        let gateway = listen_on(&config.server.listen, "server.listen").await?;
        if !config.admin.enabled {
            return Ok(Self { gateway, admin: None });
        }
        match listen_on(&config.admin.listen, "admin.listen").await {
            Ok(admin) => Ok(Self { gateway, admin: Some(admin) }),
            // Nobody asked for that address, and several bare gateways can stand side by side.
            Err(failure) if config.is_bare() && config.admin == AdminConfig::default() => {
                tracing::warn!("metrics have no address of their own: {failure}");
                Ok(Self { gateway, admin: None })
            }
            Err(failure) => Err(failure),
        }
    }

    /// The address that clients use, such as `http://127.0.0.1:4000`.
    pub(crate) fn url(&self) -> String {
        self.gateway.local_addr().map_or_else(|_| String::new(), |address| format!("http://{address}"))
    }

    /// The address of metrics and health.
    pub(crate) fn admin_url(&self) -> Option<String> {
        let address = self.admin.as_ref()?.local_addr().ok()?;
        Some(format!("http://{address}"))
    }
}

/// Serves a gateway made of `parts` on `listeners` until `shutdown`.
pub(crate) async fn serve(
    parts: GatewayParts,
    listeners: Listeners,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let tokens = if parts.storefront { DevelopmentTokens::new(&parts.config) } else { None };
    let metrics = parts.metrics.clone();
    let mut builder = Gateway::builder(parts.config, parts.schema, parts.transports)
        .assets(Arc::new(FrontEnd { storefront: parts.storefront }))
        .readiness(parts.readiness)
        .metrics(Arc::new(move || metrics.render()));
    if let Some(tokens) = tokens {
        builder = builder.routes(tokens.routes());
    }
    if let Some(reloader) = &parts.reloader {
        builder = builder.source(reloader.status());
    }
    let gateway = builder.build().map_err(|error| Failure::Usage(error.to_string()))?;
    let (bus, mappings) = parts.events;
    let hearing = entity_events::follow(bus, mappings, gateway.pipeline(), shutdown.clone());
    let upkeep = tokio::spawn(keep_metrics(parts.metrics));
    let following =
        parts.reloader.map(|reloader| tokio::spawn(reloader.follow(gateway.pipeline().clone(), shutdown.clone())));
    let admin = listeners.admin.map(|listener| {
        let gateway = gateway.clone();
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            if let Err(error) = gateway.serve_admin(listener, shutdown).await {
                tracing::error!(%error, "metrics and health are no longer served");
            }
        })
    });
    let served = gateway.serve(listeners.gateway, shutdown.clone()).await;
    shutdown.cancel();
    upkeep.abort();
    for task in [admin, following, hearing].into_iter().flatten() {
        // It ends by the shutdown; a panic in it has been logged.
        let _ = task.await;
    }
    served.map_err(|error| Failure::operation("the gateway's listener failed", &error))
}

/// Folds samples into histograms, so that they do not pile up where nobody scrapes.
pub(crate) async fn keep_metrics(metrics: MetricsHandle) {
    let mut tick = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        tick.tick().await;
        metrics.upkeep();
    }
}

async fn listen_on(address: &str, key: &str) -> Result<TcpListener, Failure> {
    let option = if key == "admin.listen" { "admin" } else { "listen" };
    TcpListener::bind(address).await.map_err(|error| {
        Failure::operation(
            format!("cannot listen on {address}"),
            &format!("{error}; choose another with `--{option}` or the key `{key}`"),
        )
    })
}

//! The gateway's listeners.

use std::sync::Arc;

use selvedge_gateway::{
    config::Config as GatewayConfig,
    schema::ServedSchema,
    server::{Gateway, Readiness},
    subgraph::SubgraphTransports,
};
use selvedge_kit::telemetry::MetricsHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::DevelopmentTokens;
use crate::{assets::FrontEnd, failure::Failure};

/// What a gateway is made of.
pub(crate) struct GatewayParts {
    /// Its configuration.
    pub(crate) config: GatewayConfig,
    /// What it serves.
    pub(crate) schema: Arc<ServedSchema>,
    /// How it reaches subgraphs.
    pub(crate) transports: SubgraphTransports,
    /// What `/health/ready` asks.
    pub(crate) readiness: Readiness,
    /// What `/metrics` answers.
    pub(crate) metrics: MetricsHandle,
    /// Whether `/shop` is served.
    pub(crate) storefront: bool,
}

/// A gateway with its sockets bound.
pub(crate) struct BoundGateway {
    gateway: Gateway,
    listener: TcpListener,
    admin: Option<TcpListener>,
}

/// Builds the gateway and binds its addresses, so that a port in use is known before anything else starts.
pub(crate) async fn bind(parts: GatewayParts) -> Result<BoundGateway, Failure> {
    let listen = parts.config.server.listen.clone();
    let admin = parts.config.admin.enabled.then(|| parts.config.admin.listen.clone());
    let tokens = if parts.storefront { DevelopmentTokens::new(&parts.config) } else { None };
    let metrics = parts.metrics;
    let mut builder = Gateway::builder(parts.config, parts.schema, parts.transports)
        .assets(Arc::new(FrontEnd { storefront: parts.storefront }))
        .readiness(parts.readiness)
        .metrics(Arc::new(move || metrics.render()));
    if let Some(tokens) = tokens {
        builder = builder.routes(tokens.routes());
    }
    let gateway = builder.build().map_err(|error| Failure::Usage(error.to_string()))?;
    let listener = listen_on(&listen, "server.listen").await?;
    let admin = match admin {
        Some(address) => Some(listen_on(&address, "admin.listen").await?),
        None => None,
    };
    Ok(BoundGateway { gateway, listener, admin })
}

async fn listen_on(address: &str, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::operation(format!("cannot listen on {address}"), &format!("{error}; choose another with `{key}`"))
    })
}

impl BoundGateway {
    /// The address that clients use, such as `http://127.0.0.1:4000`.
    pub(crate) fn url(&self) -> String {
        self.listener.local_addr().map_or_else(|_| String::new(), |address| format!("http://{address}"))
    }

    /// The address of metrics and health.
    pub(crate) fn admin_url(&self) -> Option<String> {
        let address = self.admin.as_ref()?.local_addr().ok()?;
        Some(format!("http://{address}"))
    }

    /// Serves until `shutdown`.
    pub(crate) async fn serve(self, shutdown: CancellationToken) -> Result<(), Failure> {
        let admin = self.admin.map(|listener| {
            let gateway = self.gateway.clone();
            let shutdown = shutdown.clone();
            tokio::spawn(async move { gateway.serve_admin(listener, shutdown).await })
        });
        let served = self.gateway.serve(self.listener, shutdown.clone()).await;
        shutdown.cancel();
        if let Some(admin) = admin {
            // Its failure has no consequence beyond itself; the log of the listener says what it was.
            let _ = admin.await;
        }
        served.map_err(|error| Failure::operation("the gateway's listener failed", &error))
    }
}

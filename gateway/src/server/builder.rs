//! Putting a gateway together.

use std::sync::Arc;

use axum::Router;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Gateway, MetricsText, Readiness, StaticAssets, assets::Asset, door::Door, gateway::Edge};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    pipeline::Pipeline,
    reload::SchemaStatus,
    schema::ServedSchema,
    subgraph::{Forwarding, SubgraphTransports},
    subscribe::websocket::Connections,
};

struct NoAssets;

impl StaticAssets for NoAssets {
    fn find(&self, _path: &str) -> Option<Asset> {
        None
    }
}

/// Collects what a gateway is made of.
pub struct GatewayBuilder {
    config: Config,
    schema: Arc<ServedSchema>,
    transports: SubgraphTransports,
    assets: Arc<dyn StaticAssets>,
    routes: Router,
    clock: Arc<dyn Clock>,
    metrics: MetricsText,
    readiness: Readiness,
    source: Option<SchemaStatus>,
}

impl GatewayBuilder {
    pub(super) fn new(config: Config, schema: Arc<ServedSchema>, transports: SubgraphTransports) -> Self {
        Self {
            config,
            schema,
            transports,
            assets: Arc::new(NoAssets),
            routes: Router::new(),
            clock: Arc::new(SystemClock),
            metrics: Arc::new(String::new),
            readiness: Arc::new(Vec::new),
            source: None,
        }
    }

    /// Pages to serve beside GraphQL.
    #[must_use]
    pub fn assets(mut self, assets: Arc<dyn StaticAssets>) -> Self {
        self.assets = assets;
        self
    }

    /// Routes of the installation's own, such as its sign-in; they pass through the same layers as GraphQL.
    #[must_use]
    pub fn routes(mut self, routes: Router) -> Self {
        self.routes = routes;
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What `/metrics` answers.
    #[must_use]
    pub fn metrics(mut self, metrics: MetricsText) -> Self {
        self.metrics = metrics;
        self
    }

    /// What `/health/ready` asks.
    #[must_use]
    pub fn readiness(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// What `/schema` on the admin address tells of where the schema comes from.
    #[must_use]
    pub fn source(mut self, status: SchemaStatus) -> Self {
        self.source = Some(status);
        self
    }

    /// The gateway.
    ///
    /// # Errors
    ///
    /// When the configuration is wrong.
    pub fn build(self) -> Result<Gateway, ConfigError> {
        self.config.validate()?;
        let pipeline = Pipeline::new(&self.config, self.schema, self.transports, &self.clock);
        let connections = Connections {
            runner: Arc::new(pipeline.clone()),
            config: Arc::new(self.config.subscriptions.clone()),
            max_message_bytes: self.config.limits.max_body_bytes,
            shutdown: CancellationToken::new(),
            tracker: TaskTracker::new(),
        };
        let forwarding = Forwarding::new(&self.config.subgraphs)?;
        let edge = Edge {
            forwarding,
            door: Door::new(self.config.server.max_concurrent_requests),
            config: self.config,
            pipeline,
            connections,
            assets: self.assets,
            routes: self.routes,
            metrics: self.metrics,
            readiness: self.readiness,
            source: self.source,
        };
        Ok(Gateway::from_edge(edge))
    }
}

//! Putting a gateway together.

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request, response::IntoResponse, routing::Route};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Layer, Service};

use super::{
    Gateway, MetricsText, Readiness, StaticAssets,
    assets::Asset,
    door::Door,
    gateway::{Edge, HttpLayer},
    socket_runner::SocketRunner,
};
use crate::{
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    execute::Graph,
    hooks::Hooks,
    pipeline::{Extension, Pipeline, SubgraphLayer},
    reload::SchemaStatus,
    schema::ServedSchema,
    subgraph::{Forwarding, SubgraphService, SubgraphTransport, SubgraphTransports},
    subscribe::{EventStreams, websocket::Connections},
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
    hooks: Vec<Arc<dyn Hooks>>,
    subgraph_layers: Vec<SubgraphLayer>,
    http_layers: Vec<HttpLayer>,
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
            hooks: Vec::new(),
            subgraph_layers: Vec::new(),
            http_layers: Vec::new(),
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

    /// Code of the installation's own, called between the stages of a request; hooks run in the order of these calls.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks.push(Arc::new(hooks));
        self
    }

    /// A tower layer around the transport to each subgraph, made for the subgraph of a name; around all layers of the
    /// gateway and those of earlier calls, and inside of hooks. It stays with a transport when the schema is replaced.
    #[must_use]
    pub fn subgraph_layer<L>(mut self, make: impl Fn(&str) -> L + Send + Sync + 'static) -> Self
    where
        L: Layer<SubgraphService>,
        SubgraphTransport: From<L::Service>,
    {
        let wrap = move |name: &str, inner| SubgraphTransport::from(make(name).layer(SubgraphService(inner)));
        self.subgraph_layers.push(Arc::new(wrap));
        self
    }

    /// A tower layer around everything that clients reach, GraphQL, WebSocket upgrades, pages and routes; around those of
    /// earlier calls. Not around the admin address.
    #[must_use]
    pub fn http_layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.http_layers.push(Arc::new(move |router: Router| router.layer(layer.clone())));
        self
    }

    /// The gateway.
    ///
    /// # Errors
    ///
    /// When the configuration is wrong.
    pub fn build(self) -> Result<Gateway, ConfigError> {
        self.config.validate()?;
        let extension = Extension { hooks: self.hooks.into_iter().collect(), subgraph_layers: self.subgraph_layers };
        let graph = Graph::new(self.schema, self.transports);
        let pipeline = Pipeline::new(&self.config, &graph, extension, &self.clock);
        let forwarding = Forwarding::new(&self.config.subgraphs)?;
        let door = Arc::new(Door::new(self.config.server.max_concurrent_requests));
        let runner =
            SocketRunner { pipeline: pipeline.clone(), door: Arc::clone(&door), forwarding: forwarding.clone() };
        let connections = Arc::new(Connections {
            runner: Arc::new(runner),
            config: Arc::new(self.config.subscriptions.clone()),
            limits: pipeline.live_limits().clone(),
            max_message_bytes: self.config.limits.max_body_bytes,
            shutdown: CancellationToken::new(),
            tracker: TaskTracker::new(),
        });
        let event_streams = EventStreams::new(Arc::clone(&connections.config), connections.shutdown.clone());
        let edge = Edge {
            forwarding,
            door,
            config: self.config,
            pipeline,
            connections,
            event_streams,
            assets: self.assets,
            routes: self.routes,
            metrics: self.metrics,
            readiness: self.readiness,
            source: self.source,
            http_layers: self.http_layers,
        };
        Ok(Gateway::from_edge(edge))
    }
}

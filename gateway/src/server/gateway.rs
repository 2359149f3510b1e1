//! The routes, the listeners and how they stop.

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{any, get},
};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    GatewayBuilder, MetricsText, Readiness, StaticAssets,
    admin::{self, Health},
    assets,
    door::Door,
    event_streams, graphql, layers, listen,
    schema_view::SchemaView,
};
use crate::{
    cache::EntityEvents,
    config::Config,
    pipeline::{Pipeline, Warmed},
    reload::SchemaStatus,
    schema::ServedSchema,
    subgraph::{Forwarding, SubgraphTransports},
    subscribe::{EventStreams, websocket::Connections},
};

/// For the closing handshake of the last connections.
const GOODBYE: Duration = Duration::from_secs(2);

/// Puts something around all routes.
pub(super) type HttpLayer = Arc<dyn Fn(Router) -> Router + Send + Sync>;

/// What every handler reads.
pub(super) struct Edge {
    pub(super) config: Config,
    pub(super) pipeline: Pipeline,
    pub(super) forwarding: Forwarding,
    pub(super) door: Arc<Door>,
    pub(super) connections: Arc<Connections>,
    pub(super) event_streams: EventStreams,
    pub(super) assets: Arc<dyn StaticAssets>,
    pub(super) metrics: MetricsText,
    pub(super) readiness: Readiness,
    pub(super) source: Option<SchemaStatus>,
    /// Around everything that clients reach, the innermost first.
    pub(super) http_layers: Vec<HttpLayer>,
    /// Routes that the binary adds.
    pub(super) routes: Router,
}

/// A federation gateway; cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    edge: Arc<Edge>,
}

impl Gateway {
    /// Begins a gateway that serves `schema` over `transports`.
    #[must_use]
    pub fn builder(config: Config, schema: Arc<ServedSchema>, transports: SubgraphTransports) -> GatewayBuilder {
        GatewayBuilder::new(config, schema, transports)
    }

    pub(super) fn from_edge(edge: Edge) -> Self {
        Self { edge: Arc::new(edge) }
    }

    /// Runs operations without HTTP.
    #[must_use]
    pub fn pipeline(&self) -> &Pipeline {
        &self.edge.pipeline
    }

    /// Evicts entities from the cache of answers; does nothing where none are kept.
    #[must_use]
    pub fn entity_events(&self) -> EntityEvents {
        self.edge.pipeline.entity_events()
    }

    /// Serves `schema` from now on, by the transports of now; what is under way finishes on the old one.
    pub async fn replace_schema(&self, schema: Arc<ServedSchema>) -> Warmed {
        self.edge.pipeline.replace_schema(schema).await
    }

    /// `/graphql`, `/graphql/stream`, `/health`, and the assets everywhere else.
    pub fn router(&self) -> Router {
        let health = self.health();
        let router = Router::new()
            .route("/graphql", any(graphql::handle))
            .route("/graphql/stream", any(event_streams::handle))
            .route("/health", get(move || async move { health.ready() }))
            .fallback(serve_asset)
            .with_state(Arc::clone(&self.edge))
            .merge(self.edge.routes.clone());
        let router = layers::wrap(router, &self.edge.config);
        self.edge.http_layers.iter().fold(router, |inner, layer| layer(inner))
    }

    /// `/metrics`, `/health/live`, `/health/ready`, `/schema`; for an address that clients cannot reach.
    pub fn admin_router(&self) -> Router {
        let schema = SchemaView { pipeline: self.edge.pipeline.clone(), source: self.edge.source.clone() };
        let evict = self.edge.config.cache.webhook.then(|| self.entity_events());
        admin::router(self.health(), Arc::clone(&self.edge.metrics), schema, evict)
    }

    fn health(&self) -> Health {
        Health { readiness: Arc::clone(&self.edge.readiness), shutdown: self.edge.connections.shutdown.clone() }
    }

    /// Serves on `listener` until `shutdown`; then takes nothing new, closes live connections over
    /// `subscriptions.drain_ms` so that their clients go elsewhere one after the other, and waits for what is under way:
    /// `server.shutdown_grace_ms`, or the drain and a little more where that is longer.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        let Config { server, subscriptions, .. } = &self.edge.config;
        let longest = server.shutdown_grace().max(subscriptions.drain() + GOODBYE);
        let connections = &self.edge.connections;
        let all = async {
            listen::serve(listener, self.router(), listen::HEAD_TIMEOUT, shutdown.clone()).await;
            connections.tracker.close();
            connections.tracker.wait().await;
        };
        let out_of_time = async {
            shutdown.cancelled().await;
            connections.shutdown.cancel();
            tokio::time::sleep(longest).await;
        };
        tokio::select! {
            () = all => {}
            () = out_of_time => {
                let live = connections.tracker.len();
                tracing::warn!(waited_ms = longest.as_millis(), live, "requests or connections were cut off at shutdown");
            }
        }
        Ok(())
    }

    /// Serves metrics and health on `listener` until `shutdown`.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve_admin(&self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        axum::serve(listener, self.admin_router()).with_graceful_shutdown(shutdown.cancelled_owned()).await
    }
}

async fn serve_asset(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/" && !edge.config.playground_enabled() {
        return assets::plain(StatusCode::NOT_FOUND, "the playground is off; GraphQL is at /graphql\n");
    }
    assets::answer(&*edge.assets, request.method(), path, request.headers())
}

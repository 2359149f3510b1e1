//! A small gateway of one's own: it serves a supergraph file, lets in only tenants that it knows, tells subgraphs which
//! one it is, and writes an audit log.
//!
//! ```text
//! cargo run -p selvedge-gateway --example extended_gateway -- supergraph.graphql 127.0.0.1:4000
//! curl 127.0.0.1:4000/graphql -H 'content-type: application/json' -H 'x-tenant: north' -d '{"query":"{ __typename }"}'
//! ```

use std::{collections::BTreeSet, error::Error, path::PathBuf, sync::Arc};

use http::{HeaderName, HeaderValue};
use selvedge_gateway::{
    config::Config,
    error::GraphqlResponse,
    hooks::{Hooks, Refusal, RequestHead, async_trait},
    plan::PreparedOperation,
    reload::{Loaded, Reloader},
    server::Gateway,
    subgraph::{SubgraphRequest, TransportError},
    subscribe::Caller,
};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;
use tower_http::limit::RequestBodyLimitLayer;

const TENANT: HeaderName = HeaderName::from_static("x-tenant");

/// The tenant of a request, kept from the stage that finds it for those that come later.
#[derive(Clone)]
struct Tenant(HeaderValue);

/// Refuses requests of tenants that it does not know, and tells subgraphs which one it is.
struct Tenants(BTreeSet<&'static str>);

#[async_trait]
impl Hooks for Tenants {
    async fn on_identity(&self, caller: &mut Caller) -> Result<(), Refusal> {
        let named = caller.extensions.get::<Arc<RequestHead>>().and_then(|head| head.headers.get(TENANT)).cloned();
        let Some(tenant) = named.filter(|tenant| tenant.to_str().is_ok_and(|name| self.0.contains(name))) else {
            return Err(Refusal::forbidden("this tenant is not served here"));
        };
        // Tenants that are told apart so share no answer, however equal their requests are.
        caller.tell_subgraphs(&TENANT, &tenant);
        caller.extensions.insert(Tenant(tenant));
        Ok(())
    }
}

/// When an operation began.
#[derive(Clone, Copy)]
struct Began(Instant);

/// Writes one line for each operation.
struct Audit;

#[async_trait]
impl Hooks for Audit {
    async fn on_prepared(&self, operation: &PreparedOperation, caller: &mut Caller) -> Result<(), Refusal> {
        caller.extensions.insert(Began(Instant::now()));
        caller.extensions.insert(operation.kind());
        Ok(())
    }

    async fn on_subgraph_request(&self, subgraph: &str, request: &mut SubgraphRequest) -> Result<(), TransportError> {
        let tenant = request.context.extensions.get::<Tenant>();
        let tenant = tenant.and_then(|Tenant(name)| name.to_str().ok()).unwrap_or("-");
        say(&format!("audit subgraph={subgraph} tenant={tenant} bytes={}", request.body.len()));
        Ok(())
    }

    async fn on_response(&self, response: &mut GraphqlResponse, caller: &Caller) {
        let kind =
            caller.extensions.get::<selvedge_gateway::operation::OperationKind>().map_or("-", |kind| kind.as_str());
        let took_ms = caller.extensions.get::<Began>().map_or(0, |Began(at)| at.elapsed().as_millis());
        let (id, who) = (caller.correlation.as_str(), caller.identity.subject.as_deref().unwrap_or("-"));
        say(&format!("audit id={id} who={who} kind={kind} errors={} took_ms={took_ms}", response.errors.len()));
    }
}

#[expect(clippy::print_stderr, reason = "an example writes where one looks")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: extended_gateway SUPERGRAPH [IP:PORT]")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:4000".to_owned());

    let mut config = Config::default();
    config.schema.supergraph_file = Some(PathBuf::from(file));
    let mut reloader = Reloader::from_config(&config)?;
    let Loaded { schema, transports } = reloader.load().await?;
    let gateway = Gateway::builder(config, schema, transports)
        .source(reloader.status())
        .hooks(Tenants(BTreeSet::from(["north", "south"])))
        .hooks(Audit)
        .http_layer(RequestBodyLimitLayer::new(256 * 1024))
        .build()?;

    let shutdown = CancellationToken::new();
    // The schema file may change from now on.
    tokio::spawn(reloader.follow(gateway.pipeline().clone(), shutdown.clone()));
    let stopping = shutdown.clone();
    tokio::spawn(async move {
        // Without signals it runs until it is killed.
        if tokio::signal::ctrl_c().await.is_ok() {
            stopping.cancel();
        }
    });
    let listener = TcpListener::bind(&address).await?;
    say(&format!("serving http://{}/graphql", listener.local_addr()?));
    gateway.serve(listener, shutdown).await?;
    Ok(())
}

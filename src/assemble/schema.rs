//! The supergraph of a gateway, from a file or from subgraphs.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use selvedge_gateway::{
    authenticate::{CorrelationId, Identity, IdentitySigner},
    clock::SystemClock,
    config::{Config as GatewayConfig, SchemaSubgraph},
    schema::{ServedSchema, SubgraphSdl, compose},
    subgraph::{SubgraphTransports, fetch_document, fetch_sdl, http_transports},
};

use crate::failure::Failure;

/// How long the gateway waits for subgraphs that are not up yet.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the address of a supergraph may take to answer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest supergraph that is fetched.
const MAX_SUPERGRAPH_BYTES: usize = 64 * 1024 * 1024;

/// Where a supergraph is: a file, or an address.
#[derive(Debug, Clone)]
pub(crate) enum SupergraphLocation {
    /// A file.
    File(PathBuf),
    /// An address, fetched by GET.
    Url(String),
}

impl FromStr for SupergraphLocation {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        Ok(if is_url { Self::Url(text.to_owned()) } else { Self::File(PathBuf::from(text)) })
    }
}

impl SupergraphLocation {
    /// The supergraph's text.
    async fn read(&self) -> Result<String, Failure> {
        let failed = |reason: &dyn ToString| Failure::operation("cannot read the supergraph", &reason.to_string());
        match self {
            Self::File(path) => read(path),
            Self::Url(url) => {
                let text = fetch_document(url, MAX_SUPERGRAPH_BYTES, FETCH_TIMEOUT).await.map_err(|it| failed(&it))?;
                String::from_utf8(text.into()).map_err(|_| failed(&format!("{url} answered with no UTF-8 text")))
            }
        }
    }
}

/// Composes `sdls` and makes the schema ready to serve.
pub(crate) fn compose_schema(sdls: &[SubgraphSdl]) -> Result<Arc<ServedSchema>, Failure> {
    let supergraph = compose(sdls).map_err(|error| Failure::operation("the subgraphs do not compose", &error))?;
    parse_schema(&supergraph)
}

fn parse_schema(supergraph: &str) -> Result<Arc<ServedSchema>, Failure> {
    let schema = ServedSchema::from_supergraph_sdl(supergraph)
        .map_err(|error| Failure::operation("the supergraph cannot be served", &error))?;
    Ok(Arc::new(schema))
}

/// The schema that `config` names, or that of the supergraph at `location`.
pub(crate) async fn load_schema(
    config: &GatewayConfig,
    location: Option<SupergraphLocation>,
) -> Result<Arc<ServedSchema>, Failure> {
    if let Some(location) = location.or_else(|| config.schema.supergraph_file.clone().map(SupergraphLocation::File)) {
        return parse_schema(&location.read().await?);
    }
    if config.schema.subgraphs.is_empty() {
        return Err(Failure::Usage(
            "the gateway has no schema: give --supergraph FILE or URL, or `schema.supergraph_file` or `schema.subgraphs` in \
             the configuration"
                .to_owned(),
        ));
    }
    let mut sdls = Vec::with_capacity(config.schema.subgraphs.len());
    for subgraph in &config.schema.subgraphs {
        let sdl = match &subgraph.sdl_file {
            Some(path) => read(path)?,
            None => ask(config, subgraph).await?,
        };
        sdls.push(SubgraphSdl { name: subgraph.name.clone(), url: subgraph.url.clone(), sdl });
    }
    compose_schema(&sdls)
}

async fn ask(config: &GatewayConfig, subgraph: &SchemaSubgraph) -> Result<String, Failure> {
    let one = [(subgraph.name.as_str(), subgraph.url.as_str())];
    let transports = http_transports(one.into_iter(), &config.subgraphs, &SubgraphTransports::default())
        .map_err(|error| Failure::operation("a subgraph's address cannot be used", &error))?;
    let signer = IdentitySigner::new(&config.identity, Arc::new(SystemClock));
    let headers = signer.call_context(&Identity::default(), &CorrelationId::generate()).headers;
    tracing::info!(subgraph = subgraph.name, url = subgraph.url, "asking for the schema");
    fetch_sdl(&transports, &subgraph.name, &headers, PATIENCE)
        .await
        .map_err(|error| Failure::operation("the schema could not be composed", &error))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::operation(format!("cannot read `{}`", path.display()), &error))
}

//! The supergraph of a gateway, from a file or from subgraphs.

use std::{fs, path::Path, sync::Arc, time::Duration};

use selvedge_gateway::{
    authenticate::{CorrelationId, Identity, IdentitySigner},
    clock::SystemClock,
    config::{Config as GatewayConfig, SchemaSubgraph},
    schema::{ServedSchema, SubgraphSdl, compose},
    subgraph::{SubgraphTransports, fetch_sdl, http_transports},
};

use crate::failure::Failure;

/// How long the gateway waits for subgraphs that are not up yet.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// The schema that `config` names, or that of the supergraph `file`.
pub(crate) async fn load_schema(config: &GatewayConfig, file: Option<&Path>) -> Result<Arc<ServedSchema>, Failure> {
    if let Some(path) = file.or(config.schema.supergraph_file.as_deref()) {
        return parse_schema(&read(path)?);
    }
    if config.schema.subgraphs.is_empty() {
        return Err(Failure::Usage(
            "the gateway has no schema: give --supergraph FILE, or `schema.supergraph_file` or `schema.subgraphs` in \
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
    let signer = IdentitySigner::new(&config.identity, Arc::new(SystemClock))
        .map_err(|error| Failure::operation("identities cannot be signed", &error))?;
    let headers = signer.call_context(&Identity::default(), &CorrelationId::generate()).headers;
    tracing::info!(subgraph = subgraph.name, url = subgraph.url, "asking for the schema");
    fetch_sdl(&transports, &subgraph.name, &headers, PATIENCE)
        .await
        .map_err(|error| Failure::operation("the schema could not be composed", &error))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::operation(format!("cannot read `{}`", path.display()), &error))
}

//! The places that a schema can come from.

mod subgraphs;
mod supergraph_file;
mod supergraph_url;
mod watched_file;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use rand::Rng;
use serde::Serialize;
pub use subgraphs::SubgraphsSource;
pub use supergraph_file::SupergraphFile;
pub use supergraph_url::SupergraphUrl;

use super::LoadError;
use crate::{
    clock::Clock,
    config::Config,
    schema::SubgraphSdl,
    subgraph::{DocumentError, SdlError},
};

/// What a source says the schema is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaText {
    /// A supergraph in the Apollo join form.
    Supergraph(String),
    /// Subgraphs that are still to be composed.
    Subgraphs(Vec<SubgraphSdl>),
}

/// What kind of source it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A file with a supergraph.
    SupergraphFile,
    /// An address with a supergraph.
    SupergraphUrl,
    /// Subgraphs, whose schemas are in files or asked from the running ones.
    Subgraphs,
}

/// Why a source did not say anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// A file that cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file that is still being written after a long time.
    #[error("`{}` does not come to rest", path.display())]
    Restless {
        /// The file.
        path: PathBuf,
    },
    /// An address that gives no document.
    #[error(transparent)]
    Address(#[from] DocumentError),
    /// A document that is no text.
    #[error("{url} answered with something that is not UTF-8")]
    NotText {
        /// The address.
        url: String,
    },
    /// A running subgraph that does not tell its schema.
    #[error(transparent)]
    Subgraph(#[from] SdlError),
}

impl SourceError {
    /// Whether to ask again soon may help: at a common start the gateway is often up first.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::File { .. } | Self::Restless { .. } | Self::NotText { .. } => false,
            Self::Address(error) => error.is_transient(),
            Self::Subgraph(error) => matches!(error, SdlError::Transport(_)),
        }
    }
}

/// A place that a schema comes from; it remembers what it said last.
pub trait SchemaSource: Send {
    /// What kind it is.
    fn kind(&self) -> SourceKind;

    /// Where it is, for people: a path, an address, or the subgraphs.
    fn location(&self) -> String;

    /// Looks once: what it says, or `None` when that is what it said last time.
    ///
    /// # Cancellation
    ///
    /// Dropping the future may lose a change; do so only with a source that is not looked at any more.
    fn look(&mut self) -> BoxFuture<'_, Result<Option<SchemaText>, SourceError>>;

    /// How long to wait before the next look.
    fn pause(&self) -> Duration;
}

/// The source that `config` names.
///
/// # Errors
///
/// When it names none, or an address that is none.
pub fn source_of(config: &Config, clock: &Arc<dyn Clock>) -> Result<Box<dyn SchemaSource>, LoadError> {
    let schema = &config.schema;
    if let Some(path) = &schema.supergraph_file {
        return Ok(Box::new(SupergraphFile::new(path.clone(), schema.file_interval(), schema.settle_time())));
    }
    if let Some(url) = &schema.supergraph_url {
        return Ok(Box::new(SupergraphUrl::new(url, &schema.supergraph_headers, schema.address_interval())?));
    }
    if schema.subgraphs.is_empty() {
        return Err(LoadError::NoSource);
    }
    Ok(Box::new(SubgraphsSource::new(config, clock)?))
}

/// `interval`, up to a quarter longer or shorter, so that gateways that began together do not ask together.
fn with_jitter(interval: Duration) -> Duration {
    interval.mul_f64(rand::rng().random_range(0.75..1.25))
}

//! Subgraphs to compose: their schemas from files, or from the running ones.

use std::{sync::Arc, time::Duration};

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use http::HeaderMap;
use tokio::time::Instant;

use super::{SchemaSource, SchemaText, SourceError, SourceKind, watched_file::WatchedFile, with_jitter};
use crate::{
    authenticate::{CorrelationId, Identity, IdentitySigner},
    clock::Clock,
    config::{Config, SchemaSubgraph},
    reload::LoadError,
    schema::SubgraphSdl,
    subgraph::{SubgraphTransports, fetch_sdl, http_transports},
};

/// Subgraphs to compose. Files are watched; running subgraphs are asked for their `_service { sdl }`.
pub struct SubgraphsSource {
    parts: Vec<Part>,
    /// Apart from those that serve requests, so that asking neither waits for them nor counts for their breakers.
    transports: SubgraphTransports,
    signer: IdentitySigner,
    file_interval: Duration,
    address_interval: Duration,
    /// When running subgraphs are asked next.
    ask_at: Instant,
}

struct Part {
    subgraph: SchemaSubgraph,
    file: Option<WatchedFile>,
    sdl: Option<String>,
}

impl SubgraphsSource {
    /// The subgraphs that `config` lists.
    ///
    /// # Errors
    ///
    /// When an address cannot be used.
    pub fn new(config: &Config, clock: &Arc<dyn Clock>) -> Result<Self, LoadError> {
        let listed = &config.schema.subgraphs;
        let addresses = listed.iter().map(|one| (one.name.as_str(), one.url.as_str()));
        let transports = http_transports(addresses, &config.subgraphs, &SubgraphTransports::default())
            .map_err(|error| LoadError::Refused(error.into()))?;
        let part = |subgraph: &SchemaSubgraph| Part {
            file: subgraph.sdl_file.clone().map(|path| WatchedFile::new(path, config.schema.settle_time())),
            subgraph: subgraph.clone(),
            sdl: None,
        };
        Ok(Self {
            parts: listed.iter().map(part).collect(),
            transports,
            signer: IdentitySigner::new(&config.identity, Arc::clone(clock)),
            file_interval: config.schema.file_interval(),
            address_interval: config.schema.address_interval(),
            ask_at: Instant::now(),
        })
    }

    /// Takes what has changed; one that cannot be read now does not keep the others from being known.
    async fn look_once(&mut self) -> Result<Option<SchemaText>, SourceError> {
        let asks = Instant::now() >= self.ask_at;
        if asks {
            self.ask_at = Instant::now() + with_jitter(self.address_interval);
        }
        let headers = self.signer.call_context(&Identity::default(), &CorrelationId::generate()).headers;
        let transports = &self.transports;
        let looks = self.parts.iter_mut().map(|part| part.look(transports, &headers, asks));
        let (mut has_changed, mut failure) = (false, None);
        for looked in join_all(looks).await {
            match looked {
                Ok(changed) => has_changed |= changed,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let known: Option<Vec<SubgraphSdl>> = self.parts.iter().map(Part::known).collect();
        match (known, failure) {
            // A subgraph that is down keeps the schema that it had, and does not hold up a change of another.
            (Some(known), _) if has_changed => Ok(Some(SchemaText::Subgraphs(known))),
            (_, Some(error)) => {
                if error.is_transient() && self.parts.iter().any(|part| part.sdl.is_none()) {
                    // At the start whoever asks decides when to ask again.
                    self.ask_at = Instant::now();
                }
                Err(error)
            }
            _ => Ok(None),
        }
    }
}

impl Part {
    /// Whether its schema is another than before.
    async fn look(
        &mut self,
        transports: &SubgraphTransports,
        headers: &HeaderMap,
        asks: bool,
    ) -> Result<bool, SourceError> {
        let sdl = match &mut self.file {
            Some(file) => file.look().await?,
            None if asks => Some(fetch_sdl(transports, &self.subgraph.name, headers, Duration::ZERO).await?),
            None => None,
        };
        let has_changed = sdl.is_some() && sdl != self.sdl;
        if has_changed {
            self.sdl = sdl;
        }
        Ok(has_changed)
    }

    fn known(&self) -> Option<SubgraphSdl> {
        let SchemaSubgraph { name, url, .. } = &self.subgraph;
        Some(SubgraphSdl { name: name.clone(), url: url.clone(), sdl: self.sdl.clone()? })
    }
}

impl SchemaSource for SubgraphsSource {
    fn kind(&self) -> SourceKind {
        SourceKind::Subgraphs
    }

    fn location(&self) -> String {
        let place = |part: &Part| match &part.file {
            Some(file) => format!("{} ({})", part.subgraph.name, file.path().display()),
            None => format!("{} ({})", part.subgraph.name, part.subgraph.url),
        };
        self.parts.iter().map(place).collect::<Vec<_>>().join(", ")
    }

    fn look(&mut self) -> BoxFuture<'_, Result<Option<SchemaText>, SourceError>> {
        self.look_once().boxed()
    }

    fn pause(&self) -> Duration {
        let until_asking = self.ask_at.saturating_duration_since(Instant::now());
        if self.parts.iter().all(|part| part.file.is_none()) {
            until_asking
        } else if self.parts.iter().all(|part| part.file.is_some()) {
            self.file_interval
        } else {
            until_asking.min(self.file_interval)
        }
    }
}

//! An address with a supergraph.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{SchemaSource, SchemaText, SourceError, SourceKind, with_jitter};
use crate::{
    config::Secret,
    reload::LoadError,
    subgraph::{DocumentLimits, RemoteDocument},
};

/// How long an answer may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest supergraph that is fetched.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// An address with a supergraph, asked again and again.
pub struct SupergraphUrl {
    document: RemoteDocument,
    interval: Duration,
    /// For servers that send it again although nothing has changed.
    last: Option<Bytes>,
}

impl SupergraphUrl {
    /// Asks `url` every `interval`, with `headers`.
    ///
    /// # Errors
    ///
    /// When `url` is no address, or a header cannot be sent.
    pub fn new(url: &str, headers: &BTreeMap<String, Secret>, interval: Duration) -> Result<Self, LoadError> {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            let not_header = || LoadError::NotHeader { name: name.clone() };
            let mut secret = HeaderValue::from_bytes(value.expose()).map_err(|_| not_header())?;
            secret.set_sensitive(true);
            sent.insert(name.parse::<HeaderName>().map_err(|_| not_header())?, secret);
        }
        let limits = DocumentLimits { max_bytes: MAX_BYTES, timeout: FETCH_TIMEOUT };
        let document = RemoteDocument::new(url, sent, limits).map_err(SourceError::from)?;
        Ok(Self { document, interval, last: None })
    }

    async fn fetch(&mut self) -> Result<Option<SchemaText>, SourceError> {
        let Some(body) = self.document.fetch().await? else { return Ok(None) };
        let has_changed = self.last.as_ref() != Some(&body);
        let text = String::from_utf8(body.to_vec());
        let text = text.map_err(|_| SourceError::NotText { url: self.document.url().to_owned() })?;
        self.last = Some(body);
        Ok(has_changed.then_some(SchemaText::Supergraph(text)))
    }
}

impl SchemaSource for SupergraphUrl {
    fn kind(&self) -> SourceKind {
        SourceKind::SupergraphUrl
    }

    fn location(&self) -> String {
        self.document.url().to_owned()
    }

    fn look(&mut self) -> BoxFuture<'_, Result<Option<SchemaText>, SourceError>> {
        self.fetch().boxed()
    }

    fn pause(&self) -> Duration {
        with_jitter(self.interval)
    }
}

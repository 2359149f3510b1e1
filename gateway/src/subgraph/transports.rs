//! The transports of all subgraphs, by name.

use std::{collections::BTreeMap, sync::Arc};

use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use super::{SubgraphRequest, SubgraphResponse, TransportError};

/// A boxed transport to one subgraph; cheap to clone.
pub type SubgraphTransport = BoxCloneSyncService<SubgraphRequest, SubgraphResponse, TransportError>;

#[derive(Clone)]
struct Entry {
    transport: SubgraphTransport,
    /// Where it leads, if it leads to an address.
    url: Option<Arc<str>>,
}

/// One transport per subgraph; cheap to clone.
#[derive(Clone, Default)]
pub struct SubgraphTransports {
    by_name: Arc<BTreeMap<String, Entry>>,
}

impl SubgraphTransports {
    /// Adds the transport of the subgraph `name`, replacing one of the same name.
    #[must_use]
    pub fn with<S>(self, name: impl Into<String>, transport: S) -> Self
    where
        S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.with_entry(name.into(), Entry { transport: BoxCloneSyncService::new(transport), url: None })
    }

    /// Adds a transport that leads from the subgraph `name` to `url`.
    pub(super) fn with_address(self, name: &str, url: &str, transport: SubgraphTransport) -> Self {
        self.with_entry(name.to_owned(), Entry { transport, url: Some(url.into()) })
    }

    fn with_entry(self, name: String, entry: Entry) -> Self {
        let mut by_name = Arc::unwrap_or_clone(self.by_name);
        by_name.insert(name, entry);
        Self { by_name: Arc::new(by_name) }
    }

    /// The transport of the subgraph `name`, if it leads to `url`.
    pub(super) fn leading_to(&self, name: &str, url: &str) -> Option<SubgraphTransport> {
        let entry = self.by_name.get(name).filter(|entry| entry.url.as_deref() == Some(url))?;
        Some(entry.transport.clone())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Sends `request` to the subgraph `name`.
    ///
    /// # Errors
    ///
    /// When there is no such subgraph or its transport fails.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the request; the subgraph may or may not have run it.
    pub async fn call(&self, name: &str, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let entry = self.by_name.get(name).ok_or_else(|| TransportError::Unknown { subgraph: name.to_owned() })?;
        entry.transport.clone().oneshot(request).await
    }
}

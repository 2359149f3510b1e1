//! The transports of all subgraphs, by name.

use std::{collections::BTreeMap, sync::Arc};

use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use super::{SubgraphRequest, SubgraphResponse, TransportError};

/// A boxed transport to one subgraph; cheap to clone.
pub type SubgraphTransport = BoxCloneSyncService<SubgraphRequest, SubgraphResponse, TransportError>;

/// One transport per subgraph; cheap to clone.
#[derive(Clone, Default)]
pub struct SubgraphTransports {
    by_name: Arc<BTreeMap<String, SubgraphTransport>>,
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
        let mut by_name = Arc::unwrap_or_clone(self.by_name);
        by_name.insert(name.into(), BoxCloneSyncService::new(transport));
        Self { by_name: Arc::new(by_name) }
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
        let transport =
            self.by_name.get(name).cloned().ok_or_else(|| TransportError::Unknown { subgraph: name.to_owned() })?;
        transport.oneshot(request).await
    }
}

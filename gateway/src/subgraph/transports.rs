//! The transports of all subgraphs, by name.

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tower::{Service, ServiceExt};

use super::{SubgraphRequest, SubgraphResponse, TransportError};

/// An answer under way.
pub type SubgraphAnswer = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

/// A service of any type, callable by all who share it.
trait Shared: Send + Sync {
    fn call(&self, request: SubgraphRequest) -> SubgraphAnswer;
}

impl<S> Shared for S
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    fn call(&self, request: SubgraphRequest) -> SubgraphAnswer {
        self.clone().oneshot(request).boxed()
    }
}

/// The transport to one subgraph, whatever it is made of; cheap to clone.
#[derive(Clone)]
pub struct SubgraphTransport(Arc<dyn Shared>);

impl SubgraphTransport {
    /// Whether both are one and the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Sends `request`.
    ///
    /// # Errors
    ///
    /// When the subgraph gave no usable answer.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the request; the subgraph may or may not have run it.
    pub fn call(&self, request: SubgraphRequest) -> SubgraphAnswer {
        self.0.call(request)
    }
}

impl<S> From<S> for SubgraphTransport
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    fn from(service: S) -> Self {
        Self(Arc::new(service))
    }
}

/// A transport as a tower service, for layers around it.
#[derive(Clone)]
pub struct SubgraphService(pub SubgraphTransport);

impl Service<SubgraphRequest> for SubgraphService {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = SubgraphAnswer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: SubgraphRequest) -> SubgraphAnswer {
        self.0.call(request)
    }
}

#[derive(Clone)]
pub(super) struct Entry {
    transport: SubgraphTransport,
    /// Where it leads, if it leads to an address.
    url: Option<Arc<str>>,
    /// Whether the installation's own layers are around it.
    is_wrapped: bool,
}

/// One transport per subgraph; cheap to clone.
#[derive(Clone, Default)]
pub struct SubgraphTransports {
    by_name: Arc<BTreeMap<String, Entry>>,
}

impl SubgraphTransports {
    /// Adds the transport of the subgraph `name`, replacing one of the same name.
    #[must_use]
    pub fn with(self, name: impl Into<String>, transport: impl Into<SubgraphTransport>) -> Self {
        self.with_entry(name.into(), Entry { transport: transport.into(), url: None, is_wrapped: false })
    }

    /// Adds a transport that leads from the subgraph `name` to `url`.
    pub(super) fn with_address(self, name: &str, url: &str, transport: SubgraphTransport) -> Self {
        self.with_entry(name.to_owned(), Entry { transport, url: Some(url.into()), is_wrapped: false })
    }

    pub(super) fn with_entry(self, name: String, entry: Entry) -> Self {
        let mut by_name = Arc::unwrap_or_clone(self.by_name);
        by_name.insert(name, entry);
        Self { by_name: Arc::new(by_name) }
    }

    /// What leads from the subgraph `name` to `url`, with all that is around it.
    pub(super) fn leading_to(&self, name: &str, url: &str) -> Option<Entry> {
        self.by_name.get(name).filter(|entry| entry.url.as_deref() == Some(url)).cloned()
    }

    /// Puts `wrap` (of a name and a transport) around each transport, unless that was done before.
    #[must_use]
    pub fn wrapped(self, wrap: impl Fn(&str, SubgraphTransport) -> SubgraphTransport) -> Self {
        let mut by_name = Arc::unwrap_or_clone(self.by_name);
        for (name, entry) in by_name.iter_mut().filter(|(_, entry)| !entry.is_wrapped) {
            entry.transport = wrap(name, entry.transport.clone());
            entry.is_wrapped = true;
        }
        Self { by_name: Arc::new(by_name) }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The transport of the subgraph `name`, for those who ask it often.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SubgraphTransport> {
        self.by_name.get(name).map(|entry| &entry.transport)
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
        match self.get(name) {
            Some(transport) => transport.call(request).await,
            None => Err(TransportError::Unknown { subgraph: name.to_owned() }),
        }
    }
}

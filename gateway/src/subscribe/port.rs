//! What the protocols need of the pipeline.

use std::net::IpAddr;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Extensions, HeaderName, HeaderValue};

use super::{Mailbox, SubscriptionId, Ticket};
use crate::{
    authenticate::{CorrelationId, Identity, IdentitySigner},
    error::GraphqlError,
    request::GraphqlRequest,
    subgraph::{CallContext, HeaderList},
};

/// Who runs an operation.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The verified caller.
    pub identity: Identity,
    /// Ties everything about the request together.
    pub correlation: CorrelationId,
    /// The headers of the request that rules may pass on to subgraphs.
    pub forwarded: HeaderList,
    /// What hooks keep from one stage for the next; layers around subgraphs find it in the context of a request.
    pub extensions: Extensions,
    /// Where the request came from, where that is known.
    pub address: Option<IpAddr>,
}

/// What subgraphs are told beyond the identity.
#[derive(Clone, Default)]
struct Told(HeaderList);

impl Caller {
    /// A caller of whose request nothing else is known.
    #[must_use]
    pub fn new(identity: Identity, correlation: CorrelationId) -> Self {
        Self {
            identity,
            correlation,
            forwarded: HeaderList::default(),
            extensions: Extensions::default(),
            address: None,
        }
    }

    /// Tells every subgraph something about this caller, by a header. Whoever is told apart so shares nothing with
    /// others: no request under way, no stream, and no answer that is kept.
    pub fn tell_subgraphs(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.extensions.insert(Told(with(&self.told(), name, value)));
        self.forwarded = with(&self.forwarded, name, value);
    }

    /// What subgraphs are told beyond the identity.
    #[must_use]
    pub fn told(&self) -> HeaderList {
        self.extensions.get::<Told>().map(|told| told.0.clone()).unwrap_or_default()
    }

    /// What every subgraph request for this caller goes with.
    #[must_use]
    pub fn call_context(&self, signer: &IdentitySigner) -> CallContext {
        let mut context = signer.call_context(&self.identity, &self.correlation).forwarding(self.forwarded.clone());
        for (name, value) in self.told().iter() {
            context.headers.insert(name, value.clone());
        }
        context.extensions = self.extensions.clone();
        context
    }

    /// The same for a request whose connection may outlive the identity that it is opened with.
    #[must_use]
    pub fn stream_context(&self, signer: &IdentitySigner) -> CallContext {
        CallContext { renewal: signer.renewal(&self.identity, &self.correlation), ..self.call_context(signer) }
    }
}

/// `headers` with one more, instead of those of its name.
fn with(headers: &HeaderList, name: &HeaderName, value: &HeaderValue) -> HeaderList {
    let others = headers.iter().filter(|(known, _)| *known != name).map(|(name, value)| (name.clone(), value.clone()));
    others.chain([(name.clone(), value.clone())]).collect()
}

/// A started operation.
pub enum Running {
    /// A query or mutation: its one encoded response.
    Single(Bytes),
    /// A subscription, whose responses are in the mailbox.
    Stream(Ticket),
}

/// Where the responses of a subscription go.
pub type Place = (Arc<Mailbox>, SubscriptionId);

/// Runs operations of any kind for a connection.
pub trait RunOperation: Send + Sync + 'static {
    /// Runs one operation; errors are those of a request that never ran. What a subscription gives is put into `place`.
    fn run(
        &self,
        request: GraphqlRequest,
        caller: Caller,
        place: Place,
    ) -> BoxFuture<'static, Result<Running, Vec<GraphqlError>>>;

    /// Verifies the text of an `authorization` header; `caller` with the identity that it proves, or why not.
    fn authenticate(&self, authorization: String, caller: Caller) -> BoxFuture<'static, Result<Caller, String>>;

    /// How long `identity` may still act; `None` is without end.
    fn time_left(&self, identity: &Identity) -> Option<std::time::Duration>;
}

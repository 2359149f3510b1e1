//! For whom a request to a subgraph is made.

use std::{fmt, sync::Arc, time::Duration};

use http::{Extensions, HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::{ClientHeaders, HeaderList};

/// What subgraphs are told about a caller, apart from what differs with every request (correlation id, times).
///
/// Two callers with equal keys get the same answers from a subgraph, as far as it knows them by their identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CallerKey {
    /// The customer or staff member; `None` for an anonymous caller.
    pub subject: Option<String>,
    /// What the caller may do, as it is signed.
    pub scope: String,
}

/// Signs the identity of a caller again and again; cheap to clone.
#[derive(Clone)]
pub struct IdentityRenewer {
    sign: Arc<dyn Fn() -> Option<HeaderValue> + Send + Sync>,
    /// How long each lives.
    pub lifetime: Duration,
}

impl IdentityRenewer {
    /// One that gives what `sign` gives.
    #[must_use]
    pub fn new(lifetime: Duration, sign: impl Fn() -> Option<HeaderValue> + Send + Sync + 'static) -> Self {
        Self { sign: Arc::new(sign), lifetime }
    }

    /// A fresh identity; `None` when it could not be signed.
    #[must_use]
    pub fn sign(&self) -> Option<HeaderValue> {
        (self.sign)()
    }
}

impl fmt::Debug for IdentityRenewer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IdentityRenewer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// For whom a request to a subgraph is made; one for all subgraph requests of a client's request.
#[derive(Debug, Default)]
pub struct CallContext {
    /// What the gateway itself sends along: identity and correlation id.
    pub headers: HeaderMap,
    /// The caller; `None` for what the gateway asks for itself.
    pub caller: Option<CallerKey>,
    /// Whether its queries never join another's: what is asked for because of an event must be from after the event.
    pub is_alone: bool,
    /// The client's headers that rules may pass on.
    pub forwarded: HeaderList,
    /// Headers of subgraphs for the client.
    pub client_headers: ClientHeaders,
    /// Signs the identity again, for a connection that outlives it.
    pub renewal: Option<IdentityRenewer>,
    /// When the client's request must be answered.
    pub deadline: Option<Instant>,
    /// What hooks have kept for layers around subgraphs.
    pub extensions: Extensions,
}

impl CallContext {
    /// A request that the gateway makes for itself.
    #[must_use]
    pub fn of_gateway(headers: HeaderMap) -> Self {
        Self { headers, ..Self::default() }
    }

    /// The same, whose queries never join another's.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    /// The same, with headers of the client that rules may pass on.
    #[must_use]
    pub fn forwarding(self, forwarded: HeaderList) -> Self {
        Self { forwarded, ..self }
    }

    /// The same, to be answered until `deadline`.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }
}

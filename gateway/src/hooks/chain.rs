//! All hooks of a gateway.

use std::sync::Arc;

use http::{HeaderMap, Method};

use super::{Hooks, Refusal, RequestHead, transport::HookedTransport};
use crate::{
    error::GraphqlResponse,
    plan::PreparedOperation,
    request::GraphqlRequest,
    subgraph::{SubgraphRequest, SubgraphTransport, TransportError},
    subscribe::Caller,
};

/// All hooks of a gateway, in the order in which they were registered; cheap to clone. Empty, it costs a comparison.
#[derive(Clone, Default)]
pub struct HookChain(Arc<[Arc<dyn Hooks>]>);

impl FromIterator<Arc<dyn Hooks>> for HookChain {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Hooks>>>(hooks: I) -> Self {
        Self(hooks.into_iter().collect())
    }
}

impl HookChain {
    /// Whether nothing is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// [`Hooks::on_identity`], with the head of the request that brought the caller.
    ///
    /// # Errors
    ///
    /// The first refusal.
    pub async fn on_identity(
        &self,
        caller: &mut Caller,
        (method, headers): (&Method, &HeaderMap),
    ) -> Result<(), Refusal> {
        if self.is_empty() {
            return Ok(());
        }
        caller.extensions.insert(Arc::new(RequestHead { method: method.clone(), headers: headers.clone() }));
        self.on_new_identity(caller).await
    }

    /// [`Hooks::on_identity`], for a caller whose head is known.
    ///
    /// # Errors
    ///
    /// The first refusal.
    pub async fn on_new_identity(&self, caller: &mut Caller) -> Result<(), Refusal> {
        for hooks in &*self.0 {
            hooks.on_identity(caller).await?;
        }
        Ok(())
    }

    /// [`Hooks::on_request`].
    ///
    /// # Errors
    ///
    /// The first refusal.
    pub async fn on_request(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        for hooks in &*self.0 {
            hooks.on_request(request, caller).await?;
        }
        Ok(())
    }

    /// [`Hooks::on_prepared`].
    ///
    /// # Errors
    ///
    /// The first refusal.
    pub async fn on_prepared(&self, operation: &PreparedOperation, caller: &mut Caller) -> Result<(), Refusal> {
        for hooks in &*self.0 {
            hooks.on_prepared(operation, caller).await?;
        }
        Ok(())
    }

    /// [`Hooks::before_execute`].
    ///
    /// # Errors
    ///
    /// The first refusal.
    pub async fn before_execute(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        for hooks in &*self.0 {
            hooks.before_execute(request, caller).await?;
        }
        Ok(())
    }

    /// [`Hooks::on_response`].
    pub async fn on_response(&self, response: &mut GraphqlResponse, caller: &Caller) {
        for hooks in &*self.0 {
            hooks.on_response(response, caller).await;
        }
    }

    /// `transport`, with [`Hooks::on_subgraph_request`] before it.
    #[must_use]
    pub fn around(&self, subgraph: &str, transport: SubgraphTransport) -> SubgraphTransport {
        if self.is_empty() {
            return transport;
        }
        HookedTransport { subgraph: subgraph.into(), hooks: self.clone(), inner: transport }.into()
    }

    pub(super) async fn on_subgraph_request(
        &self,
        subgraph: &str,
        request: &mut SubgraphRequest,
    ) -> Result<(), TransportError> {
        for hooks in &*self.0 {
            hooks.on_subgraph_request(subgraph, request).await?;
        }
        Ok(())
    }
}

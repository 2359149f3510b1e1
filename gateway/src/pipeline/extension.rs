//! What an installation adds to a pipeline.

use std::sync::Arc;

use crate::{
    hooks::HookChain,
    subgraph::{SubgraphTransport, SubgraphTransports},
};

/// Puts something around the transport to the subgraph of a name.
pub type SubgraphLayer = Arc<dyn Fn(&str, SubgraphTransport) -> SubgraphTransport + Send + Sync>;

/// What an installation adds to a pipeline; nothing, and it costs nothing.
#[derive(Clone, Default)]
pub struct Extension {
    /// Its hooks.
    pub hooks: HookChain,
    /// Its layers around subgraphs, the innermost first.
    pub subgraph_layers: Vec<SubgraphLayer>,
}

impl Extension {
    /// `transports` with the layers around them, and hooks before those.
    pub(super) fn around(&self, transports: SubgraphTransports) -> SubgraphTransports {
        if self.hooks.is_empty() && self.subgraph_layers.is_empty() {
            return transports;
        }
        transports.wrapped(|name, transport| {
            let layered = self.subgraph_layers.iter().fold(transport, |inner, layer| layer(name, inner));
            self.hooks.around(name, layered)
        })
    }
}

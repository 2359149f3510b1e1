//! What is counted of the connections to one subgraph.

use std::sync::{Arc, OnceLock};

use metrics::{Gauge, SharedString};

use super::fault::Fault;

/// Handles that are looked up when they are first used, since the recorder may be set up after the stack.
pub(super) struct Meters {
    subgraph: Arc<str>,
    sockets: OnceLock<Gauge>,
    operations: OnceLock<Gauge>,
}

impl Meters {
    pub(super) const fn new(subgraph: Arc<str>) -> Self {
        Self { subgraph, sockets: OnceLock::new(), operations: OnceLock::new() }
    }

    /// Open connections.
    pub(super) fn sockets(&self) -> &Gauge {
        self.sockets.get_or_init(|| metrics::gauge!("selvedge_subgraph_sockets", "subgraph" => self.label()))
    }

    /// Subscriptions on them.
    pub(super) fn operations(&self) -> &Gauge {
        let name = "selvedge_subgraph_socket_operations";
        self.operations.get_or_init(|| metrics::gauge!(name, "subgraph" => self.label()))
    }

    /// An attempt to connect ended; `again` when it followed the loss of a connection or another failure.
    pub(super) fn connected(&self, result: Result<(), &Fault>, again: bool) {
        let outcome = match result {
            Ok(()) => "opened",
            Err(fault) if fault.is_refusal() => "refused",
            Err(_) => "failed",
        };
        let name = "selvedge_subgraph_socket_connects_total";
        metrics::counter!(name, "subgraph" => self.label(), "outcome" => outcome).increment(1);
        if again {
            metrics::counter!("selvedge_subgraph_socket_reconnects_total", "subgraph" => self.label()).increment(1);
        }
    }

    /// A connection ended.
    pub(super) fn ended(&self, fault: &Fault) {
        let name = "selvedge_subgraph_socket_ends_total";
        metrics::counter!(name, "subgraph" => self.label(), "cause" => fault.cause()).increment(1);
    }

    /// A subscription was ended because its holder was too slow.
    pub(super) fn overflowed(&self) {
        metrics::counter!("selvedge_subgraph_socket_overflow_total", "subgraph" => self.label()).increment(1);
    }

    fn label(&self) -> SharedString {
        SharedString::from(Arc::clone(&self.subgraph))
    }
}

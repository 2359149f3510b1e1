//! How the gateway talks to subgraphs: one tower service per subgraph, whatever carries the bytes.

mod port;
mod transport_error;
mod transports;

pub use crate::operation::OperationKind;
pub use port::{SubgraphBody, SubgraphEvents, SubgraphRequest, SubgraphResponse};
pub use transport_error::TransportError;
pub use transports::{SubgraphTransport, SubgraphTransports};

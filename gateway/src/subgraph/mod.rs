//! How the gateway talks to subgraphs: one tower service per subgraph, whatever carries the bytes.
//!
//! [`build_stack`] puts the same layers around every transport; [`http_stack`] is the one over HTTP and WebSocket.

mod breaker;
mod by_kind;
mod call_context;
mod circuit;
mod compression;
mod concurrency;
mod connect;
mod connector;
mod deduplicate;
mod document;
mod ending;
mod exchange;
mod header_list;
mod http_answer;
mod http_transport;
mod kept_connections;
mod live;
mod measure;
mod port;
mod redirect;
mod request_headers;
mod response_headers;
mod retry;
mod sdl;
mod socket;
mod stack;
mod timeout;
mod tls;
mod transport_error;
mod transports;

pub use crate::operation::OperationKind;
pub use call_context::{CallContext, CallerKey, IdentityRenewer};
pub use connect::http_transports;
pub use document::{DocumentError, DocumentLimits, RemoteDocument, fetch_document};
pub use header_list::HeaderList;
pub use port::{CORRELATION_HEADER, IDENTITY_HEADER, SubgraphBody, SubgraphEvents, SubgraphRequest, SubgraphResponse};
pub use request_headers::Forwarding;
pub use response_headers::{ClientHeaders, passes_cookies};
pub use sdl::{SdlError, fetch_sdl};
pub use stack::{StackError, build_stack, http_stack};
pub use tls::TlsError;
pub use transport_error::TransportError;
pub use transports::{SubgraphAnswer, SubgraphService, SubgraphTransport, SubgraphTransports};

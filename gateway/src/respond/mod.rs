//! GraphQL over HTTP, outbound: from GraphQL responses to HTTP responses.

mod caching;
mod error_response;
mod event_stream;
mod multipart;
mod multipart_subscription;
mod single;
mod status;
mod streamed;

pub use caching::{freshness_of, with_freshness};
pub use error_response::{refuse, refuse_request};
pub use event_stream::{event_stream, event_stream_of_many};
pub use multipart::{multipart, multipart_single};
pub use multipart_subscription::multipart_subscription;
pub use single::{add_headers, respond, respond_batch};
pub use status::status_of;
pub use streamed::{StreamEnd, Streamed};

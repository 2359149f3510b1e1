//! GraphQL over HTTP, inbound: from an HTTP request to GraphQL requests.
//!
//! Specification: <https://graphql.github.io/graphql-over-http/draft/>.

mod content_type;
mod csrf;
mod decode;
mod error;
mod graphql_request;
mod negotiate;

pub use content_type::check_content_type;
pub use csrf::check_csrf;
pub use decode::{Decoded, decode_body, decode_query_string};
pub use error::RequestError;
pub use graphql_request::GraphqlRequest;
pub use negotiate::{Accepted, MediaType, StreamForm};

//! Who is asking: from a client's token to an [`Identity`], and from there to the header that subgraphs trust.

mod authenticator;
mod claims;
mod correlation;
mod error;
mod identity;
mod jwks;
mod keys;
mod signer;

pub use authenticator::Authenticator;
pub use correlation::CorrelationId;
pub use error::AuthenticateError;
pub use identity::Identity;
pub use signer::IdentitySigner;

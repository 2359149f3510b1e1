//! Who a request acts for: signed by the gateway (or by another subgraph), verified here.
//!
//! The wire form is a JWT (HS256) in the header [`IDENTITY_HEADER`], `iss` = `selvedge`, `aud` = `selvedge-subgraph`,
//! alive for at most [`MAX_LIFETIME_SECONDS`]; claims: `sub` (absent for an anonymous caller), `scope` (space
//! separated), `cid` (correlation id), `iat`, `exp`.

mod claims;
mod sign;
mod verify;

pub use claims::{IDENTITY_HEADER, Identity, MAX_LIFETIME_SECONDS};
pub use sign::IdentitySigner;
pub use verify::{IdentityError, IdentityVerifier, LastingIdentity};

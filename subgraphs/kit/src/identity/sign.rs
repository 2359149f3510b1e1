//! Signing an identity for a call to a subgraph.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::{
    Identity,
    claims::{AUDIENCE, ISSUER, MIN_SECRET_BYTES, SIGNED_LIFETIME_SECONDS, WireClaims},
    verify::IdentityError,
};
use crate::clock::Clock;

/// Signs identities with the shared secret.
#[derive(Clone)]
pub struct IdentitySigner {
    key: EncodingKey,
    clock: Arc<dyn Clock>,
}

impl IdentitySigner {
    /// A signer with `secret` of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// [`IdentityError::WeakSecret`] when the secret is shorter.
    pub fn new(secret: &[u8], clock: Arc<dyn Clock>) -> Result<Self, IdentityError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(IdentityError::WeakSecret { length: secret.len() });
        }
        Ok(Self { key: EncodingKey::from_secret(secret), clock })
    }

    /// The header value that carries `identity`; it is good for 60 s.
    ///
    /// # Errors
    ///
    /// [`IdentityError::NotSigned`] when the token could not be made.
    pub fn sign(&self, identity: &Identity) -> Result<String, IdentityError> {
        let iat = self.clock.now().timestamp();
        let claims = WireClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: identity.subject.clone(),
            scope: identity.scopes.join(" "),
            cid: identity.correlation_id.clone(),
            iat,
            exp: iat + SIGNED_LIFETIME_SECONDS,
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.key).map_err(|_| IdentityError::NotSigned)
    }
}

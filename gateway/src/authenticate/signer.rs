//! The identity that subgraphs trust: a short-lived signed token in a header of its own.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::{CorrelationId, Identity};
use crate::{
    clock::Clock,
    config::IdentityConfig,
    subgraph::{CORRELATION_HEADER, CallContext, CallerKey, IDENTITY_HEADER, IdentityRenewer},
};

const ISSUER: &str = "selvedge";
const AUDIENCE: &str = "selvedge-subgraph";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    scope: &'a str,
    cid: &'a str,
    iat: i64,
    exp: i64,
}

/// Signs identities for subgraphs; without a secret it signs none, for subgraphs that know nothing of them.
///
/// Each request is signed anew: the token carries its correlation id, and HS256 costs about two microseconds.
#[derive(Clone)]
pub struct IdentitySigner {
    key: Option<EncodingKey>,
    lifetime_s: i64,
    clock: Arc<dyn Clock>,
}

impl IdentitySigner {
    /// A signer with the configured secret, if there is one.
    #[must_use]
    pub fn new(config: &IdentityConfig, clock: Arc<dyn Clock>) -> Self {
        let key = config.secret.as_ref().map(|secret| EncodingKey::from_secret(secret.expose()));
        Self { key, lifetime_s: config.lifetime_s, clock }
    }

    /// What every subgraph request that is made for `identity` goes with.
    #[must_use]
    pub fn call_context(&self, identity: &Identity, correlation: &CorrelationId) -> CallContext {
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(CORRELATION_HEADER, correlation.to_header());
        let scope = identity.scopes.join(" ");
        if let Some(key) = &self.key {
            match self.sign(key, identity.subject.as_deref(), &scope, correlation) {
                Some(value) => {
                    headers.insert(IDENTITY_HEADER, value);
                }
                // Subgraphs refuse a request without identity, so nothing runs under a wrong one.
                None => tracing::error!(correlation_id = correlation.as_str(), "the identity could not be signed"),
            }
        }
        // Whatever else a subgraph is told about the caller belongs into the key.
        let caller = CallerKey { subject: identity.subject.clone(), scope };
        CallContext { headers, caller: Some(caller), ..CallContext::default() }
    }

    /// Signs `identity` again whenever it is asked to; `None` without a secret.
    #[must_use]
    pub fn renewal(&self, identity: &Identity, correlation: &CorrelationId) -> Option<IdentityRenewer> {
        let key = self.key.clone()?;
        let (signer, subject, scope) = (self.clone(), identity.subject.clone(), identity.scopes.join(" "));
        let correlation = correlation.clone();
        let lifetime = Duration::from_secs(self.lifetime_s.unsigned_abs());
        Some(IdentityRenewer::new(lifetime, move || signer.sign(&key, subject.as_deref(), &scope, &correlation)))
    }

    fn sign(
        &self,
        key: &EncodingKey,
        subject: Option<&str>,
        scope: &str,
        correlation: &CorrelationId,
    ) -> Option<HeaderValue> {
        let now = self.clock.now().timestamp();
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: subject,
            scope,
            cid: correlation.as_str(),
            iat: now,
            exp: now + self.lifetime_s,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, key).ok()?;
        HeaderValue::try_from(token).ok()
    }
}

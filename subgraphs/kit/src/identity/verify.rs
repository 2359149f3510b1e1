//! Verifying the identity that came with a request.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};

use super::{
    Identity,
    claims::{AUDIENCE, ISSUER, LEEWAY_SECONDS, MAX_LIFETIME_SECONDS, MIN_SECRET_BYTES, WireClaims},
};
use crate::clock::Clock;

/// Why an identity was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No header came.
    #[error("the request carries no identity; only the gateway and other subgraphs may call this address")]
    Missing,
    /// Bad signature, audience, issuer or form.
    #[error("the identity is not valid: {reason}")]
    Invalid {
        /// What was wrong, without the token.
        reason: &'static str,
    },
    /// It has run out.
    #[error("the identity has expired")]
    Expired,
    /// The secret is too short.
    #[error("the identity secret has {length} bytes, it needs at least 32")]
    WeakSecret {
        /// Its length in bytes.
        length: usize,
    },
    /// Signing failed.
    #[error("the identity could not be signed")]
    NotSigned,
}

/// A verified caller, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastingIdentity {
    /// The caller.
    pub identity: Identity,
    /// When the identity runs out, with the leeway for clocks that differ.
    pub ends_at: DateTime<Utc>,
}

impl LastingIdentity {
    /// Whether `other` is the same caller with the same rights, whatever request it was signed for.
    #[must_use]
    pub fn is_same_caller(&self, other: &Self) -> bool {
        self.identity.subject == other.identity.subject && self.identity.scopes == other.identity.scopes
    }
}

/// Verifies identities with the shared secret.
#[derive(Clone)]
pub struct IdentityVerifier {
    key: Arc<DecodingKey>,
    validation: Arc<Validation>,
    clock: Arc<dyn Clock>,
}

impl IdentityVerifier {
    /// A verifier with `secret` of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// [`IdentityError::WeakSecret`] when the secret is shorter.
    pub fn new(secret: &[u8], clock: Arc<dyn Clock>) -> Result<Self, IdentityError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(IdentityError::WeakSecret { length: secret.len() });
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // The library would read the machine's clock; `check_times` reads the one that was passed in.
        validation.validate_exp = false;
        Ok(Self { key: Arc::new(DecodingKey::from_secret(secret)), validation: Arc::new(validation), clock })
    }

    /// The caller behind the value of [`super::IDENTITY_HEADER`].
    ///
    /// # Errors
    ///
    /// When the header is absent, not valid, or has run out.
    pub fn verify(&self, header: Option<&str>) -> Result<Identity, IdentityError> {
        self.verify_lasting(header).map(|lasting| lasting.identity)
    }

    /// The same with when it ends, for what lives longer than a request.
    ///
    /// # Errors
    ///
    /// When the header is absent, not valid, or has run out.
    pub fn verify_lasting(&self, header: Option<&str>) -> Result<LastingIdentity, IdentityError> {
        let token = header.ok_or(IdentityError::Missing)?;
        let claims = decode::<WireClaims>(token, &self.key, &self.validation).map_err(|e| refused(&e))?.claims;
        check_times(&claims, self.clock.now().timestamp())?;
        if claims.cid.is_empty() {
            return Err(IdentityError::Invalid { reason: "it has no correlation id" });
        }
        let ends_at = DateTime::from_timestamp(claims.exp.saturating_add(LEEWAY_SECONDS), 0);
        let identity = Identity {
            subject: claims.sub,
            scopes: claims.scope.split_ascii_whitespace().map(str::to_owned).collect(),
            correlation_id: claims.cid,
        };
        Ok(LastingIdentity { identity, ends_at: ends_at.ok_or(IdentityError::Expired)? })
    }

    /// Whether `lasting` has run out by now.
    #[must_use]
    pub fn has_ended(&self, lasting: &LastingIdentity) -> bool {
        lasting.ends_at <= self.clock.now()
    }
}

fn check_times(claims: &WireClaims, now: i64) -> Result<(), IdentityError> {
    let lifetime = claims.exp.saturating_sub(claims.iat);
    if lifetime > MAX_LIFETIME_SECONDS {
        return Err(IdentityError::Invalid { reason: "it lives longer than 120 s" });
    }
    if lifetime <= 0 {
        return Err(IdentityError::Invalid { reason: "it ends before it begins" });
    }
    if claims.iat > now.saturating_add(LEEWAY_SECONDS) {
        return Err(IdentityError::Invalid { reason: "it was signed in the future" });
    }
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(IdentityError::Expired);
    }
    Ok(())
}

fn refused(error: &jsonwebtoken::errors::Error) -> IdentityError {
    let reason = match error.kind() {
        ErrorKind::InvalidSignature => "the signature does not match",
        ErrorKind::InvalidIssuer => "the issuer is not `selvedge`",
        ErrorKind::InvalidAudience => "the audience is not `selvedge-subgraph`",
        ErrorKind::InvalidAlgorithm => "the algorithm is not HS256",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        ErrorKind::Json(_) => "the claims do not have the expected form",
        _ => "it is not a token",
    };
    IdentityError::Invalid { reason }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;
    use crate::{clock::ManualClock, identity::IdentitySigner};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::starting_at(Utc.with_ymd_and_hms(2026, 11, 20, 9, 0, 0).unwrap()))
    }

    fn caller() -> Identity {
        Identity {
            subject: Some("customer-7".into()),
            scopes: vec!["inventory:read".into(), "inventory:write".into()],
            correlation_id: "c-1".into(),
        }
    }

    fn forged(header: &Header, claims: &serde_json::Value, secret: &[u8]) -> String {
        encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let clock = clock();
        let token = IdentitySigner::new(SECRET, clock.clone()).unwrap().sign(&caller()).unwrap();
        let read = IdentityVerifier::new(SECRET, clock).unwrap().verify(Some(&token)).unwrap();
        assert_eq!(read, caller());
        assert!(read.has_scope("inventory:write") && !read.has_scope("inventory"));
    }

    #[test]
    fn an_anonymous_caller_has_no_subject() {
        let clock = clock();
        let anonymous = Identity { correlation_id: "c-2".into(), ..Identity::default() };
        let token = IdentitySigner::new(SECRET, clock.clone()).unwrap().sign(&anonymous).unwrap();
        assert_eq!(IdentityVerifier::new(SECRET, clock).unwrap().verify(Some(&token)).unwrap(), anonymous);
    }

    #[test]
    fn it_expires_after_its_lifetime_and_the_leeway() {
        let clock = clock();
        let token = IdentitySigner::new(SECRET, clock.clone()).unwrap().sign(&caller()).unwrap();
        let verifier = IdentityVerifier::new(SECRET, clock.clone()).unwrap();
        clock.advance(TimeDelta::seconds(64));
        assert!(verifier.verify(Some(&token)).is_ok());
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(verifier.verify(Some(&token)), Err(IdentityError::Expired));
    }

    #[test]
    fn it_is_known_when_a_lasting_one_ends_and_whose_it_is() {
        let clock = clock();
        let (signer, verifier) = (
            IdentitySigner::new(SECRET, clock.clone()).unwrap(),
            IdentityVerifier::new(SECRET, clock.clone()).unwrap(),
        );
        let lasting = |identity: &Identity| verifier.verify_lasting(Some(&signer.sign(identity).unwrap())).unwrap();
        let first = lasting(&caller());
        assert!(first.is_same_caller(&lasting(&Identity { correlation_id: "c-2".into(), ..caller() })));
        assert!(!first.is_same_caller(&lasting(&Identity { subject: None, ..caller() })));
        assert!(!first.is_same_caller(&lasting(&Identity { scopes: vec![], ..caller() })));
        clock.advance(TimeDelta::seconds(64));
        assert!(!verifier.has_ended(&first));
        clock.advance(TimeDelta::seconds(1));
        assert!(verifier.has_ended(&first));
    }

    #[test]
    fn a_short_secret_is_refused() {
        let refused = IdentityVerifier::new(&[b'x'; 31], clock()).err();
        assert_eq!(refused, Some(IdentityError::WeakSecret { length: 31 }));
        assert!(IdentitySigner::new(&[b'x'; 31], clock()).is_err());
    }

    #[test]
    fn nothing_else_is_believed() {
        let verifier = IdentityVerifier::new(SECRET, clock()).unwrap();
        let now = clock().now().timestamp();
        let good = json!({"iss": "selvedge", "aud": "selvedge-subgraph", "cid": "c", "scope": "", "iat": now, "exp": now + 60});
        let with = |key: &str, value: serde_json::Value| {
            let mut claims = good.clone();
            claims[key] = value;
            forged(&Header::new(Algorithm::HS256), &claims, SECRET)
        };
        assert!(verifier.verify(Some(&forged(&Header::new(Algorithm::HS256), &good, SECRET))).is_ok());
        let reason = |token: &str| match verifier.verify(Some(token)) {
            Err(IdentityError::Invalid { reason }) => reason,
            other => panic!("not refused as invalid: {other:?}"),
        };
        assert_eq!(reason(&with("iss", json!("other"))), "the issuer is not `selvedge`");
        assert_eq!(reason(&with("aud", json!("other"))), "the audience is not `selvedge-subgraph`");
        assert_eq!(reason(&with("exp", json!(now + 121))), "it lives longer than 120 s");
        assert_eq!(reason(&with("exp", json!(now - 1))), "it ends before it begins");
        assert_eq!(reason(&with("iat", json!(now + 6))), "it was signed in the future");
        assert_eq!(reason(&with("cid", json!(""))), "it has no correlation id");
        assert_eq!(reason(&with("iat", json!("soon"))), "the claims do not have the expected form");
        let other_secret = forged(&Header::new(Algorithm::HS256), &good, b"ffffffffffffffffffffffffffffffff");
        assert_eq!(reason(&other_secret), "the signature does not match");
        assert_eq!(reason(&forged(&Header::new(Algorithm::HS512), &good, SECRET)), "the algorithm is not HS256");
        assert_eq!(reason("no token"), "it is not a token");
        assert_eq!(verifier.verify(None), Err(IdentityError::Missing));
    }
}

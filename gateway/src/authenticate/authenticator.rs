//! From a token to an identity.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use sha2::{Digest, Sha256};

use super::{AuthenticateError, Identity, claims::Claims, jwks::Jwks};
use crate::{clock::Clock, config::JwtConfig};

/// Tokens longer than this are refused unread.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// How many verified tokens are remembered.
const MAX_VERIFIED: u64 = 10_000;

/// Verifies the tokens of clients: HS256 with a shared secret; RS256, ES256 and EdDSA with a key set.
pub struct Authenticator {
    config: JwtConfig,
    secret: Option<DecodingKey>,
    jwks: Option<Jwks>,
    /// Public-key signatures cost a hundred times what everything else here does, so verified tokens are remembered,
    /// by their hash and no longer than a withdrawn key may stay in use.
    verified: moka::future::Cache<[u8; 32], Arc<Identity>>,
    /// `false` where tokens are none of the gateway's business.
    reads_tokens: bool,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// An authenticator for the tokens that `config` accepts.
    #[must_use]
    pub fn new(config: &JwtConfig, clock: Arc<dyn Clock>) -> Self {
        let verified = moka::future::Cache::builder()
            .max_capacity(MAX_VERIFIED)
            .time_to_live(Duration::from_secs(config.jwks_refresh_s))
            .build();
        Self {
            secret: config.secret.as_ref().map(|secret| DecodingKey::from_secret(secret.expose())),
            jwks: Jwks::new(config),
            config: config.clone(),
            verified,
            reads_tokens: true,
            clock,
        }
    }

    /// An authenticator that looks at no token: everyone is anonymous.
    #[must_use]
    pub fn absent(clock: Arc<dyn Clock>) -> Self {
        Self {
            config: JwtConfig::default(),
            secret: None,
            jwks: None,
            verified: moka::future::Cache::new(0),
            reads_tokens: false,
            clock,
        }
    }

    /// The caller of a request with these headers; anonymous without an `authorization` header.
    ///
    /// # Errors
    ///
    /// Why the token is refused.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Identity, AuthenticateError> {
        let Some(value) = headers.get(AUTHORIZATION).filter(|_| self.reads_tokens) else {
            return Ok(Identity::default());
        };
        self.authenticate_value(value.to_str().map_err(|_| AuthenticateError::NotBearer)?).await
    }

    /// The caller behind the text of an `authorization` header, which WebSocket clients send in their first message.
    ///
    /// # Errors
    ///
    /// Why the token is refused.
    pub async fn authenticate_value(&self, authorization: &str) -> Result<Identity, AuthenticateError> {
        if !self.reads_tokens {
            return Ok(Identity::default());
        }
        let (scheme, token) = authorization.trim().split_once(' ').ok_or(AuthenticateError::NotBearer)?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(AuthenticateError::NotBearer);
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthenticateError::Malformed);
        }
        self.verify(token).await
    }

    /// The time that tokens are checked against.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn verify(&self, token: &str) -> Result<Identity, AuthenticateError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthenticateError::Malformed)?;
        match header.alg {
            Algorithm::HS256 => {
                let secret = self.secret.as_ref().ok_or(AuthenticateError::AlgorithmRefused)?;
                decode(token, secret, Algorithm::HS256)?.check(&self.config, self.now())
            }
            Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => {
                self.verify_with_key_set(token, header.kid.as_deref(), header.alg).await
            }
            _ => Err(AuthenticateError::AlgorithmRefused),
        }
    }

    async fn verify_with_key_set(
        &self,
        token: &str,
        key_id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Identity, AuthenticateError> {
        let jwks = self.jwks.as_ref().ok_or(AuthenticateError::AlgorithmRefused)?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(identity) = self.verified.get(&hash).await {
            let valid = identity.is_valid_at(self.now());
            return if valid { Ok((*identity).clone()) } else { Err(AuthenticateError::Expired) };
        }
        let keys = jwks.with_key(key_id, algorithm).await;
        let key = keys.find(key_id, algorithm).ok_or(AuthenticateError::UnknownKey)?;
        let identity = decode(token, &key.key, key.algorithm)?.check(&self.config, self.now())?;
        self.verified.insert(hash, Arc::new(identity.clone())).await;
        Ok(identity)
    }
}

/// Checks the signature alone; the claims are checked by us, against our own clock.
fn decode(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Claims, AuthenticateError> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    match jsonwebtoken::decode::<Claims>(token, key, &validation) {
        Ok(decoded) => Ok(decoded.claims),
        Err(error) => Err(match error.kind() {
            ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
                AuthenticateError::Malformed
            }
            ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => AuthenticateError::AlgorithmRefused,
            _ => AuthenticateError::BadSignature,
        }),
    }
}

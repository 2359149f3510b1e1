//! Development tokens: signing in without an identity provider.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
    routing::get,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use selvedge_gateway::config::Config as GatewayConfig;
use selvedge_kit::clock::{Clock, SystemClock};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// How long a token of the sign-in page lasts, in hours.
const PAGE_TOKEN_HOURS: u32 = 12;

/// Longest id of a customer in a token, in characters.
const MAX_SUBJECT_CHARS: usize = 64;

/// Signs tokens that the gateway of the same configuration accepts.
pub(crate) struct DevelopmentTokens {
    key: EncodingKey,
    issuer: Option<String>,
    audience: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    scope: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl DevelopmentTokens {
    /// `None` outside development mode, and where tokens are not signed by a shared secret.
    pub(crate) fn new(config: &GatewayConfig) -> Option<Self> {
        let secret = config.jwt.secret.as_ref().filter(|_| config.is_development())?;
        Some(Self {
            key: EncodingKey::from_secret(secret.expose()),
            issuer: config.jwt.issuers.first().cloned(),
            audience: config.jwt.audiences.first().cloned(),
        })
    }

    /// A token for `subject` with `scopes`, valid for `hours`.
    pub(crate) fn issue(&self, subject: &str, scopes: &[String], hours: u32) -> Result<String, Failure> {
        let now = SystemClock.now().timestamp();
        let claims = Claims {
            sub: subject,
            scope: scopes.join(" "),
            iat: now,
            exp: now + i64::from(hours) * 3_600,
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .map_err(|error| Failure::operation("the token could not be signed", &error))
    }

    /// `GET /shop/dev-token?sub=ID` → `{"token": …}`, without scopes: a customer.
    pub(crate) fn routes(self) -> Router {
        Router::new().route("/shop/dev-token", get(sign_in)).with_state(Arc::new(self))
    }
}

#[derive(Deserialize)]
struct SignIn {
    sub: String,
}

async fn sign_in(State(tokens): State<Arc<DevelopmentTokens>>, Query(wanted): Query<SignIn>) -> Response {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '@');
    if wanted.sub.is_empty() || wanted.sub.len() > MAX_SUBJECT_CHARS || !wanted.sub.chars().all(plain) {
        let problem = format!("`sub` takes 1 to {MAX_SUBJECT_CHARS} letters, digits, or - _ . @");
        return (StatusCode::BAD_REQUEST, problem).into_response();
    }
    match tokens.issue(&wanted.sub, &[], PAGE_TOKEN_HOURS) {
        Ok(token) => ([(CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "token": token }))).into_response(),
        Err(failure) => {
            tracing::error!(%failure, "a development token could not be signed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

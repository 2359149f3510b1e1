//! What a client's token says, and whether it holds here and now.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{AuthenticateError, Identity};
use crate::config::JwtConfig;

/// One text or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// The claims that the gateway reads (RFC 7519, RFC 8693 for `scope`).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    sub: Option<String>,
    iss: Option<String>,
    aud: Option<OneOrMany>,
    exp: Option<f64>,
    nbf: Option<f64>,
    /// Space separated, or a list.
    #[serde(alias = "scp", alias = "scopes")]
    scope: Option<OneOrMany>,
}

impl Claims {
    /// The caller, when the token holds at `now`.
    pub(super) fn check(self, config: &JwtConfig, now: DateTime<Utc>) -> Result<Identity, AuthenticateError> {
        let leeway = TimeDelta::seconds(config.leeway_s);
        let exp = self.exp.and_then(at).ok_or(AuthenticateError::NoExpiry)?;
        let expires_at = exp.checked_add_signed(leeway).unwrap_or(exp);
        if now >= expires_at {
            return Err(AuthenticateError::Expired);
        }
        if self.nbf.and_then(at).is_some_and(|start| now < start - leeway) {
            return Err(AuthenticateError::NotYetValid);
        }
        if !config.issuers.is_empty() && !self.iss.as_ref().is_some_and(|issuer| config.issuers.contains(issuer)) {
            return Err(AuthenticateError::WrongIssuer);
        }
        let audiences = self.aud.as_ref().map_or(&[][..], OneOrMany::as_slice);
        if !config.audiences.is_empty() && !audiences.iter().any(|audience| config.audiences.contains(audience)) {
            return Err(AuthenticateError::WrongAudience);
        }
        let subject = self.sub.filter(|subject| !subject.is_empty()).ok_or(AuthenticateError::NoSubject)?;
        let granted = self.scope.as_ref().map_or(&[][..], OneOrMany::as_slice);
        let mut scopes: Vec<String> = granted.iter().flat_map(|one| one.split(' ')).map(str::to_owned).collect();
        scopes.retain(|scope| !scope.is_empty());
        scopes.sort_unstable();
        scopes.dedup();
        Ok(Identity { subject: Some(subject), scopes, expires_at: Some(expires_at) })
    }
}

/// A NumericDate, which may have a fraction, as a time; `None` when it is out of range.
fn at(seconds: f64) -> Option<DateTime<Utc>> {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and chrono refuses what it cannot hold")]
    let millis = (seconds * 1000.0) as i64;
    DateTime::from_timestamp_millis(millis)
}

//! Refuses requests that a foreign page could make a browser send without asking the gateway first.
//!
//! Browsers send "simple" requests across origins without a preflight. A content-type of `application/json` or a
//! header of one's own makes a request not simple; `sec-fetch-site` is set by the browser and cannot be forged.

use http::{HeaderMap, header::CONTENT_TYPE};

use super::RequestError;
use crate::config::CsrfConfig;

const SIMPLE_TYPES: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Accepts a request that is not simple, or that the browser says comes from our own pages.
///
/// # Errors
///
/// When a foreign page could have caused it.
pub fn check_csrf(config: &CsrfConfig, headers: &HeaderMap) -> Result<(), RequestError> {
    if !config.enabled || has_other_content_type(headers) || is_from_own_page(headers) {
        return Ok(());
    }
    let has_required = config.required_headers.iter().any(|name| headers.get(name).is_some_and(|v| !v.is_empty()));
    if has_required { Ok(()) } else { Err(RequestError::Forgeable { headers: config.required_headers.join(", ") }) }
}

fn has_other_content_type(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    !essence.is_empty() && !SIMPLE_TYPES.iter().any(|simple| simple.eq_ignore_ascii_case(essence))
}

fn is_from_own_page(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin" || site == "none")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(name: &'static str, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        check_csrf(&CsrfConfig::default(), &headers).is_ok()
    }

    #[test]
    fn only_what_a_page_cannot_forge_passes() {
        assert!(check("content-type", "application/json; charset=utf-8"));
        assert!(check("apollo-require-preflight", "1"));
        assert!(check("sec-fetch-site", "same-origin"));
        assert!(!check("sec-fetch-site", "cross-site"));
        assert!(!check("content-type", "text/plain"));
        assert!(!check("content-type", "Multipart/Form-Data; boundary=x"));
        assert!(!check("accept", "application/json"));
    }
}

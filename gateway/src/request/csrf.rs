//! Refuses requests that a foreign page could make a browser send without asking the gateway first.
//!
//! Browsers send "simple" requests across origins without a preflight. A content-type of `application/json` or a
//! header of one's own makes a request not simple; `sec-fetch-site` is set by the browser and cannot be forged. Nor can
//! a page take away that the browser calls itself `Mozilla/…`: who names another program is none, and may read by GET,
//! as GraphQL over HTTP wants it.

use http::{
    HeaderMap, Method,
    header::{CONTENT_TYPE, COOKIE, ORIGIN, REFERER, USER_AGENT},
};

use super::RequestError;
use crate::config::CsrfConfig;

const SIMPLE_TYPES: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Accepts a request that is not simple, that the browser says comes from our own pages, or that reads and comes from
/// no browser.
///
/// # Errors
///
/// When a foreign page could have caused it.
pub fn check_csrf(config: &CsrfConfig, method: &Method, headers: &HeaderMap) -> Result<(), RequestError> {
    if !config.enabled || has_other_content_type(headers) || is_from_own_page(headers) {
        return Ok(());
    }
    if *method == Method::GET && is_from_no_browser(headers) {
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

/// The request names a program that is no browser, and nothing that only a browser adds.
fn is_from_no_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let names_browser = agent.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"mozilla/"));
    let is_named = !agent.is_empty() && !names_browser;
    let has_trace = [ORIGIN, REFERER, COOKIE].iter().any(|name| headers.contains_key(name));
    is_named && !has_trace && !headers.contains_key("sec-fetch-site")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(name: &'static str, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        check_csrf(&CsrfConfig::default(), &Method::POST, &headers).is_ok()
    }

    #[test]
    fn programs_read_by_get() {
        let check = |method: Method, agent: &'static str, other: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
            if let Some(other) = other {
                headers.insert(HeaderName::from_static(other), HeaderValue::from_static("x"));
            }
            check_csrf(&CsrfConfig::default(), &method, &headers).is_ok()
        };
        assert!(check(Method::GET, "node", None));
        assert!(check(Method::GET, "curl/8.5.0", None));
        assert!(!check(Method::POST, "curl/8.5.0", None));
        assert!(!check(Method::GET, "", None));
        assert!(!check(Method::GET, "Mozilla/5.0 (X11; Linux x86_64)", None));
        assert!(!check(Method::GET, "mozilla/5.0", None));
        for trace in ["origin", "referer", "cookie", "sec-fetch-site"] {
            assert!(!check(Method::GET, "node", Some(trace)), "{trace}");
        }
        assert!(check_csrf(&CsrfConfig::default(), &Method::GET, &HeaderMap::new()).is_err());
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

//! Where a redirect leads (RFC 9110, section 10.2.2; RFC 3986, section 5).

use http::{
    HeaderMap, StatusCode, Uri,
    header::LOCATION,
    uri::{Parts, PathAndQuery},
};

/// Where `headers` say that what was asked for at `from` is; `None` when the status is no redirect for a GET.
///
/// # Errors
///
/// Why it is not followed.
pub(super) fn redirect(from: &Uri, status: StatusCode, headers: &HeaderMap) -> Option<Result<Uri, &'static str>> {
    const FOLLOWED: [StatusCode; 5] = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !FOLLOWED.contains(&status) {
        return None;
    }
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(target) = location.and_then(|text| resolve(from, text)) else {
        return Some(Err("redirects without an address"));
    };
    // What is encrypted stays so, and what is not must not reach what only encrypted requests should.
    Some(if target.scheme() == from.scheme() { Ok(target) } else { Err("redirects to another scheme") })
}

/// Whether both addresses are of one server, port included.
pub(super) fn is_same_server(one: &Uri, other: &Uri) -> bool {
    let of = |uri: &Uri| (uri.host().map(str::to_ascii_lowercase), uri.port_u16().or_else(|| default_port(uri)));
    of(one) == of(other)
}

fn default_port(uri: &Uri) -> Option<u16> {
    match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    }
}

/// `reference`, seen from `base`; without the fragment, which is no part of a request.
fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let reference = reference.trim().split('#').next()?;
    let is_absolute = reference.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?']));
    if is_absolute {
        return reference.parse().ok();
    }
    if reference.starts_with("//") {
        return format!("{}:{reference}", base.scheme_str()?).parse().ok();
    }
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let path = if path.is_empty() {
        base.path().to_owned()
    } else if path.starts_with('/') {
        without_dots(path)
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        without_dots(&format!("{folder}/{path}"))
    };
    // Only nothing at all leads back to the same place with its query.
    let query = query.or_else(|| base.query().filter(|_| reference.is_empty()));
    let text = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut parts: Parts = base.clone().into_parts();
    parts.path_and_query = Some(text.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
        if is_last && matches!(segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const FROM: &str = "https://schemas.test:8443/graphs/shop/current?v=1";

    fn of(status: u16, location: &'static str) -> Option<Result<String, &'static str>> {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
        let status = StatusCode::from_u16(status).unwrap();
        Some(redirect(&FROM.parse().unwrap(), status, &headers)?.map(|uri| uri.to_string()))
    }

    #[test]
    fn addresses_are_seen_from_where_they_stand() {
        for (location, target) in [
            ("https://other.test/a?b#c", "https://other.test/a?b"),
            ("//other.test/a", "https://other.test/a"),
            ("/a/./b/../c", "https://schemas.test:8443/a/c"),
            ("v2", "https://schemas.test:8443/graphs/shop/v2"),
            ("../../../v2/..", "https://schemas.test:8443/"),
            ("?v=2", "https://schemas.test:8443/graphs/shop/current?v=2"),
            ("next?to=http://a", "https://schemas.test:8443/graphs/shop/next?to=http://a"),
            ("#top", "https://schemas.test:8443/graphs/shop/current?v=1"),
        ] {
            assert_eq!(of(302, location), Some(Ok(target.to_owned())), "{location}");
        }
    }

    #[test]
    fn some_are_not_followed() {
        assert_eq!(of(200, "/a"), None);
        assert_eq!(of(304, "/a"), None);
        assert_eq!(of(307, "http://schemas.test/a"), Some(Err("redirects to another scheme")));
        assert_eq!(of(308, "https://[::/a"), Some(Err("redirects without an address")));
        let none = redirect(&FROM.parse().unwrap(), StatusCode::FOUND, &HeaderMap::new());
        assert_eq!(none, Some(Err("redirects without an address")));
    }

    #[test]
    fn a_server_is_known_by_host_and_port() {
        let same = |one: &str, other: &str| is_same_server(&one.parse().unwrap(), &other.parse().unwrap());
        assert!(same("https://a.test/x", "https://A.test:443/y"));
        assert!(!same("https://a.test/x", "https://a.test:8443/x"));
        assert!(!same("https://a.test/x", "https://b.a.test/x"));
    }
}

//! What a subgraph says of how long its answer stays true, and for whom.

use std::time::Duration;

use http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL, VARY},
};
use serde::Deserialize;

use crate::config::CacheScope;

/// What was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hint {
    /// For how long.
    pub(super) max_age: Option<Duration>,
    /// For whom.
    pub(super) scope: Option<CacheScope>,
    /// How old it was when it came.
    pub(super) age: Duration,
    /// It differs with the caller, though it may be kept for each.
    pub(super) varies: bool,
    /// It is not to be kept.
    pub(super) no_store: bool,
}

/// What differs between requests and yet does not make different answers of one to the same caller.
const HARMLESS_VARY: [&str; 4] = ["accept", "accept-encoding", "content-type", "origin"];

impl Hint {
    /// Reads `cache-control`, `age` and `vary` (RFC 9111).
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        let mut hint = Self::default();
        let mut shared = None;
        for directive in items(headers, &CACHE_CONTROL) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = value.trim().trim_matches('"').parse().ok().map(Duration::from_secs);
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => hint.no_store = true,
                // One that is not a number is taken as the most careful one.
                "max-age" => hint.max_age = Some(seconds.unwrap_or_default()),
                "s-maxage" => shared = Some(seconds.unwrap_or_default()),
                "private" => hint.scope = Some(CacheScope::Private),
                "public" if hint.scope.is_none() => hint.scope = Some(CacheScope::Public),
                _ => {}
            }
        }
        if let Some(shared) = shared {
            hint.max_age = Some(shared);
            hint.scope = hint.scope.or(Some(CacheScope::Public));
        }
        for name in items(headers, &VARY) {
            if name == "*" {
                hint.no_store = true;
            } else if !HARMLESS_VARY.iter().any(|harmless| name.eq_ignore_ascii_case(harmless)) {
                hint.varies = true;
            }
        }
        let age = headers.get(AGE).and_then(|age| age.to_str().ok()).and_then(|age| age.trim().parse().ok());
        hint.age = age.map(Duration::from_secs).unwrap_or_default();
        hint
    }

    /// Adds what `extensions.cacheControl` says, in the form of Apollo Server 2: the lowest of its hints.
    pub(super) fn and_extension(mut self, extension: Option<&CacheControlExtension>) -> Self {
        for one in extension.into_iter().flat_map(|extension| &extension.hints) {
            let seconds = Duration::from_secs(one.max_age.unwrap_or_default());
            self.max_age = Some(self.max_age.map_or(seconds, |known| known.min(seconds)));
            if one.scope.as_deref() == Some("PRIVATE") {
                self.scope = Some(CacheScope::Private);
            }
        }
        self
    }
}

fn items<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty())
}

/// `extensions.cacheControl`.
#[derive(Debug, Deserialize)]
pub(super) struct CacheControlExtension {
    #[serde(default)]
    hints: Vec<PathHint>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PathHint {
    max_age: Option<u64>,
    scope: Option<String>,
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> Hint {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Hint::from_headers(&headers)
    }

    #[test]
    fn reads_what_shared_caches_read() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(of(&[]), Hint::default());
        let hint = of(&[("cache-control", "public, Max-Age=30"), ("age", "4")]);
        assert_eq!(
            (hint.max_age, hint.scope, hint.age),
            (seconds(30), Some(CacheScope::Public), Duration::from_secs(4))
        );
        let hint = of(&[("cache-control", "max-age=30"), ("cache-control", "s-maxage=5")]);
        assert_eq!((hint.max_age, hint.scope), (seconds(5), Some(CacheScope::Public)));
        assert_eq!(of(&[("cache-control", "public, private, max-age=9")]).scope, Some(CacheScope::Private));
        assert_eq!(of(&[("cache-control", "private, public")]).scope, Some(CacheScope::Private));
        assert_eq!(of(&[("cache-control", "max-age=soon")]).max_age, seconds(0));
        assert!(
            of(&[("cache-control", "no-cache")]).no_store && of(&[("cache-control", "max-age=9, no-store")]).no_store
        );
    }

    #[test]
    fn what_varies_with_the_caller_is_the_callers_own() {
        assert!(!of(&[("cache-control", "public"), ("vary", "accept, Origin")]).varies);
        assert!(of(&[("cache-control", "public"), ("vary", "Authorization")]).varies);
        assert!(of(&[("vary", "*")]).no_store);
    }

    #[test]
    fn the_extension_lowers() {
        let extension = serde_json::from_str(
            r#"{"version":1,"hints":[{"path":["a"],"maxAge":60},{"path":["b"],"maxAge":10,"scope":"PRIVATE"}]}"#,
        );
        let hint = of(&[("cache-control", "max-age=20, public")]).and_extension(Some(&extension.unwrap()));
        assert_eq!((hint.max_age, hint.scope), (Some(Duration::from_secs(10)), Some(CacheScope::Private)));
    }
}

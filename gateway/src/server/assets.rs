//! Pages that the binary brings along; the gateway knows nothing of what is in them.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_FRAME_OPTIONS,
    },
};

/// How long browsers may keep an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Its name changes with its content.
    Immutable,
    /// Asked about each time, and answered from its `ETag`.
    Revalidate,
}

/// One file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its content.
    pub body: Bytes,
    /// Its type, such as `text/html; charset=utf-8`.
    pub content_type: HeaderValue,
    /// How long browsers may keep it.
    pub caching: Caching,
    /// Changes with the content; in quotes.
    pub etag: Option<HeaderValue>,
    /// What its page may load, instead of the gateway's own policy.
    pub content_security_policy: Option<HeaderValue>,
}

/// Files by path.
pub trait StaticAssets: Send + Sync + 'static {
    /// The file at `path` (with the leading slash, without a query); `/` is the playground.
    fn find(&self, path: &str) -> Option<Asset>;
}

/// What pages may load: themselves, pictures from anywhere, and live data from where they came.
const DEFAULT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; \
     font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; object-src 'none'; \
     base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
);

/// Answers a request for a file.
pub(super) fn answer(assets: &dyn StaticAssets, method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "this address answers GET and HEAD\n");
    }
    let Some(asset) = assets.find(path) else {
        return plain(StatusCode::NOT_FOUND, "nothing is here; GraphQL is at /graphql\n");
    };
    let unchanged = asset.etag.is_some() && headers.get(IF_NONE_MATCH) == asset.etag.as_ref();
    let body = if unchanged || method == Method::HEAD { Body::empty() } else { Body::from(asset.body) };
    let mut response = Response::new(body);
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let caching = match asset.caching {
        Caching::Immutable => "public, max-age=31536000, immutable",
        Caching::Revalidate => "no-cache",
    };
    let set: [(HeaderName, HeaderValue); 5] = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
        (CONTENT_SECURITY_POLICY, asset.content_security_policy.unwrap_or(DEFAULT_POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    response.headers_mut().extend(set);
    if let Some(etag) = asset.etag {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

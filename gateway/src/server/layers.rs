//! The tower layers around the public routes.

use std::time::Duration;

use axum::Router;
use http::{HeaderName, HeaderValue, Method, header::X_CONTENT_TYPE_OPTIONS};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    cors::{AllowHeaders, AllowOrigin, CorsLayer},
};

use crate::{config::Config, subgraph::CORRELATION_HEADER};

/// Smaller answers fit into one packet anyway.
const MIN_COMPRESSED_BYTES: u64 = 1_024;

/// Wraps `router` as configured.
pub(super) fn wrap(router: Router, config: &Config) -> Router {
    let mut router = router.layer(axum::middleware::map_response(no_sniffing));
    if config.server.compression {
        let compressible = SizeAbove::new(MIN_COMPRESSED_BYTES)
            .and(NotForContentType::SSE)
            // What is compressed together waits for what follows.
            .and(NotForContentType::const_new("multipart/mixed"))
            .and(NotForContentType::IMAGES)
            .and(NotForContentType::const_new("font/"));
        // Answers are made once each, so the fastest level wins over the smallest result.
        router = router.layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compressible));
    }
    // Outermost, so that preflights are answered without going further.
    if !config.cors.allowed_origins.is_empty() {
        router = router.layer(cors(config));
    }
    router
}

async fn no_sniffing<B>(mut response: http::Response<B>) -> http::Response<B> {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn cors(config: &Config) -> CorsLayer {
    let origins = &config.cors.allowed_origins;
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        // The last two are for event streams.
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([HeaderName::from_static(CORRELATION_HEADER)])
        .max_age(Duration::from_secs(config.cors.max_age_s))
}

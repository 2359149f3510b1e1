//! What is served beside GraphQL: pages, health, metrics, compression.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use selvedge_gateway::{
    config::Config,
    server::{Asset, Caching, Gateway, GatewayBuilder, StaticAssets},
    subgraph::SubgraphTransports,
};
use tower::ServiceExt;

use crate::edge_support::{config, schema};

struct Pages;

impl StaticAssets for Pages {
    fn find(&self, path: &str) -> Option<Asset> {
        let (body, caching, content_type) = match path {
            "/" => ("<h1>playground</h1>".to_owned(), Caching::Revalidate, "text/html; charset=utf-8"),
            "/app-1a2b.js" => ("x();".repeat(1_000), Caching::Immutable, "text/javascript"),
            _ => return None,
        };
        Some(Asset {
            body: Bytes::from(body),
            content_type: HeaderValue::from_static(content_type),
            caching,
            etag: Some(HeaderValue::from_static("\"v1\"")),
            content_security_policy: None,
        })
    }
}

fn builder(config: Config) -> GatewayBuilder {
    Gateway::builder(config, schema(), SubgraphTransports::default()).assets(Arc::new(Pages))
}

async fn ask(router: Router, request: http::request::Builder) -> Response<String> {
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn pages_come_with_their_headers() {
    let router = builder(config()).build().unwrap().router();
    let page = ask(router.clone(), Request::get("/")).await;
    assert_eq!((page.status(), page.body().as_str()), (StatusCode::OK, "<h1>playground</h1>"));
    let headers = page.headers();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    let script = ask(router.clone(), Request::get("/app-1a2b.js?x=1")).await;
    assert_eq!(script.headers()["cache-control"], "public, max-age=31536000, immutable");
    let again = ask(router.clone(), Request::get("/").header("if-none-match", "\"v1\"")).await;
    assert_eq!((again.status(), again.body().as_str()), (StatusCode::NOT_MODIFIED, ""));
    let head = ask(router.clone(), Request::head("/")).await;
    assert_eq!((head.status(), head.body().as_str()), (StatusCode::OK, ""));
    assert_eq!(ask(router.clone(), Request::post("/")).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(ask(router, Request::get("/missing")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_playground_can_be_switched_off_alone() {
    let mut config = config();
    config.playground.enabled = Some(false);
    let router = builder(config).build().unwrap().router();
    assert_eq!(ask(router.clone(), Request::get("/")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(router, Request::get("/app-1a2b.js")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_accept_it() {
    let router = builder(config()).build().unwrap().router();
    for encoding in ["gzip", "br"] {
        let large = ask(router.clone(), Request::get("/app-1a2b.js").header("accept-encoding", encoding)).await;
        assert_eq!(large.headers()["content-encoding"], encoding);
    }
    let small = ask(router.clone(), Request::get("/").header("accept-encoding", "gzip")).await;
    assert!(small.headers().get("content-encoding").is_none());
    let mut config = config();
    config.server.compression = false;
    let off = builder(config).build().unwrap().router();
    let plain = ask(off, Request::get("/app-1a2b.js").header("accept-encoding", "gzip")).await;
    assert!(plain.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn health_tells_the_truth() {
    let broken = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&broken);
    let readiness = move || {
        let is_broken = seen.load(Ordering::SeqCst);
        if is_broken { vec![("inventory/database".to_owned(), "no connection".to_owned())] } else { Vec::new() }
    };
    let gateway = builder(config()).readiness(Arc::new(readiness)).build().unwrap();
    let admin = gateway.admin_router();
    assert_eq!(ask(admin.clone(), Request::get("/health/ready")).await.body(), r#"{"status":"ready"}"#);
    broken.store(true, Ordering::SeqCst);
    for (router, path) in [(admin.clone(), "/health/ready"), (gateway.router(), "/health")] {
        let response = ask(router, Request::get(path)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.body(), r#"{"status":"not ready","failures":{"inventory/database":"no connection"}}"#);
    }
    assert_eq!(ask(admin, Request::get("/health/live")).await.status(), StatusCode::OK, "alive, if not ready");
}

#[tokio::test]
async fn metrics_and_own_routes_are_the_binary_s() {
    let routes = Router::new().route("/token", get(|| async { "mine" }));
    let gateway = builder(config()).metrics(Arc::new(|| "up 1\n".to_owned())).routes(routes).build().unwrap();
    let metrics = ask(gateway.admin_router(), Request::get("/metrics")).await;
    assert_eq!((metrics.status(), metrics.body().as_str()), (StatusCode::OK, "up 1\n"));
    assert_eq!(ask(gateway.router(), Request::get("/token")).await.body(), "mine");
    assert_eq!(ask(gateway.router(), Request::get("/metrics")).await.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_gateway_with_a_wrong_configuration_is_not_built() {
    let mut config = Config::default();
    config.identity.secret = Some("short".into());
    let error = builder(config).build().err().unwrap().to_string();
    assert!(error.starts_with("configuration key `identity.secret` has 5 bytes"), "{error}");
}

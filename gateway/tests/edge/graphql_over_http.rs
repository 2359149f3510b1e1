//! GraphQL over HTTP, case by case of the specification and its audit.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::edge_support::{TestGateway, code, config, post};

const NEWER: &str = "application/graphql-response+json";
const QUERY: &str = r#"{"query":"{ shopName }"}"#;

fn accepting(accept: &str) -> http::request::Builder {
    Request::post("/").header("content-type", "application/json").header("accept", accept)
}

#[tokio::test]
async fn the_accept_header_decides_the_content_type() {
    let gateway = TestGateway::start(config()).await;
    for (accept, content_type) in [
        (Some(NEWER), NEWER),
        (Some("application/json"), "application/json"),
        (Some("*/*"), "application/json"),
        (Some("application/graphql-response+json, application/json"), NEWER),
        (None, "application/json"),
    ] {
        let mut request = Request::post("/").header("content-type", "application/json");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let response = gateway.send(request, "/graphql", QUERY).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], format!("{content_type}; charset=utf-8"), "{accept:?}");
        assert_eq!(response.body(), r#"{"data":{"shopName":"Selvedge"}}"#);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    let refused = gateway.send(accepting("text/html"), "/graphql", QUERY).await;
    assert_eq!((refused.status(), code(refused.body())), (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE".to_owned()));
}

#[tokio::test]
async fn requests_that_never_run_have_the_status_of_their_media_type() {
    let gateway = TestGateway::start(config()).await;
    for (body, expected) in [
        (r#"{"query":"{"}"#, "GRAPHQL_PARSE_FAILED"),
        (r#"{"query":"{ nothing }"}"#, "GRAPHQL_VALIDATION_FAILED"),
        (r#"{"query":"query($s: String!) { badge(sku: $s) { sku } }","variables":{}}"#, "BAD_USER_INPUT"),
    ] {
        let newer = gateway.send(accepting(NEWER), "/graphql", body).await;
        assert_eq!((newer.status(), code(newer.body()).as_str()), (StatusCode::BAD_REQUEST, expected), "{body}");
        let parsed: Value = serde_json::from_str(newer.body()).unwrap();
        assert!(parsed.get("data").is_none(), "{parsed}");
        let older = gateway.send(accepting("application/json"), "/graphql", body).await;
        assert_eq!((older.status(), code(older.body()).as_str()), (StatusCode::OK, expected), "{body}");
    }
}

#[tokio::test]
async fn malformed_requests_are_400_for_every_media_type() {
    let gateway = TestGateway::start(config()).await;
    for body in [
        "",
        "{",
        "7",
        "{}",
        r#"{"query":{}}"#,
        r#"{"query":7}"#,
        r#"{"query":true}"#,
        r#"{"query":[]}"#,
        r#"{"query":"{ shopName }","operationName":7}"#,
        r#"{"query":"{ shopName }","variables":"x"}"#,
        r#"{"query":"{ shopName }","variables":[]}"#,
        r#"{"query":"{ shopName }","extensions":7}"#,
    ] {
        for accept in [NEWER, "application/json"] {
            let response = gateway.send(accepting(accept), "/graphql", body).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(code(response.body()), "BAD_REQUEST");
        }
    }
    for body in [
        r#"{"query":"{ shopName }","variables":null,"operationName":null,"extensions":null}"#,
        r#"{"query":"query A { shopName }","operationName":"A","variables":{},"extensions":{}}"#,
    ] {
        assert_eq!(gateway.post(body).await.status(), StatusCode::OK, "{body}");
    }
}

#[tokio::test]
async fn only_json_in_utf_8_is_read() {
    let gateway = TestGateway::start(config()).await;
    let send = async |content_type: &str| {
        let request = Request::post("/").header("content-type", content_type).header("apollo-require-preflight", "1");
        gateway.send(request, "/graphql", QUERY).await.status()
    };
    assert_eq!(send("application/json; charset=utf-8").await, StatusCode::OK);
    assert_eq!(send("application/json; charset=utf-16").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send("text/plain").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send("application/graphql").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn get_runs_queries_alone() {
    let gateway = TestGateway::start(config()).await;
    let get = || Request::get("/").header("apollo-require-preflight", "1").header("accept", NEWER);
    let query = gateway.send(get(), "/graphql?query=%7B%20shopName%20%7D", "").await;
    assert_eq!((query.status(), query.body().as_str()), (StatusCode::OK, r#"{"data":{"shopName":"Selvedge"}}"#));
    let variables =
        "/graphql?query=query(%24s%3AString!)%7Bbadge(sku%3A%24s)%7Bsku%7D%7D&variables=%7B%22s%22%3A%22A%22%7D";
    assert_eq!(gateway.send(get(), variables, "").await.body(), r#"{"data":{"badge":{"sku":"A"}}}"#);
    let mutation =
        gateway.send(get(), "/graphql?query=mutation%7Badjust(sku%3A%22A%22%2Cby%3A1)%7Bsku%7D%7D", "").await;
    assert_eq!(mutation.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(mutation.headers()["allow"], "POST");
    assert!(gateway.script.seen.lock().unwrap().iter().all(|(_, _, body)| !body.to_string().contains("adjust")));
    assert_eq!(gateway.send(get(), "/graphql", "").await.status(), StatusCode::BAD_REQUEST);
    let put = Request::put("/").header("content-type", "application/json");
    assert_eq!(gateway.send(put, "/graphql", QUERY).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_a_foreign_page_could_send_is_refused() {
    let gateway = TestGateway::start(config()).await;
    let path = "/graphql?query=%7B%20shopName%20%7D";
    let simple = gateway.send(Request::get("/"), path, "").await;
    assert_eq!((simple.status(), code(simple.body()).as_str()), (StatusCode::BAD_REQUEST, "CSRF_REFUSED"));
    let form = Request::post("/").header("content-type", "text/plain");
    assert_eq!(code(gateway.send(form, "/graphql", QUERY).await.body()), "CSRF_REFUSED");
    let own_page = Request::get("/").header("sec-fetch-site", "same-origin");
    assert_eq!(gateway.send(own_page, path, "").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn arrays_are_off_unless_configured() {
    let gateway = TestGateway::start(config()).await;
    let two = format!("[{QUERY},{QUERY}]");
    assert_eq!(code(gateway.post(&two).await.body()), "BATCH_REFUSED");
    let mut config = config();
    config.limits.max_batch_operations = 2;
    let gateway = TestGateway::start(config).await;
    assert_eq!(
        gateway.post(&two).await.body(),
        r#"[{"data":{"shopName":"Selvedge"}},{"data":{"shopName":"Selvedge"}}]"#
    );
    assert_eq!(code(gateway.post(&format!("[{QUERY},{QUERY},{QUERY}]")).await.body()), "BATCH_REFUSED");
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let mut config = config();
    config.limits.max_body_bytes = 100;
    let gateway = TestGateway::start(config).await;
    assert_eq!(gateway.post(QUERY).await.status(), StatusCode::OK);
    let large = json!({ "query": format!("{{ shopName }} #{}", "x".repeat(100)) }).to_string();
    let response = gateway.post(&large).await;
    assert_eq!(
        (response.status(), code(response.body()).as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "REQUEST_TOO_LARGE")
    );
}

#[tokio::test]
async fn limits_and_introspection_follow_the_configuration() {
    let mut config = config();
    config.limits.max_aliases = 1;
    config.introspection.enabled = Some(false);
    let gateway = TestGateway::start(config).await;
    for query in ["{ a: shopName b: shopName }", "{ __schema { queryType { name } } }"] {
        let body = json!({ "query": query }).to_string();
        assert_eq!(
            gateway.send(accepting(NEWER), "/graphql", &body).await.status(),
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
}

#[tokio::test]
async fn cross_origin_answers_are_for_configured_origins() {
    let preflight = || {
        Request::options("/").header("origin", "https://shop.example").header("access-control-request-method", "POST")
    };
    let gateway = TestGateway::start(config()).await;
    let off = gateway.send(preflight(), "/graphql", "").await;
    assert!(off.headers().get("access-control-allow-origin").is_none());
    let mut config = config();
    config.cors.allowed_origins = vec!["https://shop.example".to_owned()];
    let gateway = TestGateway::start(config).await;
    let on = gateway.send(preflight(), "/graphql", "").await;
    assert_eq!(on.headers()["access-control-allow-origin"], "https://shop.example");
    let other = gateway.send(post().header("origin", "https://evil.example"), "/graphql", QUERY).await;
    assert!(other.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn the_plan_is_told_on_request_in_development_alone() {
    let query = r#"{"query":"{ badge(sku: \"A\") { sku title } }"}"#;
    let gateway = TestGateway::start(config()).await;
    let response = gateway.send(post().header("x-selvedge-debug", "plan"), "/graphql", query).await;
    let body: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(body["data"]["badge"]["title"], "Shirt A");
    assert_eq!(body["extensions"]["selvedge"]["subgraphRequests"], json!({ "stock": 1, "titles": 1 }), "{body}");
    assert!(body["extensions"]["selvedge"]["plan"].as_str().is_some_and(|plan| plan.contains("titles")), "{body}");
    let mut config = config();
    config.mode = Some(selvedge_gateway::config::Mode::Production);
    let gateway = TestGateway::start(config).await;
    let response = gateway.send(post().header("x-selvedge-debug", "plan"), "/graphql", query).await;
    assert!(!response.body().contains("extensions"), "{}", response.body());
}

#[tokio::test]
async fn a_slow_request_ends_with_an_error_that_says_so() {
    let mut config = config();
    config.server.request_timeout_ms = 100;
    let gateway = TestGateway::start(config).await;
    let body = gateway.query("{ slow shopName }").await;
    assert_eq!(body["data"]["shopName"], "Selvedge", "{body}");
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(1), "{body}");
}

#[tokio::test]
async fn a_new_schema_is_served_at_once() {
    let gateway = TestGateway::start(config()).await;
    gateway.query("{ shopName }").await;
    let before = gateway.gateway.pipeline().schema();
    gateway.gateway.replace_schema(crate::edge_support::schema()).await;
    assert!(!std::sync::Arc::ptr_eq(&before, &gateway.gateway.pipeline().schema()));
    gateway.query("{ shopName }").await;
}

#[tokio::test]
async fn health_and_missing_pages() {
    let gateway = TestGateway::start(config()).await;
    assert_eq!(gateway.send(Request::get("/"), "/health", "").await.body(), r#"{"status":"ready"}"#);
    assert_eq!(gateway.send(Request::get("/"), "/nowhere", "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut config = config();
    config.server.request_timeout_ms = 100;
    let gateway = TestGateway::start(config).await;
    let mut stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
    let request = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

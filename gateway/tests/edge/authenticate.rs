//! Tokens: who gets in, and what the others are told.

use std::sync::Arc;

use http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::Jwk};
use selvedge_gateway::{
    authenticate::Authenticator,
    clock::ManualClock,
    config::{Config, DEVELOPMENT_IDENTITY_SECRET, JwtConfig},
};
use serde_json::{Value, json};

use crate::edge_support::{TestGateway, code, config, now, post, token};

const BADGE: &str = r#"{"query":"{ badge(sku: \"A\") { sku } }"}"#;

fn claims() -> Value {
    json!({ "sub": "customer-1", "scope": "inventory:write a", "exp": now().timestamp() + 600 })
}

fn changed(changes: &[(&str, Value)]) -> String {
    let mut claims = claims();
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    token(&claims)
}

/// The identity that the subgraph got.
fn identity_claims(gateway: &TestGateway) -> Value {
    let headers = gateway.script.last_headers("stock");
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.set_audience(&["selvedge-subgraph"]);
    validation.set_issuer(&["selvedge"]);
    let key = DecodingKey::from_secret(DEVELOPMENT_IDENTITY_SECRET.as_bytes());
    jsonwebtoken::decode::<Value>(&headers["x-selvedge-identity"], &key, &validation).unwrap().claims
}

#[tokio::test]
async fn anonymous_callers_have_an_identity_without_subject() {
    let gateway = TestGateway::start(config()).await;
    let response = gateway.send(post().header("x-correlation-id", "shop-42"), "/graphql", BADGE).await;
    assert_eq!(response.headers()["x-correlation-id"], "shop-42");
    let claims = identity_claims(&gateway);
    assert_eq!(claims["sub"], Value::Null);
    assert_eq!(claims["cid"], "shop-42");
    assert_eq!(claims["exp"], now().timestamp() + 60);
    assert_eq!(gateway.script.last_headers("stock")["x-correlation-id"], "shop-42");
}

#[tokio::test]
async fn a_verified_caller_is_passed_on() {
    let gateway = TestGateway::start(config()).await;
    let request = post().header("authorization", format!("Bearer {}", token(&claims())));
    assert_eq!(gateway.send(request, "/graphql", BADGE).await.status(), StatusCode::OK);
    let identity = identity_claims(&gateway);
    assert_eq!((&identity["sub"], &identity["scope"]), (&json!("customer-1"), &json!("a inventory:write")));
}

#[tokio::test]
async fn a_gateway_without_keys_leaves_tokens_alone_and_signs_no_identity() {
    let gateway = TestGateway::start(Config::default()).await;
    let request = post().header("authorization", "Basic what-only-the-subgraph-knows");
    assert_eq!(gateway.send(request, "/graphql", BADGE).await.status(), StatusCode::OK);
    let headers = gateway.script.last_headers("stock");
    assert!(!headers.contains_key("x-selvedge-identity") && headers.contains_key("x-correlation-id"));
}

#[tokio::test]
async fn bad_tokens_are_refused_with_the_reason() {
    let mut config = config();
    config.jwt.issuers = vec!["shop".to_owned()];
    config.jwt.audiences = vec!["selvedge".to_owned()];
    let gateway = TestGateway::start(config).await;
    let good: [(&str, Value); 2] = [("iss", json!("shop")), ("aud", json!(["other", "selvedge"]))];
    let but = |name, value| changed(&[good[0].clone(), good[1].clone(), (name, value)]);
    let unsigned = format!("{}.e30.", "eyJhbGciOiJub25lIn0");
    let cases = [
        (format!("Bearer {}", changed(&good)), None),
        ("Basic abc".to_owned(), Some("the authorization header must be `Bearer` and a token")),
        ("Bearer".to_owned(), Some("the authorization header must be `Bearer` and a token")),
        ("Bearer x.y.z".to_owned(), Some("the token is not a JSON Web Token")),
        (format!("Bearer {unsigned}"), Some("the token is not a JSON Web Token")),
        (format!("Bearer {}x", changed(&good)), Some("the token's signature is not valid")),
        (format!("Bearer {}", but("exp", json!(now().timestamp() - 6))), Some("the token has expired")),
        (format!("Bearer {}", but("exp", Value::Null)), Some("the token has no expiry (`exp`)")),
        (format!("Bearer {}", but("nbf", json!(now().timestamp() + 60))), Some("the token is not valid yet")),
        (format!("Bearer {}", but("iss", json!("x"))), Some("the token is from an issuer that is not accepted here")),
        (format!("Bearer {}", but("aud", json!("x"))), Some("the token is for another audience")),
        (format!("Bearer {}", but("sub", Value::Null)), Some("the token names nobody (`sub`)")),
    ];
    for (authorization, expected) in cases {
        let response = gateway.send(post().header("authorization", &authorization), "/graphql", BADGE).await;
        let Some(expected) = expected else {
            assert_eq!(response.status(), StatusCode::OK, "{}", response.body());
            continue;
        };
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{authorization}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(code(response.body()), "UNAUTHENTICATED");
        let body: Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!(body["errors"][0]["message"], expected, "{authorization}");
    }
}

#[tokio::test]
async fn key_sets_verify_rsa_elliptic_and_edwards_signatures() {
    let keys = [
        ("rsa", Algorithm::RS256, EncodingKey::from_rsa_der(include_bytes!("../keys/rsa.der"))),
        ("es", Algorithm::ES256, EncodingKey::from_ec_der(include_bytes!("../keys/es256.der"))),
        ("ed", Algorithm::EdDSA, EncodingKey::from_ed_der(include_bytes!("../keys/ed25519.der"))),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    write_set(&file, &keys[..2]);
    let config = JwtConfig { jwks_file: Some(file.clone()), jwks_refresh_s: 1, ..JwtConfig::default() };
    let authenticator = Authenticator::new(&config, Arc::new(ManualClock::starting_at(now())));
    let bearer = |id: &str, algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = Some(id.to_owned());
        format!("Bearer {}", jsonwebtoken::encode(&header, &claims(), key).unwrap())
    };
    for (id, algorithm, key) in &keys[..2] {
        let identity = authenticator.authenticate_value(&bearer(id, *algorithm, key)).await.unwrap();
        assert_eq!(identity.subject.as_deref(), Some("customer-1"), "{algorithm:?}");
    }
    let (id, algorithm, key) = &keys[2];
    let unknown = authenticator.authenticate_value(&bearer(id, *algorithm, key)).await.unwrap_err();
    assert_eq!(unknown.to_string(), "the token is signed with a key that is not known here");
    // The set rotates; an unknown key id makes it be read again, but not for every forged token.
    write_set(&file, &keys[2..]);
    assert!(authenticator.authenticate_value(&bearer(id, *algorithm, key)).await.is_err());
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert!(authenticator.authenticate_value(&bearer(id, *algorithm, key)).await.is_ok());
    // A secret is no public key: HS256 over a public key of the set must not pass.
    let confused = token(&claims());
    assert!(authenticator.authenticate_value(&format!("Bearer {confused}")).await.is_err());
}

fn write_set(file: &std::path::Path, keys: &[(&str, Algorithm, EncodingKey)]) {
    let keys = keys.iter().map(|(id, algorithm, key)| {
        let mut jwk = Jwk::from_encoding_key(key, *algorithm).unwrap();
        jwk.common.key_id = Some((*id).to_owned());
        serde_json::to_value(jwk).unwrap()
    });
    std::fs::write(file, json!({ "keys": keys.collect::<Vec<_>>() }).to_string()).unwrap();
}

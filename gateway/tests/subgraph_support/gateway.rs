//! A gateway on a real port over subgraphs on real ports.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use selvedge_gateway::{
    config::{Config, DEVELOPMENT_JWT_SECRET},
    schema::{ServedSchema, SubgraphSdl, compose},
    server::Gateway,
    subgraph::{SubgraphTransports, http_transports},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Subgraph;

const FIRST: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { me: String cookie: String }
    type Mutation { write: String }
"#;
const SECOND: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { other: String }
"#;

/// A gateway over `first` (`me`, `cookie`, `write`) and `second` (`other`).
pub struct TestGateway {
    /// Where it listens.
    pub address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl TestGateway {
    /// With `config` as YAML over the development mode.
    pub async fn start(config: Value, urls: [String; 2]) -> Self {
        let mut whole = json!({ "mode": "development" });
        whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        let config: Config = selvedge_gateway::config::load(&whole.to_string(), &Default::default()).unwrap();
        let [first, second] = urls;
        let subgraph = |name: &str, url: &str, sdl: &str| SubgraphSdl {
            name: name.to_owned(),
            url: url.to_owned(),
            sdl: sdl.to_owned(),
        };
        let supergraph = compose(&[subgraph("first", &first, FIRST), subgraph("second", &second, SECOND)]).unwrap();
        let schema = Arc::new(ServedSchema::from_supergraph_sdl(&supergraph).unwrap());
        let transports =
            http_transports(schema.subgraphs(), &config.subgraphs, &SubgraphTransports::default()).unwrap();
        let gateway = Gateway::builder(config, schema, transports).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { gateway.serve(listener, CancellationToken::new()).await });
        Self { address, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Posts `query` with `headers`.
    pub async fn post(&self, query: &str, headers: &[(&str, &str)]) -> Response<String> {
        let mut request = Request::post(format!("http://{}/graphql", self.address))
            .header("content-type", "application/json")
            .header("accept", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = json!({ "query": query }).to_string();
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The `data` and `errors` of `query`.
    pub async fn query(&self, query: &str, headers: &[(&str, &str)]) -> Value {
        serde_json::from_str(self.post(query, headers).await.body()).unwrap()
    }
}

/// A subgraph for this gateway, served.
pub async fn serve(subgraph: &Subgraph) -> String {
    format!("http://{}/graphql", subgraph.listen().await)
}

/// An `authorization` header of `subject`.
pub fn bearer(subject: &str) -> String {
    let claims = json!({ "sub": subject, "exp": 4_000_000_000_i64, "scope": "" });
    let key = jsonwebtoken::EncodingKey::from_secret(DEVELOPMENT_JWT_SECRET.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    format!("Bearer {}", jsonwebtoken::encode(&header, &claims, &key).unwrap())
}

/// The subject of the identity that the gateway signed.
pub fn subject_of(headers: &HeaderMap) -> Option<String> {
    let token = headers["x-selvedge-identity"].to_str().unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sub"].as_str().map(str::to_owned)
}

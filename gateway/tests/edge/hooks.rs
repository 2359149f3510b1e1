//! An installation's own code: hooks between the stages, layers around subgraphs and around HTTP.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use selvedge_gateway::{
    error::GraphqlResponse,
    hooks::{Hooks, Refusal, RequestHead, async_trait},
    plan::PreparedOperation,
    request::GraphqlRequest,
    server::{Gateway, GatewayBuilder},
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphService, SubgraphTransports, TransportError},
    subscribe::Caller,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service, ServiceExt};

use crate::edge_support::{config, post, schema, socket::Socket};

const TENANT: HeaderName = HeaderName::from_static("x-tenant");

/// Notes each stage; refuses at the one that a request asks to be refused at.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn note(&self, stage: &str, caller: &Caller) -> Result<(), Refusal> {
        self.0.lock().unwrap().push(stage.to_owned());
        let head = caller.extensions.get::<Arc<RequestHead>>().expect("the head is there");
        if head.headers.get("x-refuse").is_some_and(|wanted| wanted == stage) {
            return Err(Refusal::new(StatusCode::IM_A_TEAPOT, "NOT_HERE", format!("refused at {stage}")));
        }
        Ok(())
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Hooks for Recorder {
    async fn on_identity(&self, caller: &mut Caller) -> Result<(), Refusal> {
        self.note("identity", caller)?;
        let head = Arc::clone(caller.extensions.get::<Arc<RequestHead>>().unwrap());
        if let Some(tenant) = head.headers.get(TENANT) {
            caller.tell_subgraphs(&TENANT, tenant);
        }
        Ok(())
    }

    async fn on_request(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        self.note("request", caller)?;
        if request.query == "stored" {
            request.query = "{ badge(sku: \"A\") { sku available } }".to_owned();
        }
        Ok(())
    }

    async fn on_prepared(&self, operation: &PreparedOperation, caller: &mut Caller) -> Result<(), Refusal> {
        self.note("prepared", caller)?;
        caller.extensions.insert(operation.fetch_count());
        Ok(())
    }

    async fn before_execute(&self, _: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        self.note("execute", caller)
    }

    async fn on_subgraph_request(&self, subgraph: &str, request: &mut SubgraphRequest) -> Result<(), TransportError> {
        self.0.lock().unwrap().push(format!("subgraph {subgraph}"));
        assert!(request.context.extensions.get::<usize>().is_some(), "what an earlier stage has kept is there");
        request.add_header(HeaderName::from_static("x-hook"), HeaderValue::from_static("was here"));
        Ok(())
    }

    async fn on_response(&self, response: &mut GraphqlResponse, caller: &Caller) {
        let _ = self.note("response", caller);
        response.extensions.insert("audited".to_owned(), Value::from(true));
    }
}

/// A gateway whose subgraphs answer with the headers that they got.
fn gateway(recorder: &Recorder, more: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Gateway {
    let answer = |request: SubgraphRequest| async move {
        let headers = request.headers();
        let text = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
        let sku = format!("{}/{}", text("x-tenant"), text("x-hook"));
        let badge = json!({ "__typename": "Badge", "sku": sku, "available": 7 });
        let body = json!({ "data": { "badge": badge, "adjust": badge } });
        Ok::<_, TransportError>(SubgraphResponse::complete(Bytes::from(body.to_string())))
    };
    let transports = ["stock", "titles"]
        .into_iter()
        .fold(SubgraphTransports::default(), |transports, name| transports.with(name, tower::service_fn(answer)));
    let mut config = config();
    config.limits.max_batch_operations = 5;
    more(Gateway::builder(config, schema(), transports).hooks(recorder.clone())).build().unwrap()
}

async fn send(gateway: &Gateway, request: Request<String>) -> (StatusCode, Value) {
    let response = gateway.router().oneshot(request.map(Body::from)).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn asking() -> http::request::Builder {
    post().uri("/graphql")
}

fn body(query: &str) -> String {
    json!({ "query": query }).to_string()
}

const ALL: [&str; 6] = ["identity", "request", "prepared", "execute", "subgraph stock", "response"];

#[tokio::test]
async fn every_stage_is_told_in_order_and_may_change_what_follows() {
    let recorder = Recorder::default();
    let gateway = gateway(&recorder, |builder| builder);
    let request = asking().header(TENANT, "north").body(body("stored")).unwrap();
    let (status, answer) = send(&gateway, request).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["data"]["badge"], json!({ "sku": "north/was here", "available": 7 }));
    assert_eq!(answer["extensions"]["audited"], true);
    assert_eq!(recorder.taken(), ALL);
}

#[tokio::test]
async fn each_stage_may_refuse_with_a_status_and_a_code() {
    let recorder = Recorder::default();
    let gateway = gateway(&recorder, |builder| builder);
    for (stage, stages) in [("identity", 1), ("request", 2), ("prepared", 3), ("execute", 4)] {
        let request = asking().header("x-refuse", stage).body(body("{ badge(sku: \"A\") { sku } }")).unwrap();
        let (status, answer) = send(&gateway, request).await;
        assert_eq!(status, StatusCode::IM_A_TEAPOT, "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_HERE");
        assert_eq!(answer["errors"][0]["message"], format!("refused at {stage}"));
        let mut expected: Vec<_> = ALL[..stages].to_vec();
        if stage != "identity" {
            expected.push("response");
        }
        assert_eq!(recorder.taken(), expected);
    }
}

#[tokio::test]
async fn operations_of_an_array_and_invalid_ones_pass_by_as_well() {
    let recorder = Recorder::default();
    let gateway = gateway(&recorder, |builder| builder);
    let two = json!([{ "query": "{ badge(sku: \"A\") { sku } }" }, { "query": "{ nothing }" }]).to_string();
    let (_, answer) = send(&gateway, asking().body(two).unwrap()).await;
    assert_eq!(answer[0]["data"]["badge"]["sku"], "-/was here", "{answer}");
    assert_eq!(answer[1]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    let told = recorder.taken();
    assert_eq!(told.iter().filter(|stage| *stage == "identity").count(), 1);
    assert_eq!(told.iter().filter(|stage| *stage == "response").count(), 2);
}

#[tokio::test]
async fn operations_on_a_websocket_pass_by_as_well() {
    let recorder = Recorder::default();
    let gateway = gateway(&recorder, |builder| builder);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let _stop = shutdown.clone().drop_guard();
    tokio::spawn(async move { gateway.serve(listener, shutdown).await });
    let mut socket = Socket::ready(address).await;
    socket.subscribe("1", "{ badge(sku: \"A\") { sku } }").await;
    let next = socket.receive().await;
    assert_eq!(next["payload"]["data"]["badge"]["sku"], "-/was here", "{next}");
    assert_eq!(next["payload"]["extensions"]["audited"], true);
    assert_eq!(recorder.taken(), ALL);
}

/// A layer that counts, and adds a header.
#[derive(Clone)]
struct Count {
    name: String,
    counted: Arc<Mutex<Vec<String>>>,
}

impl<S> Layer<S> for Count {
    type Service = Counting<S>;

    fn layer(&self, inner: S) -> Counting<S> {
        Counting { count: self.clone(), inner }
    }
}

#[derive(Clone)]
struct Counting<S> {
    count: Count,
    inner: S,
}

impl<S: Service<SubgraphRequest>> Service<SubgraphRequest> for Counting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> S::Future {
        assert!(request.headers().get("x-hook").is_some(), "hooks come before layers");
        self.count.counted.lock().unwrap().push(self.count.name.clone());
        self.inner.call(request)
    }
}

#[tokio::test]
async fn layers_stand_around_subgraphs_and_http_once_whatever_the_schema_becomes() {
    let counted = Arc::new(Mutex::new(Vec::new()));
    let (of_subgraphs, recorder) = (Arc::clone(&counted), Recorder::default());
    let gateway = gateway(&recorder, |builder| {
        builder
            .subgraph_layer(move |name| Count { name: name.to_owned(), counted: Arc::clone(&of_subgraphs) })
            .http_layer(axum::middleware::map_response(|mut response: axum::response::Response| async move {
                response.headers_mut().insert("x-layer", HeaderValue::from_static("around"));
                response
            }))
    });
    for _ in 0..3 {
        gateway.replace_schema(schema()).await;
    }
    let request = asking().body(body("{ badge(sku: \"A\") { sku } }")).unwrap();
    let response = gateway.router().oneshot(request.map(Body::from)).await.unwrap();
    assert_eq!(response.headers()["x-layer"], "around");
    assert_eq!(*counted.lock().unwrap(), ["stock"]);
    let missing = gateway.router().oneshot(Request::get("/nowhere").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(
        (missing.status(), &missing.headers()["x-layer"]),
        (StatusCode::NOT_FOUND, &HeaderValue::from_static("around"))
    );
}

#[tokio::test]
async fn callers_who_are_told_apart_share_no_answer() {
    let recorder = Recorder::default();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let slow = move |request: SubgraphRequest| {
        noted.lock().unwrap().push(request.headers()["x-tenant"].to_str().unwrap().to_owned());
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let tenant = request.headers()["x-tenant"].to_str().unwrap().to_owned();
            let badge = json!({ "__typename": "Badge", "sku": tenant, "available": 7 });
            let body = json!({ "data": { "badge": badge } }).to_string();
            Ok::<_, TransportError>(SubgraphResponse::complete(Bytes::from(body)))
        }
        .boxed()
    };
    let mut config = config();
    config.traffic.deduplicate_requests = true;
    let transports = SubgraphTransports::default().with("stock", tower::service_fn(slow));
    let gateway = Gateway::builder(config, schema(), transports).hooks(recorder).build().unwrap();
    let ask = |tenant: &'static str| {
        let request = asking().header(TENANT, tenant).body(body("{ badge(sku: \"A\") { sku } }")).unwrap();
        let gateway = gateway.clone();
        async move { send(&gateway, request).await.1["data"]["badge"]["sku"].clone() }
    };
    let answers = futures::future::join_all([ask("north"), ask("south"), ask("north")]).await;
    assert_eq!(answers, ["north", "south", "north"]);
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    assert_eq!(asked, ["north", "south"], "equal requests of one tenant still share theirs");
}

#[test]
fn a_subgraph_service_is_a_tower_service() {
    fn takes(_: impl Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>) {}
    let transports = SubgraphTransports::default().with(
        "a",
        tower::service_fn(|_: SubgraphRequest| async {
            Ok::<_, TransportError>(SubgraphResponse::complete(Bytes::new()))
        }),
    );
    takes(SubgraphService(transports.get("a").unwrap().clone()));
}

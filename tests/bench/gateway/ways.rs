//! The ways to the page: one query to the gateway, or four requests to subgraphs.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use selvedge_kit::{
    clock::SystemClock,
    identity::{IDENTITY_HEADER, Identity, IdentitySigner},
};
use serde_json::{Value, json};

use super::servers::IDENTITY_SECRET;

/// A way to get the page.
pub(crate) trait Way {
    /// One shopper's connections.
    type Shopper: Send + 'static;

    async fn shopper(&self) -> Self::Shopper;

    /// Gets one page; panics when it is not whole.
    fn ask(shopper: &mut Self::Shopper) -> impl Future<Output = Value> + Send;

    /// The data of one page.
    async fn page(&self) -> Value {
        Self::ask(&mut self.shopper().await).await
    }
}

/// One kept connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    identity: Option<String>,
}

impl Connection {
    async fn open(address: SocketAddr, identity: Option<String>) -> Self {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let (sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        Self { sender, address, identity }
    }

    /// The bytes of the answer to `body`.
    async fn send(&mut self, body: Bytes) -> Bytes {
        let mut request = http::Request::post("/graphql")
            .header("host", self.address.to_string())
            .header("content-type", "application/json");
        if let Some(identity) = &self.identity {
            request = request.header(IDENTITY_HEADER, identity);
        }
        self.sender.ready().await.unwrap();
        let response = self.sender.send_request(request.body(Full::new(body)).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap().to_bytes()
    }

    async fn query(&mut self, query: &str, variables: Value) -> Value {
        data(&self.send(json!({ "query": query, "variables": variables }).to_string().into()).await)
    }
}

fn data(answer: &[u8]) -> Value {
    let mut answer: Value = serde_json::from_slice(answer).unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].take()
}

/// One query to the gateway.
pub(crate) struct Gateway {
    address: SocketAddr,
    body: Bytes,
}

impl Gateway {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let query = include_str!("../../../frontend-contract/operations/playground/ThreeSubgraphs.graphql");
        Self { address, body: json!({ "query": query, "variables": { "first": 20 } }).to_string().into() }
    }
}

impl Way for Gateway {
    type Shopper = (Connection, Bytes);

    async fn shopper(&self) -> Self::Shopper {
        (Connection::open(self.address, None).await, self.body.clone())
    }

    /// The answer is read as the naive way has to read its answers, so that the client's work is the same.
    async fn ask((connection, body): &mut Self::Shopper) -> Value {
        data(&connection.send(body.clone()).await)
    }
}

/// Four requests to three subgraphs, one after the other, put together by the client.
pub(crate) struct Naive {
    subgraphs: [SocketAddr; 3],
}

impl Naive {
    /// Inventory, preferences, recommendation.
    pub(crate) const fn new(subgraphs: [SocketAddr; 3]) -> Self {
        Self { subgraphs }
    }
}

impl Way for Naive {
    type Shopper = [Connection; 3];

    async fn shopper(&self) -> Self::Shopper {
        let signer = IdentitySigner::new(IDENTITY_SECRET.as_bytes(), Arc::new(SystemClock)).unwrap();
        let anonymous = Identity { correlation_id: "bench".to_owned(), ..Identity::default() };
        let identity = signer.sign(&anonymous).unwrap();
        let [inventory, preferences, recommendation] = self.subgraphs;
        [
            Connection::open(inventory, Some(identity.clone())).await,
            Connection::open(preferences, Some(identity.clone())).await,
            Connection::open(recommendation, Some(identity)).await,
        ]
    }

    async fn ask([inventory, preferences, recommendation]: &mut Self::Shopper) -> Value {
        let list = "query($first: Int!) { products(first: $first) { totalCount
            nodes { id title vendor totalAvailable } } }";
        let mut page = inventory.query(list, json!({ "first": 20 })).await;
        let products = page["products"]["nodes"].as_array_mut().unwrap();
        let of_list: Vec<Value> = products.iter().map(representation).collect();

        let wished = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Product { isWishlisted } } }";
        let wished = preferences.query(wished, json!({ "of": of_list })).await;
        let similar = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Product { similar(first: 3) {
            score reason { code text } product { id } } } } }";
        let similar = recommendation.query(similar, json!({ "of": of_list })).await;

        let others = similar["_entities"].as_array().unwrap().iter();
        let others = others.flat_map(|of| of["similar"].as_array().unwrap()).map(|one| &one["product"]);
        let mut distinct: HashMap<&str, Value> = HashMap::new();
        for product in others {
            distinct.entry(product["id"].as_str().unwrap()).or_insert_with(|| representation(product));
        }
        let (ids, of_others): (Vec<&str>, Vec<Value>) = distinct.into_iter().unzip();
        let details = "query($of: [_Any!]!) { _entities(representations: $of) {
            ... on Product { title availableForSale } } }";
        let details = inventory.query(details, json!({ "of": of_others })).await;
        let details: HashMap<&str, &Value> = ids.into_iter().zip(details["_entities"].as_array().unwrap()).collect();

        for (place, product) in products.iter_mut().enumerate() {
            product.as_object_mut().unwrap().shift_remove("id");
            product["isWishlisted"] = wished["_entities"][place]["isWishlisted"].clone();
            let mut similar = similar["_entities"][place]["similar"].clone();
            for one in similar.as_array_mut().unwrap() {
                one["product"] = details[one["product"]["id"].as_str().unwrap()].clone();
            }
            product["similar"] = similar;
        }
        page
    }
}

fn representation(product: &Value) -> Value {
    json!({ "__typename": "Product", "id": product["id"] })
}

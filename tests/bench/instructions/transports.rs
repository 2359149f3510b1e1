//! The ways to the subgraphs that are compared.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use parking_lot::Mutex;
use selvedge_gateway::{
    config::{Config, SubgraphConfig},
    schema::ServedSchema,
    subgraph::{
        SubgraphRequest, SubgraphResponse, SubgraphTransport, SubgraphTransports, TransportError, build_stack,
        http_transports,
    },
};

use super::{data::Store, resolve};

/// What stands between the executor and the subgraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Answers that are there already.
    Nothing,
    /// The same, with the tower stack around them.
    Stack,
    /// The tower stack over the gateway's own HTTP/1.1.
    Own,
    /// The tower stack over hyper's client, which HTTP/2 and TLS have.
    Hyper,
}

pub(crate) fn transports(way: Way, schema: &ServedSchema, config: &Config) -> SubgraphTransports {
    if way == Way::Own {
        return http_transports(schema.subgraphs(), &config.subgraphs, &SubgraphTransports::default()).unwrap();
    }
    let recorded = Recorded::default();
    let client = Client::builder(TokioExecutor::new()).build_http();
    schema.subgraphs().fold(SubgraphTransports::default(), |transports, (name, url)| {
        let transport = match way {
            Way::Nothing => recorded.transport(None),
            Way::Stack => recorded.transport(Some(config.subgraphs.for_subgraph(name))),
            Way::Own | Way::Hyper => hyper(client.clone(), url, config.subgraphs.for_subgraph(name)),
        };
        transports.with(name, transport)
    })
}

/// Answers by request body, made the first time. A plan asks in the same order each time, so that afterwards the turn
/// alone finds the answer.
#[derive(Clone, Default)]
struct Recorded(Arc<Book>);

#[derive(Default)]
struct Book {
    by_body: Mutex<HashMap<Bytes, usize>>,
    answers: Mutex<Vec<(Bytes, Bytes)>>,
    turn: AtomicUsize,
}

impl Recorded {
    fn transport(&self, config: Option<&SubgraphConfig>) -> SubgraphTransport {
        let book = Arc::clone(&self.0);
        let service = tower::service_fn(move |request: SubgraphRequest| {
            let answer = book.answer(&request.body);
            std::future::ready(Ok::<_, TransportError>(SubgraphResponse::complete(answer)))
        });
        match config {
            Some(config) => build_stack("replay", config, service).unwrap(),
            None => service.into(),
        }
    }
}

impl Book {
    fn answer(&self, body: &Bytes) -> Bytes {
        let mut answers = self.answers.lock();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % answers.len().max(1);
        // The same length is no proof, but a plan whose requests only trade places is none that is measured here.
        if let Some((asked, answer)) = answers.get(turn)
            && asked.len() == body.len()
        {
            return answer.clone();
        }
        let known = self.by_body.lock().get(body).copied();
        let place = known.unwrap_or_else(|| {
            let request = serde_json::from_slice(body).unwrap();
            let answer = resolve::answer(&request, &Store::new()).expect("subgraphs know what they are asked for");
            answers.push((body.clone(), Bytes::from(answer.to_string())));
            self.by_body.lock().insert(body.clone(), answers.len() - 1);
            answers.len() - 1
        });
        self.turn.store(place + 1, Ordering::Relaxed);
        answers[place].1.clone()
    }
}

fn hyper(client: Client<HttpConnector, Full<Bytes>>, url: &str, config: &SubgraphConfig) -> SubgraphTransport {
    let uri: http::Uri = url.parse().unwrap();
    let service = tower::service_fn(move |request: SubgraphRequest| {
        let mut asked = http::Request::new(Full::new(request.body.clone()));
        *asked.method_mut() = http::Method::POST;
        *asked.uri_mut() = uri.clone();
        let headers = asked.headers_mut();
        *headers = request.headers().into_owned();
        headers.insert("content-type", http::HeaderValue::from_static("application/json"));
        headers.insert("accept", http::HeaderValue::from_static("application/json"));
        let asking = client.request(asked);
        async move {
            let (parts, body) = asking.await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let complete = SubgraphResponse::complete(body);
            Ok::<_, TransportError>(SubgraphResponse { status: parts.status, headers: parts.headers, ..complete })
        }
    });
    build_stack("hyper", config, service).unwrap()
}

//! Entity fetches of one operation become one request, whose answer is divided again.

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use indexmap::IndexSet;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use tower::Service;

use crate::{
    operation::OperationKind,
    subgraph::{
        SubgraphBody, SubgraphRequest, SubgraphResponse, SubgraphTransport, SubgraphTransports, TransportError,
    },
};

/// How the variables are called that hold entities' representations.
const REPRESENTATIONS: &str = "representations";

type Answer = Result<SubgraphResponse, TransportError>;

/// A fetch that waits for others like it.
struct Fetch {
    representations: Vec<String>,
    answer: oneshot::Sender<Answer>,
}

/// Fetches that differ in their representations alone.
struct Group {
    transport: SubgraphTransport,
    /// The first of them, whose context is that of all.
    request: SubgraphRequest,
    fetches: Vec<Fetch>,
}

/// Subgraph, query, the variable with the representations, and all other variables.
type GroupKey = (Arc<str>, String, String, String);

/// Collects entity fetches until they are sent; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Merger {
    groups: Arc<Mutex<BTreeMap<GroupKey, Group>>>,
}

impl Merger {
    /// `transports`, whose entity fetches are collected.
    pub(super) fn around(&self, transports: &SubgraphTransports) -> SubgraphTransports {
        let wrapped = transports.names().filter_map(|name| {
            let inner = transports.get(name)?.clone();
            Some((name.to_owned(), Merging { subgraph: name.into(), inner, merger: self.clone() }))
        });
        wrapped.fold(SubgraphTransports::default(), |all, (name, merging)| all.with(name, merging))
    }

    /// How many fetches are collected.
    pub(super) fn len(&self) -> usize {
        self.groups.lock().values().map(|group| group.fetches.len()).sum()
    }

    /// Sends what was collected.
    pub(super) fn send(&self) {
        for (_, group) in std::mem::take(&mut *self.groups.lock()) {
            tokio::spawn(ask(group));
        }
    }
}

/// One transport whose entity fetches are collected.
#[derive(Clone)]
struct Merging {
    subgraph: Arc<str>,
    inner: SubgraphTransport,
    merger: Merger,
}

#[derive(Deserialize)]
struct RequestBody<'a> {
    query: String,
    #[serde(borrow, default)]
    variables: BTreeMap<String, &'a RawValue>,
}

impl Service<SubgraphRequest> for Merging {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        let Some((key, representations)) = self.understand(&request) else { return self.inner.call(request) };
        let (answer, answered) = oneshot::channel();
        let subgraph = Arc::clone(&self.subgraph);
        let mut groups = self.merger.groups.lock();
        let group =
            groups.entry(key).or_insert_with(|| Group { transport: self.inner.clone(), request, fetches: Vec::new() });
        group.fetches.push(Fetch { representations, answer });
        drop(groups);
        async move {
            answered.await.unwrap_or_else(|_| {
                let reason = "the request was given up".to_owned();
                Err(TransportError::Interrupted { subgraph: subgraph.to_string(), reason })
            })
        }
        .boxed()
    }
}

impl Merging {
    /// What an entity fetch can be merged by.
    fn understand(&self, request: &SubgraphRequest) -> Option<(GroupKey, Vec<String>)> {
        if request.kind != OperationKind::Query {
            return None;
        }
        let RequestBody { query, mut variables } = serde_json::from_slice(&request.body).ok()?;
        let mut names = variables.keys().filter(|name| name.starts_with(REPRESENTATIONS));
        let (Some(name), None) = (names.next().cloned(), names.next()) else { return None };
        let list: Vec<&RawValue> = serde_json::from_str(variables.remove(&name)?.get()).ok()?;
        let others = serde_json::to_string(&variables).ok()?;
        let representations = list.into_iter().map(|item| item.get().to_owned()).collect();
        Some(((Arc::clone(&self.subgraph), query, name, others), representations))
    }
}

#[derive(Serialize)]
struct MergedBody<'a> {
    query: &'a str,
    variables: BTreeMap<String, Box<RawValue>>,
}

/// Asks for all entities of a group, each once, and gives each fetch its own.
async fn ask(mut group: Group) {
    let mut all: IndexSet<String> = IndexSet::new();
    let mut own: Vec<Vec<usize>> = Vec::with_capacity(group.fetches.len());
    for fetch in &mut group.fetches {
        let representations = std::mem::take(&mut fetch.representations);
        own.push(representations.into_iter().map(|text| all.insert_full(text).0).collect());
    }
    if let Some(body) = merged_body(&group.request, &all) {
        group.request.body = body;
    }
    let answer = group.transport.call(group.request).await;
    let shared = match answer {
        Ok(SubgraphResponse { status, headers, body: SubgraphBody::Complete(bytes) }) => Ok((status, headers, bytes)),
        Ok(SubgraphResponse { body: SubgraphBody::Stream(_), .. }) => Err(None),
        Err(error) => Err(Some(error)),
    };
    for (fetch, indexes) in group.fetches.into_iter().zip(own) {
        let answer = match &shared {
            Ok((status, headers, bytes)) => {
                let body = divide(bytes, all.len(), &indexes).unwrap_or_else(|| bytes.clone());
                let body = SubgraphBody::Complete(body);
                Ok(SubgraphResponse { status: *status, headers: headers.clone(), body })
            }
            Err(Some(error)) => Err(error.clone()),
            Err(None) => continue,
        };
        // Whoever has left needs no answer.
        let _ = fetch.answer.send(answer);
    }
}

fn merged_body(request: &SubgraphRequest, all: &IndexSet<String>) -> Option<Bytes> {
    let RequestBody { query, variables } = serde_json::from_slice(&request.body).ok()?;
    let list = format!("[{}]", all.iter().map(String::as_str).collect::<Vec<_>>().join(","));
    let mut merged = BTreeMap::new();
    for (name, value) in variables {
        let value = if name.starts_with(REPRESENTATIONS) {
            RawValue::from_string(list.clone()).ok()?
        } else {
            value.to_owned()
        };
        merged.insert(name, value);
    }
    serde_json::to_vec(&MergedBody { query: &query, variables: merged }).ok().map(Bytes::from)
}

#[derive(Deserialize)]
struct AnswerBody<'a> {
    #[serde(borrow)]
    data: Option<BTreeMap<String, &'a RawValue>>,
    #[serde(default)]
    errors: Option<Vec<serde_json::Value>>,
}

#[derive(Serialize)]
struct DividedBody<'a> {
    data: BTreeMap<String, Vec<&'a RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<serde_json::Value>,
}

/// The part of an answer that is about the entities of these places; `None` when it must be given as it is.
fn divide(answer: &[u8], count: usize, indexes: &[usize]) -> Option<Bytes> {
    let AnswerBody { data, errors } = serde_json::from_slice(answer).ok()?;
    let mut own = BTreeMap::new();
    for (name, value) in data? {
        let list: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        if list.len() != count {
            return None;
        }
        own.insert(name, indexes.iter().map(|&index| list.get(index).copied()).collect::<Option<Vec<_>>>()?);
    }
    let errors = errors.into_iter().flatten().flat_map(|error| of_places(error, indexes)).collect();
    serde_json::to_vec(&DividedBody { data: own, errors }).ok().map(Bytes::from)
}

/// An error at each place that it has among these; one without a place is everybody's.
fn of_places(error: serde_json::Value, indexes: &[usize]) -> Vec<serde_json::Value> {
    let place = error.get("path").and_then(|path| path.get(1)).and_then(serde_json::Value::as_u64);
    let Some(place) = place else { return vec![error] };
    let at = indexes.iter().enumerate().filter(|(_, index)| **index as u64 == place);
    at.map(|(own, _)| {
        let mut moved = error.clone();
        if let Some(step) = moved.get_mut("path").and_then(|path| path.get_mut(1)) {
            *step = own.into();
        }
        moved
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn each_gets_its_own_entities_and_errors() {
        let answer = json!({
            "data": {"_entities": [{"a": 0}, {"a": 1}, null]},
            "errors": [{"message": "x", "path": ["_entities", 2, "a"]}, {"message": "all"}],
        });
        let answer = answer.to_string();
        let part = |indexes: &[usize]| -> Value {
            serde_json::from_slice(&divide(answer.as_bytes(), 3, indexes).unwrap()).unwrap()
        };
        assert_eq!(part(&[1, 0])["data"]["_entities"], json!([{"a": 1}, {"a": 0}]));
        assert_eq!(part(&[1])["errors"], json!([{"message": "all"}]));
        assert_eq!(part(&[1, 2])["errors"][0]["path"], json!(["_entities", 1, "a"]));
        assert!(divide(answer.as_bytes(), 4, &[0]).is_none() && divide(b"{\"data\":null}", 1, &[0]).is_none());
    }
}

//! Errors of subgraphs, at the paths of the client's response.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    entities::{Gathered, Position},
    position::error_path,
};
use crate::{
    error::{GraphqlError, PathSegment, code},
    plan::{Batch, Fetch, Path, Target},
    subgraph::TransportError,
    value::{KeyId, Keys, Object, Shapes},
};

/// At how many positions one error of a subgraph is repeated; a list of a thousand needs no thousand errors.
const MAX_POSITIONS: usize = 50;

/// One error as a subgraph sends it.
#[derive(Deserialize)]
struct SubgraphError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Option<Vec<Value>>,
    #[serde(default)]
    extensions: Option<Map<String, Value>>,
}

/// Where the answer of a fetch belongs in the response.
pub(super) struct Places<'a> {
    pub(super) root: &'a Object,
    pub(super) keys: &'a Keys,
    pub(super) shapes: &'a Shapes,
    pub(super) fetch: &'a Fetch,
    /// For entity fetches, one for each batch.
    pub(super) gathered: &'a [Gathered],
    /// For fetches at a path, the list indices of each object.
    pub(super) at: &'a [Vec<u32>],
}

impl Places<'_> {
    /// The errors that a subgraph sent, as raw JSON, for the client.
    pub(super) fn of_subgraph(&self, raw: &[u8]) -> Vec<GraphqlError> {
        let Ok(errors) = serde_json::from_slice::<Vec<SubgraphError>>(raw) else {
            return self.failure("SUBGRAPH_INVALID_RESPONSE", "answered with errors that are not GraphQL");
        };
        let mut mapped = Vec::new();
        for error in errors {
            let mut extensions = error.extensions.unwrap_or_default();
            extensions.entry("code").or_insert_with(|| "DOWNSTREAM_SERVICE_ERROR".into());
            extensions.insert("serviceName".to_owned(), self.fetch.subgraph.as_str().into());
            let message = if error.message.is_empty() { "unknown error".to_owned() } else { error.message };
            for path in self.paths(error.path.as_deref()) {
                mapped.push(GraphqlError {
                    message: message.clone(),
                    locations: Vec::new(),
                    path,
                    extensions: extensions.clone(),
                });
            }
        }
        mapped
    }

    /// A fetch that gave no usable answer.
    pub(super) fn of_transport(&self, error: &TransportError) -> Vec<GraphqlError> {
        tracing::warn!(subgraph = %self.fetch.subgraph, reason = error.reason(), "{error}");
        let failed = GraphqlError::new(code::SUBGRAPH_REQUEST_FAILED, error.to_string())
            .with_extension("reason", error.code())
            .with_extension("serviceName", self.fetch.subgraph.as_str());
        self.at_its_place(&failed)
    }

    /// A fetch whose answer fits no GraphQL response to it.
    pub(super) fn failure(&self, reason: &str, what: &str) -> Vec<GraphqlError> {
        let message = format!("subgraph `{}` {what}", self.fetch.subgraph);
        tracing::warn!(subgraph = %self.fetch.subgraph, reason, "{message}");
        let failed = GraphqlError::new(code::SUBGRAPH_REQUEST_FAILED, message)
            .with_extension("reason", reason)
            .with_extension("serviceName", self.fetch.subgraph.as_str());
        self.at_its_place(&failed)
    }

    /// One error for each root field of a root fetch, one for all entities of an entity fetch.
    fn at_its_place(&self, error: &GraphqlError) -> Vec<GraphqlError> {
        if matches!(self.fetch.target, Target::Root) {
            let entries = self.shapes.get(self.fetch.shape).map_or(&[][..], |shape| &shape.entries);
            let keys = entries.iter().map(|entry| entry.key).filter(|&key| key != KeyId::TYPENAME);
            return keys.map(|key| error.clone().with_path(vec![self.keys.name(key).into()])).collect();
        }
        vec![GraphqlError { path: self.common_path(), ..error.clone() }]
    }

    fn paths(&self, theirs: Option<&[Value]>) -> Vec<Option<Vec<PathSegment>>> {
        let Some(theirs) = theirs else { return vec![self.common_path()] };
        match &self.fetch.target {
            Target::Root => vec![Some(theirs.iter().filter_map(|value| self.segment(value)).collect())],
            Target::At(path) => {
                let rest: Vec<PathSegment> = theirs.iter().filter_map(|value| self.segment(value)).collect();
                let to_path = |indices: &Vec<u32>| {
                    let mut whole = error_path(self.root, path, indices, self.keys);
                    whole.extend(rest.iter().cloned());
                    Some(whole)
                };
                self.at.iter().take(MAX_POSITIONS).map(to_path).collect()
            }
            Target::Entities(batches) => {
                let paths = self.entity_paths(batches, theirs);
                if paths.is_empty() { vec![self.common_path()] } else { paths }
            }
        }
    }

    fn entity_paths(&self, batches: &[Batch], theirs: &[Value]) -> Vec<Option<Vec<PathSegment>>> {
        let [Value::String(output), Value::Number(index), rest @ ..] = theirs else { return Vec::new() };
        let index = index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
        let mut batches = batches.iter().zip(self.gathered);
        let found = batches.find(|(batch, _)| batch.outputs.iter().any(|(_, wire)| **wire == **output));
        let Some((batch, gathered)) = found else { return Vec::new() };
        let to_path = |position: Position| {
            let path = batch.paths.get(position.path)?;
            let mut whole = error_path(self.root, path, gathered.indices(position), self.keys);
            whole.extend(rest.iter().filter_map(|value| self.segment(value)));
            Some(whole)
        };
        gathered.positions_of(index).take(MAX_POSITIONS).map(to_path).collect()
    }

    /// The longest path that leads to all entities of the fetch; `None` for the root.
    fn common_path(&self) -> Option<Vec<PathSegment>> {
        let all: Vec<(&Path, &[u32])> = match &self.fetch.target {
            Target::Root => return None,
            Target::At(path) => self.at.iter().map(|indices| (path, indices.as_slice())).collect(),
            Target::Entities(batches) => batches
                .iter()
                .zip(self.gathered)
                .flat_map(|(batch, gathered)| {
                    gathered
                        .positions
                        .iter()
                        .filter_map(|&position| Some((batch.paths.get(position.path)?, gathered.indices(position))))
                })
                .collect(),
        };
        let mut all = all.into_iter().map(|(path, indices)| error_path(self.root, path, indices, self.keys));
        let mut common = all.next()?;
        for path in all {
            let shared = common.iter().zip(&path).take_while(|(ours, theirs)| ours == theirs).count();
            common.truncate(shared);
        }
        Some(common).filter(|path| !path.is_empty())
    }

    fn segment(&self, value: &Value) -> Option<PathSegment> {
        match value {
            Value::String(key) => Some(PathSegment::Key(self.keys.client_name(key).to_owned())),
            Value::Number(index) => Some(PathSegment::Index(usize::try_from(index.as_u64()?).ok()?)),
            _ => None,
        }
    }
}

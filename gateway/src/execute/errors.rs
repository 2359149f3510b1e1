//! Errors of subgraphs, at the paths of the client's response.

use ahash::AHashSet;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    entities::Representations,
    position::{Grown, narrow, places},
};
use crate::{
    error::{GraphqlError, PathSegment, code},
    plan::{Batch, Fetch, Target},
    subgraph::TransportError,
    value::{KeyId, Keys, Object, Shapes},
};

/// At how many positions one error of a subgraph is repeated; a list of a thousand needs no thousand errors.
const MAX_POSITIONS: usize = 50;

/// One error as a subgraph sends it.
#[derive(Deserialize)]
struct SubgraphError {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    path: Option<Vec<Value>>,
    #[serde(default)]
    extensions: Option<Map<String, Value>>,
}

/// Where the answer of a fetch belongs in the response.
pub(super) struct Places<'a> {
    pub(super) grown: Grown<'a>,
    pub(super) keys: &'a Keys,
    pub(super) shapes: &'a Shapes,
    pub(super) fetch: &'a Fetch,
    /// For entity fetches, one for each batch.
    pub(super) gathered: &'a [Representations],
    /// For fetches at a path, the objects there.
    pub(super) at: &'a [Object],
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
            extensions.insert("serviceName".to_owned(), (*self.fetch.subgraph).into());
            let message = error.message.unwrap_or_else(|| "unknown error".to_owned());
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
            .with_extension("serviceName", &*self.fetch.subgraph);
        self.at_its_place(&failed)
    }

    /// A fetch whose answer fits no GraphQL response to it.
    pub(super) fn failure(&self, reason: &str, what: &str) -> Vec<GraphqlError> {
        let message = format!("subgraph `{}` {what}", self.fetch.subgraph);
        tracing::warn!(subgraph = %self.fetch.subgraph, reason, "{message}");
        let failed = GraphqlError::new(code::SUBGRAPH_REQUEST_FAILED, message)
            .with_extension("reason", reason)
            .with_extension("serviceName", &*self.fetch.subgraph);
        self.at_its_place(&failed)
    }

    /// One error for each root field of a root fetch, one for all entities of an entity fetch.
    fn at_its_place(&self, error: &GraphqlError) -> Vec<GraphqlError> {
        if matches!(self.fetch.target, Target::Root) {
            let entries = self.shapes.get(self.fetch.shape).map_or(&[][..], |shape| &shape.entries);
            let keys = entries.iter().map(|entry| entry.key).filter(|&key| key != KeyId::TYPENAME);
            return keys
                .map(|key| error.clone().with_path(vec![self.keys.client_name(self.keys.name(key)).into()]))
                .collect();
        }
        vec![GraphqlError { path: self.common_path(), ..error.clone() }]
    }

    fn paths(&self, theirs: Option<&[Value]>) -> Vec<Option<Vec<PathSegment>>> {
        let Some(theirs) = theirs else { return vec![self.common_path()] };
        let behind = |place: Vec<PathSegment>, rest: &[Value]| {
            Some(place.into_iter().chain(rest.iter().filter_map(|value| self.segment(value))).collect())
        };
        match &self.fetch.target {
            Target::Root => vec![behind(Vec::new(), theirs)],
            Target::At(way) => {
                let found = places(self.grown, (&way.path, self.keys), &self.numbers(self.at.iter()), MAX_POSITIONS);
                found.into_iter().map(|place| behind(place, theirs)).collect()
            }
            Target::Entities(batches) => {
                let [Value::String(output), Value::Number(index), rest @ ..] = theirs else {
                    return vec![self.common_path()];
                };
                let found = self.places_of_entity(batches, output, index.as_u64());
                let paths: Vec<_> = found.into_iter().map(|place| behind(place, rest)).collect();
                if paths.is_empty() { vec![self.common_path()] } else { paths }
            }
        }
    }

    /// Where the entities stand that have a representation.
    fn places_of_entity(&self, batches: &[Batch], output: &str, index: Option<u64>) -> Vec<Vec<PathSegment>> {
        let index = index.and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
        let mut batches = batches.iter().zip(self.gathered);
        let found = batches.find(|(batch, _)| batch.outputs.iter().any(|known| *known.wire == *output));
        let Some((batch, gathered)) = found else { return Vec::new() };
        let mut found = Vec::new();
        for (number, way) in batch.paths.iter().enumerate() {
            let entities = gathered.entities.iter().filter(|it| it.way == number && it.representation == index);
            let wanted = self.numbers(entities.map(|entity| &entity.object));
            found.extend(places(self.grown, (&way.path, self.keys), &wanted, MAX_POSITIONS - found.len()));
        }
        found
    }

    /// The longest path that leads to all entities of the fetch; `None` for the root.
    fn common_path(&self) -> Option<Vec<PathSegment>> {
        let mut common = None;
        match &self.fetch.target {
            Target::Root => return None,
            Target::At(way) => {
                narrow(self.grown, (&way.path, self.keys), &self.numbers(self.at.iter()), &mut common);
            }
            Target::Entities(batches) => {
                for (batch, gathered) in batches.iter().zip(self.gathered) {
                    for (number, way) in batch.paths.iter().enumerate() {
                        let entities = gathered.entities.iter().filter(|entity| entity.way == number);
                        let wanted = self.numbers(entities.map(|entity| &entity.object));
                        narrow(self.grown, (&way.path, self.keys), &wanted, &mut common);
                    }
                }
            }
        }
        common.filter(|path| !path.is_empty())
    }

    /// The numbers of objects, and of the copies that were made of them since.
    fn numbers<'o>(&self, objects: impl Iterator<Item = &'o Object>) -> AHashSet<u32> {
        objects.flat_map(|&object| self.grown.tree.with_copies(object)).map(Object::id).collect()
    }

    fn segment(&self, value: &Value) -> Option<PathSegment> {
        match value {
            Value::String(key) => Some(PathSegment::Key(self.keys.client_name(key).to_owned())),
            Value::Number(index) => Some(PathSegment::Index(usize::try_from(index.as_u64()?).ok()?)),
            _ => None,
        }
    }
}

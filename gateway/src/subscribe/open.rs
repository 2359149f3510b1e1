//! The streams that are open: found by what makes them the same, and moved to another schema.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    feed::{Feed, FeedPlan, Refused},
    sharing::Sharing,
    stream::SharedStream,
    upstream::{Upstream, UpstreamPlan},
};
use crate::{
    error::{GraphqlError, GraphqlResponse},
    execute::Graph,
    plan::PreparedOperation,
    subgraph::HeaderList,
};

/// What makes two subscriptions the same stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct StreamKey {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    /// With sorted keys; of a feed without the variable that holds its keys.
    pub(super) variables: String,
    /// What hooks tell subgraphs, which holds for public fields as well.
    pub(super) told: HeaderList,
    /// For whom the subgraphs answer; `None` when the answer is the same for everyone.
    pub(super) caller: Option<(Option<String>, Vec<String>, HeaderList)>,
    /// Whether events feed it.
    pub(super) is_fed: bool,
}

/// What a stream was opened with.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The document.
    pub query: String,
    /// The operation's name.
    pub operation_name: Option<String>,
    /// The client's variables; of a stream that many share, those of the first.
    pub variables: Map<String, Value>,
}

/// A stream.
#[derive(Clone)]
pub(super) enum Kind {
    Fed(Arc<Feed>),
    Upstream(Arc<Upstream>, Arc<SharedStream>),
}

struct Open {
    asked: Asked,
    key: Option<StreamKey>,
    kind: Kind,
}

/// All open streams.
#[derive(Default)]
pub(super) struct OpenStreams {
    by_number: HashMap<u64, Open>,
    by_key: HashMap<StreamKey, u64>,
    next_number: u64,
}

impl OpenStreams {
    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// How many of them a subgraph is asked for.
    pub(super) fn upstream_count(&self) -> usize {
        self.by_number.values().filter(|open| matches!(open.kind, Kind::Upstream(..))).count()
    }

    pub(super) fn find(&self, key: &StreamKey) -> Option<(u64, Kind)> {
        let number = *self.by_key.get(key)?;
        Some((number, self.by_number.get(&number)?.kind.clone()))
    }

    /// Adds a stream, in the place of one of its key that has ended.
    pub(super) fn add(&mut self, asked: Asked, key: Option<StreamKey>, kind: Kind) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        if let Some(key) = &key {
            self.by_key.insert(key.clone(), number);
        }
        self.by_number.insert(number, Open { asked, key, kind });
        number
    }

    pub(super) fn remove(&mut self, number: u64) {
        let Some(open) = self.by_number.remove(&number) else { return };
        if let Some(key) = open.key
            && self.by_key.get(&key) == Some(&number)
        {
            self.by_key.remove(&key);
        }
    }

    /// What each stream was opened with that does not run on `graph`.
    pub(super) fn asked(&self, graph: &Arc<Graph>) -> Vec<(u64, Asked)> {
        let others = self.by_number.iter().filter(|(_, open)| !open.kind.is_on(graph));
        others.map(|(number, open)| (*number, open.asked.clone())).collect()
    }

    pub(super) fn kind(&self, number: u64) -> Option<Kind> {
        self.by_number.get(&number).map(|open| open.kind.clone())
    }
}

/// What a stream goes on with.
pub(super) enum Next {
    Fed(Arc<Feed>, FeedPlan),
    Upstream(Arc<Upstream>, UpstreamPlan),
}

impl Kind {
    /// What it goes on with for the same operation; or why it cannot.
    pub(super) fn next(
        &self,
        (graph, operation): (Arc<Graph>, Arc<PreparedOperation>),
        asked: Asked,
    ) -> Result<Next, Vec<GraphqlError>> {
        match self {
            Self::Upstream(upstream, _) => {
                // A stream that many share has asked as nobody, which may not be enough any more.
                let (now, schema) = (upstream.sharing(), graph.schema());
                if Sharing::of(now.is_public(), &operation, schema) > now {
                    return Err(served_otherwise());
                }
                let plan = UpstreamPlan::new((graph, operation), asked.variables, false)?;
                Ok(Next::Upstream(Arc::clone(upstream), plan))
            }
            Self::Fed(feed) => {
                let live = graph.schema().live_fields().get(&feed.field_name()).map(Arc::clone);
                let live =
                    live.filter(|live| Sharing::of(live.is_public, &operation, graph.schema()) == feed.sharing());
                let live = live.ok_or_else(served_otherwise)?;
                match FeedPlan::read((&graph, &operation), &live, &asked.variables, false) {
                    Ok((plan, ..)) => Ok(Next::Fed(Arc::clone(feed), plan)),
                    Err(Refused::Errors(errors)) => Err(errors),
                    Err(Refused::OtherForm) => Err(served_otherwise()),
                }
            }
        }
    }

    /// Whether it runs on this graph.
    pub(super) fn is_on(&self, graph: &Arc<Graph>) -> bool {
        match self {
            Self::Fed(feed) => feed.is_on(graph),
            Self::Upstream(upstream, _) => upstream.is_on(graph),
        }
    }

    /// Ends it for everyone, after a last response.
    pub(super) fn end(&self, errors: Vec<GraphqlError>) {
        let last = GraphqlResponse::from_errors(errors).to_bytes();
        match self {
            Self::Fed(feed) => feed.end(Some(&last)),
            Self::Upstream(_, stream) => {
                stream.publish(None, &last);
                stream.end();
                stream.abandoned.cancel();
            }
        }
    }
}

fn served_otherwise() -> Vec<GraphqlError> {
    let message = "the schema has changed: this field is served in another way; subscribe again";
    vec![GraphqlError::new("SCHEMA_CHANGED", message)]
}

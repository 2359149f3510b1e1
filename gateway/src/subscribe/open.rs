//! The streams that are open: found by what makes them the same, and moved to another schema.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    feed::{Feed, FeedPlan},
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

    /// What each stream was opened with.
    pub(super) fn asked(&self) -> Vec<(u64, Asked)> {
        self.by_number.iter().map(|(number, open)| (*number, open.asked.clone())).collect()
    }

    pub(super) fn kind(&self, number: u64) -> Option<Kind> {
        self.by_number.get(&number).map(|open| open.kind.clone())
    }
}

impl Kind {
    /// Goes on with another plan for the same operation; or says why it cannot.
    pub(super) fn move_to(
        &self,
        (graph, operation): (Arc<Graph>, Arc<PreparedOperation>),
        asked: Asked,
    ) -> Result<(), Vec<GraphqlError>> {
        match self {
            Self::Upstream(upstream, _) => {
                upstream.move_to(UpstreamPlan::new((graph, operation), asked.variables, false)?);
                Ok(())
            }
            Self::Fed(feed) => {
                let no_longer = || {
                    let message = "the schema has changed: this field is fed in another way; subscribe again";
                    vec![GraphqlError::new("SCHEMA_CHANGED", message)]
                };
                let name = feed.field_name();
                let live = graph.schema().live_fields().get(&name).map(Arc::clone).ok_or_else(no_longer)?;
                match FeedPlan::read((&graph, &operation), &live, &asked.variables, false) {
                    Ok((plan, ..)) => {
                        feed.move_to(plan);
                        Ok(())
                    }
                    Err(super::feed::Refused::Errors(errors)) => Err(errors),
                    Err(super::feed::Refused::OtherForm) => Err(no_longer()),
                }
            }
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

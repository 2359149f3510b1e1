//! What a feed runs on: a plan, the variables beside the keys, and the graph.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::shape::{Keys, Shape};
use crate::{
    error::GraphqlError, execute::Graph, plan::PreparedOperation, schema::LiveField, validate::coerce_variables,
};

/// What a feed runs on.
pub(in crate::subscribe) struct FeedPlan {
    pub(super) graph: Arc<Graph>,
    pub(super) operation: Arc<PreparedOperation>,
    /// Those of the client that came first; clients of the same feed differ in the keys alone.
    pub(super) variables: Map<String, Value>,
    pub(super) subgraph: Arc<str>,
    pub(super) live: Arc<LiveField>,
    pub(super) shape: Shape,
}

/// Why a subscription cannot be fed.
pub(in crate::subscribe) enum Refused {
    /// It is of another form; its subgraph can be asked for a stream.
    OtherForm,
    /// What to tell the client.
    Errors(Vec<GraphqlError>),
}

impl FeedPlan {
    /// Whether no other subgraph adds to an event.
    pub(super) fn is_whole(&self) -> bool {
        self.operation.plan().steps.is_empty()
    }

    /// What feeds `operation`, and which keys it names, with the variable that holds them and nothing else.
    pub(in crate::subscribe) fn read(
        (graph, operation): (&Arc<Graph>, &Arc<PreparedOperation>),
        live: &Arc<LiveField>,
        variables: &Map<String, Value>,
        hints: bool,
    ) -> Result<(Self, Vec<Value>, Option<String>), Refused> {
        let Some(fetch) = &operation.plan().subscription else { return Err(Refused::OtherForm) };
        let api = (graph.schema().api(), hints);
        let coerced = coerce_variables(api, operation.variables(), variables.clone()).map_err(Refused::Errors)?;
        let shape = Shape::read(&fetch.operation, live).ok_or(Refused::OtherForm)?;
        let Keys { values, variable } = Keys::read(&fetch.operation, live, &coerced).ok_or(Refused::OtherForm)?;
        // Other subgraphs may be asked with it as well.
        let steps = &operation.plan().steps;
        let is_used =
            |name: &String| steps.iter().any(|step| step.fetch.variables.iter().any(|(used, _)| used == name));
        let variable = variable.filter(|name| !is_used(name));
        let plan = Self {
            graph: Arc::clone(graph),
            operation: Arc::clone(operation),
            variables: coerced,
            subgraph: Arc::clone(&fetch.subgraph),
            live: Arc::clone(live),
            shape,
        };
        Ok((plan, values, variable))
    }
}

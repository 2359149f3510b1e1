//! The planner of a crate, kept behind a narrow door: it may panic on input it does not expect.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use graphql_tools::static_graphql::{query, schema};
use hive_router_query_planner::{
    ast::{normalization::normalize_operation, operation::OperationDefinition},
    graph::PlannerOverrideContext,
    planner::{Planner, QueryPlannerOptions, plan_nodes::QueryPlan},
    utils::cancellation::CancellationToken,
};

/// How long one operation may be planned; the search for the best plan can grow with the number of ways to resolve it.
const MAX_PLANNING: Duration = Duration::from_secs(10);

/// Plans operations over one supergraph.
pub(crate) struct SupergraphPlanner {
    planner: Planner,
}

impl SupergraphPlanner {
    /// Builds the graph of who can resolve what.
    pub(crate) fn new(supergraph: &schema::Document) -> Result<Self, String> {
        guarded(|| {
            Planner::new_from_supergraph(supergraph, QueryPlannerOptions::default())
                .map(|planner| Self { planner })
                .map_err(|error| error.to_string())
        })
    }

    /// Reduces a valid document to one operation without fragments, duplicates and literal conditions.
    pub(crate) fn normalize(
        &self,
        document: &query::Document,
        operation_name: Option<&str>,
    ) -> Result<OperationDefinition, String> {
        guarded(|| {
            normalize_operation(&self.planner.supergraph, document, operation_name)
                .map(|normalized| normalized.operation)
                .map_err(|error| error.to_string())
        })
    }

    /// Plans a normalised operation.
    pub(crate) fn plan(&self, operation: &OperationDefinition) -> Result<QueryPlan, String> {
        guarded(|| {
            let overrides = PlannerOverrideContext::from_percentage(0.0);
            self.planner
                .plan_from_normalized_operation(operation, overrides, &CancellationToken::with_timeout(MAX_PLANNING))
                .map_err(|error| error.to_string())
        })
    }

    /// Name and URL of each subgraph.
    pub(crate) fn subgraphs(&self) -> Vec<(String, String)> {
        let state = &self.planner.supergraph;
        let url = |name: &String| state.subgraph_endpoint_map.get(name).cloned().unwrap_or_default();
        let mut subgraphs: Vec<_> = state.known_subgraphs.values().map(|name| (name.clone(), url(name))).collect();
        subgraphs.sort();
        subgraphs
    }
}

fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // The planner is not left half changed: it is only read, and what a failed construction built is dropped.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(format!("the planner panicked: {text}"))
    })
}

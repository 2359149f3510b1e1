//! Live queries: how one is answered, again and again.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value};

use super::{Pipeline, Prepared};
use crate::{
    cache::Reads,
    error::{GraphqlError, GraphqlResponse},
    execute::Graph,
    plan::LiveWishes,
    request::GraphqlRequest,
    subscribe::{AnswerQuery, Caller, LiveRequest, Place, Ticket},
    validate::coerce_variables,
};

/// A query with what it runs on.
struct Answering {
    pipeline: Pipeline,
    prepared: Prepared,
    request: GraphqlRequest,
    caller: Caller,
}

impl AnswerQuery for Answering {
    fn answer(&self) -> BoxFuture<'static, (GraphqlResponse, Reads)> {
        let (pipeline, prepared) = (self.pipeline.clone(), self.prepared.clone());
        let (request, caller) = (self.request.clone(), self.caller.clone());
        async move {
            let reads = Reads::default();
            let mut response = pipeline.run_alone(&prepared, request, (&caller, false), Some(&reads)).await;
            pipeline.0.extension.hooks.on_response(&mut response, &caller).await;
            (response, reads)
        }
        .boxed()
    }

    fn graph(&self) -> &Arc<Graph> {
        &self.prepared.graph
    }

    fn moved(&self) -> BoxFuture<'static, Result<Arc<dyn AnswerQuery>, Vec<GraphqlError>>> {
        let (pipeline, request, caller) = (self.pipeline.clone(), self.request.clone(), self.caller.clone());
        async move {
            let prepared = pipeline.prepare(&request).await?;
            pipeline.check_variables(&prepared, &request.variables)?;
            Ok(Arc::new(Self { pipeline, prepared, request, caller }) as Arc<dyn AnswerQuery>)
        }
        .boxed()
    }
}

impl Prepared {
    /// How the client wants the query kept alive; `None` for what is answered once.
    #[must_use]
    pub fn live_wishes(&self, variables: &Map<String, Value>) -> Option<LiveWishes> {
        self.known.operation.live_wishes(variables)
    }
}

impl Pipeline {
    /// How a query is to be kept alive, if it is and live queries are served.
    #[must_use]
    pub fn live_wishes(&self, prepared: &Prepared, request: &GraphqlRequest) -> Option<LiveWishes> {
        prepared.live_wishes(&request.variables).filter(|_| self.0.live_queries.is_some())
    }

    /// Joins a live query, whose answers go into `place` until the ticket is dropped.
    ///
    /// # Errors
    ///
    /// What to tell the client when it cannot be opened, or when there are too many.
    pub(super) fn keep_alive(
        &self,
        (prepared, wishes): (Prepared, LiveWishes),
        request: GraphqlRequest,
        caller: Caller,
        place: Place,
    ) -> Result<Ticket, Vec<GraphqlError>> {
        let Some(live_queries) = &self.0.live_queries else { return Err(vec![super::not_planned()]) };
        self.check_variables(&prepared, &request.variables)?;
        let graph = Arc::clone(&prepared.graph);
        let (pipeline, of_query) = (self.clone(), (request.clone(), caller.clone()));
        let answers = Answering { pipeline, prepared, request: of_query.0, caller: of_query.1 };
        let asked = LiveRequest { request, wishes, caller, answers: Arc::new(answers) };
        let ticket = live_queries.join(asked, place);
        self.follow_schema(&graph);
        ticket
    }

    /// What does not fit now never will.
    fn check_variables(&self, prepared: &Prepared, given: &Map<String, Value>) -> Result<(), Vec<GraphqlError>> {
        let api = (prepared.graph.schema().api(), self.hints());
        coerce_variables(api, prepared.known.operation.variables(), given.clone()).map(drop)
    }
}

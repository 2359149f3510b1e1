//! Subscriptions: joined to a stream of the hub, which follows the schema that is served.

use std::sync::Arc;

use super::{Pipeline, Prepared};
use crate::{
    error::GraphqlError,
    execute::Graph,
    request::GraphqlRequest,
    subscribe::{Caller, Mailbox, Place, StreamRequest, Subscription, Ticket},
};

impl Pipeline {
    /// Lets every open stream go on with what is served now.
    pub(super) async fn move_streams(&self) {
        let served = self.0.served.load_full();
        for (number, asked) in self.0.hub.asked(&served.graph) {
            let query = (asked.query.as_str(), asked.operation_name.as_deref());
            let prepared = served.prepare(query, &asked.variables, &self.0.limits).await;
            let plan = prepared.map(|known| (Arc::clone(&served.graph), Arc::clone(&known.operation)));
            self.0.hub.move_stream((number, asked), plan);
        }
        if let Some(live_queries) = &self.0.live_queries {
            live_queries.move_all(&served.graph).await;
        }
    }

    /// Joins the stream of a subscription or live query.
    ///
    /// # Errors
    ///
    /// What to tell the client when it cannot be opened, or when there are too many.
    pub fn subscribe(
        &self,
        prepared: Prepared,
        request: GraphqlRequest,
        caller: Caller,
    ) -> Result<Subscription, Vec<GraphqlError>> {
        let mailbox = Arc::<Mailbox>::default();
        let ticket = self.subscribe_into(prepared, request, caller, (Arc::clone(&mailbox), 0))?;
        Ok(Subscription::new(mailbox, ticket))
    }

    /// What was prepared before another schema was served, and joined after, is moved as well.
    pub(super) fn follow_schema(&self, graph: &Arc<Graph>) {
        if !Arc::ptr_eq(graph, &self.0.served.load().graph) {
            let pipeline = self.clone();
            tokio::spawn(async move { pipeline.move_streams().await });
        }
    }

    /// The same, whose responses go into `place` until the ticket is dropped.
    ///
    /// # Errors
    ///
    /// What to tell the client when it cannot be opened.
    pub fn subscribe_into(
        &self,
        prepared: Prepared,
        request: GraphqlRequest,
        caller: Caller,
        place: Place,
    ) -> Result<Ticket, Vec<GraphqlError>> {
        let permit = self.0.live_limits.subscribe(&caller).map_err(|reached| vec![reached.into()])?;
        if let Some(wishes) = self.live_wishes(&prepared, &request) {
            let ticket = self.keep_alive((prepared, wishes), request, caller, place)?;
            return Ok(ticket.holding(permit));
        }
        let Prepared { graph, known } = prepared;
        let operation = Arc::clone(&known.operation);
        let request = StreamRequest { graph: Arc::clone(&graph), operation, request, caller, hints: self.hints() };
        let ticket = self.0.hub.subscribe_into(request, place).map(|ticket| ticket.holding(permit));
        self.follow_schema(&graph);
        ticket
    }
}

//! Answers an operation with `@defer` in parts: the plan is cut where what is not deferred has all that it needs.

use bytes::Bytes;
use futures::{Sink, SinkExt, stream::FuturesUnordered};
use serde_json::{Map, Value as Json};

use super::{
    ExecuteContext,
    kept::ask,
    run::{Order, Run},
};
use crate::{
    deliver::{Pending, Publisher, Raised, RaisedErrors, WriteTask},
    error::{GraphqlError, GraphqlResponse},
    operation::DeferForm,
    plan::{Needs, PreparedOperation, needs},
    project::{DeferId, DeferSetId, Deferral, Parts, Projected, TaskId, owner_of, project_initial, project_task},
    schema::ServedSchema,
    validate::coerce_variables,
};

/// A part of the answer to an operation with `@defer`.
#[derive(Debug)]
pub enum AnswerPart {
    /// All of it: nothing was deferred in the end.
    Whole(GraphqlResponse),
    /// The first part, with what is to come.
    First(GraphqlResponse, Vec<Pending>),
    /// A later part, encoded.
    Next(Bytes),
}

/// Runs a query or mutation, and sends its answer in the form `form` as its parts become known. It ends with the last of
/// them, or when nobody takes them any more.
///
/// # Cancellation
///
/// Dropping the future abandons the subgraph requests under way.
pub async fn execute_in_parts(
    schema: &ServedSchema,
    operation: &PreparedOperation,
    (variables, form): (Map<String, Json>, DeferForm),
    context: &ExecuteContext<'_>,
    parts: &mut (impl Sink<AnswerPart> + Unpin),
) {
    let variables = match coerce_variables((schema.api(), context.hints), operation.variables(), variables) {
        Ok(variables) => variables,
        Err(errors) => {
            let _ = parts.send(AnswerPart::Whole(GraphqlResponse::from_errors(errors))).await;
            return;
        }
    };
    let mut deferral = Deferral::new(Parts::new(operation.projection(), variables.clone()), form);
    let needs = needs(operation, &mut deferral.parts, schema.types());
    let mut run = Run::new(schema, operation, variables);
    run.steps(context, |step| is_initial(&needs, step)).await;
    let (errors, raised) = divide(&mut run, &mut deferral);
    let projected = project_initial(run.input(), run.root, errors, &mut deferral);
    let raised = RaisedErrors::new(projected.errors.clone(), raised);
    let response = run.response(projected);
    let mut publisher = Publisher::default();
    let pending = publisher.announce(&deferral);
    let first = if publisher.has_next() { AnswerPart::First(response, pending) } else { AnswerPart::Whole(response) };
    if parts.send(first).await.is_ok() && publisher.has_next() {
        let order = Order::new(operation.plan(), |step| !is_initial(&needs, step));
        let rest = Rest { run, deferral, needs, raised, publisher, order };
        rest.send(context, parts).await;
    }
}

fn is_initial(needs: &Needs, step: usize) -> bool {
    needs.initial.get(step).copied().unwrap_or(true)
}

/// The errors so far: those of what is not deferred, and the others.
fn divide(run: &mut Run<'_>, deferral: &mut Deferral<'_>) -> (Vec<GraphqlError>, Vec<Raised>) {
    let mut initial = Vec::new();
    let mut later = Vec::new();
    for error in std::mem::take(&mut run.errors) {
        let owner = owner(run, &error, deferral);
        if owner == DeferSetId::NONE {
            initial.push(error);
        } else {
            later.push(Raised { error, owner, step: None });
        }
    }
    (initial, later)
}

fn owner(run: &Run<'_>, error: &GraphqlError, deferral: &mut Deferral<'_>) -> DeferSetId {
    owner_of(run.input(), run.root, error.path.as_deref().unwrap_or_default(), deferral)
}

/// What is left when the first part is out.
struct Rest<'a, 'p> {
    run: Run<'a>,
    deferral: Deferral<'p>,
    needs: Needs,
    raised: RaisedErrors,
    publisher: Publisher,
    order: Order,
}

impl Rest<'_, '_> {
    async fn send(mut self, context: &ExecuteContext<'_>, parts: &mut (impl Sink<AnswerPart> + Unpin)) {
        let mut under_way = FuturesUnordered::new();
        let mut is_over = false;
        loop {
            if let Some(payload) = self.payload(is_over)
                && parts.send(AnswerPart::Next(payload)).await.is_err()
            {
                return;
            }
            if is_over || !self.publisher.has_next() {
                return;
            }
            let answered = self
                .run
                .advance(&mut self.order, &mut under_way, context, |fetch, job, question| {
                    ask(fetch, job, question, context)
                })
                .await;
            is_over = answered.is_none();
            for error in std::mem::take(&mut self.run.errors) {
                let owner = owner(&self.run, &error, &mut self.deferral);
                self.raised.add(Raised { error, owner, step: answered });
            }
        }
    }

    /// What can be told now. When all fetches are done, that is everything.
    fn payload(&mut self, is_over: bool) -> Option<Bytes> {
        let (needs, order) = (&self.needs, &self.order);
        let is_ready = |defer: DeferId| {
            let steps = needs.of.get(defer.0 as usize);
            is_over || steps.into_iter().flatten().all(|&step| order.is_done(step))
        };
        let mut writer = Writer { run: &self.run, raised: &mut self.raised, needs };
        let payload = self.publisher.advance(&mut self.deferral, is_ready, &mut writer)?;
        Some(payload.to_bytes(self.deferral.form()))
    }
}

/// Writes tasks from what has come so far.
struct Writer<'w, 'a> {
    run: &'w Run<'a>,
    raised: &'w mut RaisedErrors,
    needs: &'w Needs,
}

impl<'p> WriteTask<'p> for Writer<'_, '_> {
    fn write(&mut self, task: TaskId, deferral: &mut Deferral<'p>) -> Result<Projected, Vec<GraphqlError>> {
        let needs = self.needs;
        let is_needed =
            |defer: DeferId, step: usize| needs.of.get(defer.0 as usize).is_some_and(|steps| steps.contains(&step));
        let errors = deferral.tasks().get(task.0).map(|of| self.raised.of(of, deferral, is_needed)).unwrap_or_default();
        let place = (self.run.root, task);
        let projected = project_task(self.run.input(), place, (errors, self.raised.told()), deferral)?;
        self.raised.tell(&projected.errors);
        Ok(projected)
    }

    fn settle(&mut self, failed: Option<&[GraphqlError]>) {
        self.raised.settle(failed);
    }
}

//! Runs the steps of a plan: each starts when the steps that it waits for are done.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::{Map, Value as Json};
use tokio::time::timeout_at;

use super::{
    ExecuteContext,
    entities::{Gathered, scatter},
    errors::Places,
    position::{object_at_mut, visit_objects},
    request::Body,
};
use crate::{
    error::{GraphqlError, GraphqlResponse, code},
    operation::OperationKind,
    plan::{Fetch, Plan, PreparedOperation, Target},
    project::{ProjectInput, all_hold, project},
    schema::ServedSchema,
    subgraph::{SubgraphBody, SubgraphRequest, SubgraphResponse, TransportError},
    validate::coerce_variables,
    value::{Answer, Buffers, Object, Value, read_answer},
};

/// Runs a query or mutation.
///
/// # Cancellation
///
/// Dropping the future abandons the subgraph requests under way.
pub async fn execute(
    schema: &ServedSchema,
    operation: &PreparedOperation,
    variables: Map<String, Json>,
    context: &ExecuteContext<'_>,
) -> GraphqlResponse {
    if operation.kind() == OperationKind::Subscription {
        let message = "A subscription needs a transport that streams.";
        return GraphqlResponse::from_errors(vec![GraphqlError::new(code::BAD_USER_INPUT, message)]);
    }
    let variables = match coerce_variables(schema.api(), operation.variables(), variables) {
        Ok(variables) => variables,
        Err(errors) => return GraphqlResponse::from_errors(errors),
    };
    let mut run = Run::new(schema, operation, variables);
    run.steps(context).await;
    run.finish()
}

/// One request under way.
pub(super) struct Run<'a> {
    schema: &'a ServedSchema,
    operation: &'a PreparedOperation,
    variables: Map<String, Json>,
    root: Object,
    buffers: Buffers,
    errors: Vec<GraphqlError>,
    requests: BTreeMap<&'a str, usize>,
}

/// What must be known when the answer of a step comes.
struct Job {
    step: usize,
    gathered: Vec<Gathered>,
    at: Vec<Vec<u32>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        schema: &'a ServedSchema,
        operation: &'a PreparedOperation,
        variables: Map<String, Json>,
    ) -> Self {
        Self {
            schema,
            operation,
            variables,
            root: Object::default(),
            buffers: Buffers::default(),
            errors: Vec::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Runs all steps of the plan.
    pub(super) async fn steps(&mut self, context: &ExecuteContext<'_>) {
        let plan = self.operation.plan();
        let mut order = Order::new(plan);
        let mut under_way = FuturesUnordered::new();
        loop {
            while let Some(index) = order.ready.pop() {
                match self.start(plan, index) {
                    Some((job, body)) => {
                        let Some(step) = plan.steps.get(index) else { continue };
                        *self.requests.entry(&step.fetch.subgraph).or_default() += 1;
                        under_way.push(send(&step.fetch, job, body, context));
                    }
                    None => order.done(plan, index),
                }
            }
            let Some((job, answer)) = under_way.next().await else { return };
            let index = job.step;
            if let Some(step) = plan.steps.get(index) {
                self.take(&step.fetch, &job, answer);
            }
            order.done(plan, index);
        }
    }

    /// Builds the request of a step; `None` when there is nothing to ask for.
    fn start(&self, plan: &Plan, index: usize) -> Option<(Job, Bytes)> {
        let step = plan.steps.get(index)?;
        if !all_hold(&step.when, &self.variables) {
            return None;
        }
        let types = self.schema.types();
        let mut job = Job { step: index, gathered: Vec::new(), at: Vec::new() };
        let mut body = Body::new(&step.fetch, &self.variables);
        match &step.fetch.target {
            Target::Root => {}
            Target::At(path) => {
                visit_objects(&self.root, path, types, &mut |_, indices| job.at.push(indices.to_vec()));
                if job.at.is_empty() {
                    return None;
                }
            }
            Target::Entities(batches) => {
                for batch in batches {
                    job.gathered.push(body.representations(&self.root, batch, (types, &self.buffers)));
                }
                if job.gathered.iter().all(|gathered| gathered.count == 0) {
                    return None;
                }
            }
        }
        Some((job, body.finish()))
    }

    /// Joins the answer of a step.
    fn take(&mut self, fetch: &Fetch, job: &Job, answer: Result<SubgraphResponse, TransportError>) {
        let result = match answer {
            Ok(SubgraphResponse { status, body: SubgraphBody::Complete(bytes), .. }) => {
                self.read(fetch, bytes).map_err(|reason| TransportError::NotGraphql {
                    subgraph: fetch.subgraph.clone(),
                    status: status.as_u16(),
                    reason,
                })
            }
            Ok(SubgraphResponse { status, body: SubgraphBody::Stream(_), .. }) => Err(TransportError::NotGraphql {
                subgraph: fetch.subgraph.clone(),
                status: status.as_u16(),
                reason: "a stream where one answer was expected".to_owned(),
            }),
            Err(error) => Err(error),
        };
        match result {
            Ok(answer) => self.join(fetch, job, answer),
            Err(error) => {
                let errors = self.places(fetch, &job.gathered, &job.at).of_transport(&error);
                self.errors.extend(errors);
            }
        }
    }

    fn read(&mut self, fetch: &Fetch, bytes: Bytes) -> Result<Answer, String> {
        let buffer = self.buffers.add(bytes);
        let shape = (self.operation.shapes(), fetch.shape);
        read_answer(&self.buffers, buffer, shape, self.schema.types()).map_err(|error| error.to_string())
    }

    fn join(&mut self, fetch: &Fetch, job: &Job, answer: Answer) {
        let places = self.places(fetch, &job.gathered, &job.at);
        let mut errors = answer.errors.map(|span| places.of_subgraph(self.buffers.get(span))).unwrap_or_default();
        let types = self.schema.types();
        match (&fetch.target, answer.data) {
            (Target::Root, Value::Object(data)) => self.root.merge(data, types),
            (Target::At(path), Value::Object(data)) => {
                for indices in &job.at {
                    if let Some(object) = object_at_mut(&mut self.root, path, indices) {
                        object.merge(data.clone(), types);
                    }
                }
            }
            (Target::Entities(batches), Value::Object(mut data)) => {
                for (batch, gathered) in batches.iter().zip(&job.gathered) {
                    for (key, _) in &batch.outputs {
                        match data.get_mut(*key).map(|list| std::mem::replace(list, Value::Null)) {
                            Some(Value::List(items)) if items.len() == gathered.count as usize => {
                                scatter(&mut self.root, batch, gathered, items, types);
                            }
                            _ if errors.is_empty() => {
                                let what = "did not answer with one entity for each representation";
                                errors = self
                                    .places(fetch, &job.gathered, &job.at)
                                    .failure("SUBGRAPH_INVALID_RESPONSE", what);
                            }
                            _ => {}
                        }
                    }
                }
            }
            (_, _) if errors.is_empty() => {
                let places = self.places(fetch, &job.gathered, &job.at);
                errors = places.failure("SUBGRAPH_INVALID_RESPONSE", "answered with no data and no errors");
            }
            _ => {}
        }
        self.errors.extend(errors);
    }

    fn places<'p>(&'p self, fetch: &'p Fetch, gathered: &'p [Gathered], at: &'p [Vec<u32>]) -> Places<'p> {
        let (keys, shapes) = (self.operation.keys(), self.operation.shapes());
        Places { root: &self.root, keys, shapes, fetch, gathered, at }
    }

    /// Joins one event of the upstream subscription.
    pub(super) fn take_event(&mut self, fetch: &Fetch, event: Bytes) {
        let job = Job { step: 0, gathered: Vec::new(), at: Vec::new() };
        self.take(fetch, &job, Ok(SubgraphResponse::complete(event)));
    }

    /// Projects the response.
    pub(super) fn finish(self) -> GraphqlResponse {
        let input = ProjectInput {
            schema: self.schema,
            projection: self.operation.projection(),
            root: &self.root,
            buffers: &self.buffers,
            variables: &self.variables,
        };
        let projected = project(input, self.errors);
        GraphqlResponse {
            data: Some(projected.data),
            errors: projected.errors,
            extensions: Map::new(),
            subgraph_requests: self.requests.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        }
    }
}

async fn send(
    fetch: &Fetch,
    job: Job,
    body: Bytes,
    context: &ExecuteContext<'_>,
) -> (Job, Result<SubgraphResponse, TransportError>) {
    let request = SubgraphRequest::new(fetch.kind, body, Arc::clone(&context.call));
    let started = tokio::time::Instant::now();
    let answer = timeout_at(context.deadline, context.transports.call(&fetch.subgraph, request)).await;
    let answer = answer.unwrap_or_else(|_| {
        let timeout_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Err(TransportError::Timeout { subgraph: fetch.subgraph.clone(), timeout_ms })
    });
    (job, answer)
}

/// Which steps may start.
struct Order {
    /// For each step, how many it still waits for.
    waits_for: Vec<usize>,
    ready: Vec<usize>,
}

impl Order {
    fn new(plan: &Plan) -> Self {
        let waits_for: Vec<usize> = plan.steps.iter().map(|step| step.after.len()).collect();
        // Popped from the end, so that steps start in the plan's order.
        let ready = (0..plan.steps.len()).rev().filter(|&index| waits_for.get(index) == Some(&0)).collect();
        Self { waits_for, ready }
    }

    fn done(&mut self, plan: &Plan, done: usize) {
        for (index, step) in plan.steps.iter().enumerate().rev() {
            if step.after.contains(&done)
                && let Some(waits_for) = self.waits_for.get_mut(index)
            {
                *waits_for = waits_for.saturating_sub(1);
                if *waits_for == 0 {
                    self.ready.push(index);
                }
            }
        }
    }
}

//! Runs the steps of a plan: each starts when the steps that it waits for are done.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use http::HeaderMap;
use serde_json::{Map, Value as Json};

use super::{
    ExecuteContext,
    entities::{Representations, gather, scatter},
    errors::Places,
    kept::{Question, Reply, ask, profile_of},
    position::{Grown, visit_objects},
    request::Body,
};
use crate::{
    error::{GraphqlError, GraphqlResponse, KeptCount, code},
    freshness::Freshness,
    operation::OperationKind,
    plan::{Batch, Fetch, Plan, PreparedOperation, Step, Target},
    project::{ProjectInput, Projected, project},
    schema::ServedSchema,
    subgraph::{SubgraphBody, SubgraphResponse, TransportError},
    validate::coerce_variables,
    value::{Answer, Object, Tree, Value, read_answer},
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
    let variables = match coerce_variables((schema.api(), context.hints), operation.variables(), variables) {
        Ok(variables) => variables,
        Err(errors) => return GraphqlResponse::from_errors(errors),
    };
    let mut run = Run::new(schema, operation, variables);
    run.steps(context, |_| true).await;
    run.finish()
}

/// One request under way.
pub(super) struct Run<'a> {
    pub(super) schema: &'a ServedSchema,
    pub(super) operation: &'a PreparedOperation,
    variables: Map<String, Json>,
    pub(super) tree: Tree,
    pub(super) root: Object,
    pub(super) errors: Vec<GraphqlError>,
    requests: Vec<(Arc<str>, usize)>,
    /// How long everything that was joined stays true; `None` when something does not say.
    pub(super) freshness: Option<Freshness>,
    kept: Vec<KeptCount>,
}

/// What must be known when the answer of a step comes.
#[derive(Default)]
pub(super) struct Job {
    pub(super) step: usize,
    pub(super) gathered: Vec<Representations>,
    pub(super) at: Vec<Object>,
}

/// The answer of a job.
pub(super) type Answered = (Job, Reply);

impl<'a> Run<'a> {
    pub(super) fn new(
        schema: &'a ServedSchema,
        operation: &'a PreparedOperation,
        variables: Map<String, Json>,
    ) -> Self {
        let mut tree = Tree::default();
        let root = tree.add_object(operation.plan().root_width);
        Self {
            schema,
            operation,
            variables,
            tree,
            root,
            errors: Vec::new(),
            requests: Vec::new(),
            freshness: Some(Freshness::ETERNAL),
            kept: Vec::new(),
        }
    }

    /// Runs those steps of the plan that `includes` names, as if all others had run.
    pub(super) async fn steps(&mut self, context: &ExecuteContext<'_>, includes: impl Fn(usize) -> bool) {
        let mut order = Order::new(self.operation.plan(), includes);
        let mut under_way = FuturesUnordered::new();
        while self
            .advance(&mut order, &mut under_way, context, |fetch, job, question| ask(fetch, job, question, context))
            .await
            .is_some()
        {}
    }

    /// Starts all steps that can start, and joins the next answer; returns its step, or nothing when all are done.
    pub(super) async fn advance<'c, F: Future<Output = Answered>>(
        &mut self,
        order: &mut Order,
        under_way: &mut FuturesUnordered<F>,
        context: &ExecuteContext<'c>,
        ask: impl Fn(&'a Fetch, Job, Question<'c>) -> F,
    ) -> Option<usize> {
        let plan = self.operation.plan();
        while let Some(index) = order.ready.pop() {
            match self.start(plan, index, context) {
                Some((job, question)) => {
                    let Some(step) = plan.steps.get(index) else { continue };
                    under_way.push(ask(&step.fetch, job, question));
                }
                None => order.done(plan, index),
            }
        }
        let (job, reply) = under_way.next().await?;
        let index = job.step;
        if let Some(step) = plan.steps.get(index) {
            self.take_reply(&step.fetch, &job, reply);
        }
        order.done(plan, index);
        Some(index)
    }

    pub(super) fn note_kept(&mut self, step: usize, kept: usize, fetches: usize) {
        self.kept.push(KeptCount { step, kept, fetches });
    }

    pub(super) fn count(&mut self, subgraph: &Arc<str>) {
        match self.requests.iter_mut().find(|(known, _)| known == subgraph) {
            Some((_, count)) => *count += 1,
            None => self.requests.push((Arc::clone(subgraph), 1)),
        }
    }

    /// Builds the request of a step; `None` when there is nothing to ask for.
    fn start<'c>(&self, plan: &Plan, index: usize, context: &ExecuteContext<'c>) -> Option<(Job, Question<'c>)> {
        let step = plan.steps.get(index)?;
        let mut job = Job { step: index, ..Job::default() };
        match &step.fetch.target {
            Target::Root => {}
            Target::At(way) => {
                visit_objects(self.grown(), &way.path, |object| job.at.push(object));
                if job.at.is_empty() {
                    return None;
                }
            }
            Target::Entities(batches) => {
                job.gathered.extend(batches.iter().map(|batch| gather(self.grown(), batch)));
                if job.gathered.iter().all(|gathered| gathered.len() == 0) {
                    return None;
                }
            }
        }
        let more_bytes = job.gathered.iter().map(Representations::size_bytes).sum();
        let mut body = Body::new(&step.fetch, &self.variables, more_bytes);
        if let Some((profile, cache)) = profile_of(context, self.operation, index) {
            return Some((job, Question::Kept(body, profile, cache)));
        }
        if let Target::Entities(batches) = &step.fetch.target {
            for (batch, gathered) in batches.iter().zip(&job.gathered) {
                body.representations(batch, gathered);
            }
        }
        Some((job, Question::Plain(body.finish())))
    }

    fn grown(&self) -> Grown<'_> {
        Grown { tree: &self.tree, root: self.root, types: self.schema.types() }
    }

    /// Joins the answer of a step.
    pub(super) fn take(&mut self, fetch: &Fetch, job: &Job, answer: Result<SubgraphResponse, TransportError>) {
        let result = match answer {
            Ok(SubgraphResponse { status, body: SubgraphBody::Complete(bytes), .. }) => {
                self.read(fetch, &bytes).map_err(|reason| TransportError::NotGraphql {
                    subgraph: fetch.subgraph.to_string(),
                    status: status.as_u16(),
                    reason,
                })
            }
            Ok(SubgraphResponse { status, body: SubgraphBody::Stream(_), .. }) => Err(TransportError::NotGraphql {
                subgraph: fetch.subgraph.to_string(),
                status: status.as_u16(),
                reason: "a stream where one answer was expected".to_owned(),
            }),
            Err(error) => Err(error),
        };
        match result {
            Ok(answer) => self.join(fetch, job, &answer),
            Err(error) => {
                let errors = self.places(fetch, job).of_transport(&error);
                self.errors.extend(errors);
            }
        }
    }

    fn read(&mut self, fetch: &Fetch, bytes: &Bytes) -> Result<Answer, String> {
        let shape = (self.operation.shapes(), fetch.shape);
        read_answer(&mut self.tree, bytes, shape, self.schema.types()).map_err(|error| error.to_string())
    }

    fn join(&mut self, fetch: &Fetch, job: &Job, answer: &Answer) {
        let places = self.places(fetch, job);
        let mut errors = answer.errors.map(|span| places.of_subgraph(self.tree.bytes(span))).unwrap_or_default();
        let failure = self.join_data(fetch, job, answer.data);
        if let Some(failure) = failure.filter(|_| errors.is_empty()) {
            errors = self.places(fetch, job).failure("SUBGRAPH_INVALID_RESPONSE", failure);
        }
        self.errors.extend(errors);
    }

    /// Joins data; says what is wrong with it.
    pub(super) fn join_data(&mut self, fetch: &Fetch, job: &Job, data: Value) -> Option<&'static str> {
        match (&fetch.target, data) {
            (Target::Root, Value::Object(data)) => {
                self.tree.merge(self.root, data, false, self.schema.types());
                None
            }
            (Target::At(way), Value::Object(data)) => {
                self.join_at(&job.at, data, way.sharing.is_some());
                None
            }
            (Target::Entities(batches), Value::Object(data)) => {
                let mut all_answered = true;
                for (batch, gathered) in batches.iter().zip(&job.gathered) {
                    all_answered &= self.join_entities(batch, gathered, data);
                }
                (!all_answered).then_some("did not answer with one entity for each representation")
            }
            _ => Some("answered with no data and no errors"),
        }
    }

    fn join_at(&mut self, at: &[Object], data: Object, may_share: bool) {
        let types = self.schema.types();
        let is_shared = may_share && at.len() > 1;
        for (index, &object) in at.iter().enumerate() {
            let data = if index == 0 || is_shared { data } else { self.tree.duplicate(data) };
            for object in self.tree.with_copies(object) {
                self.tree.merge(object, data, is_shared || !self.tree.has_no_copies(), types);
            }
        }
    }

    /// Joins the lists that answer a batch; `false` when one of them is not as long as it must be.
    fn join_entities(&mut self, batch: &Batch, gathered: &Representations, data: Object) -> bool {
        let mut all_answered = true;
        for output in &batch.outputs {
            match self.tree.get(data, output.place.slot) {
                Value::List(list) if self.tree.items(list).len() == gathered.len() => {
                    let answers = self.tree.items(list).to_vec();
                    scatter(&mut self.tree, batch, gathered, &answers, self.schema.types());
                }
                _ => all_answered = false,
            }
        }
        all_answered
    }

    fn places<'p>(&'p self, fetch: &'p Fetch, job: &'p Job) -> Places<'p> {
        let (keys, shapes) = (self.operation.keys(), self.operation.shapes());
        Places { grown: self.grown(), keys, shapes, fetch, gathered: &job.gathered, at: &job.at }
    }

    /// Joins one event of the upstream subscription.
    pub(super) fn take_event(&mut self, fetch: &Fetch, event: Bytes) {
        self.take(fetch, &Job::default(), Ok(SubgraphResponse::complete(event)));
    }

    /// What there is to project.
    pub(super) fn input(&self) -> ProjectInput<'_> {
        ProjectInput {
            schema: self.schema,
            projection: self.operation.projection(),
            program: self.operation.program(),
            tree: &self.tree,
            variables: &self.variables,
        }
    }

    /// Projects the response.
    pub(super) fn finish(mut self) -> GraphqlResponse {
        let errors = std::mem::take(&mut self.errors);
        let whole = (self.root, self.operation.program().root);
        let projected = project(self.input(), whole, errors, self.operation.response_bytes_hint());
        self.operation.note_response_bytes(projected.encoded.len());
        self.response(projected)
    }

    /// The response that was projected.
    pub(super) fn response(&mut self, projected: Projected) -> GraphqlResponse {
        self.requests.sort_unstable();
        GraphqlResponse {
            data: Some(projected.data),
            errors: projected.errors,
            extensions: Map::new(),
            encoded: Some(projected.encoded),
            subgraph_requests: std::mem::take(&mut self.requests),
            headers: HeaderMap::new(),
            freshness: self.freshness,
            kept: std::mem::take(&mut self.kept),
        }
    }
}

/// Which steps may start.
pub(super) struct Order {
    /// For each step, how many it still waits for; of those that are done, more than there can be.
    waits_for: Vec<usize>,
    ready: Vec<usize>,
}

impl Order {
    pub(super) fn new(plan: &Plan, includes: impl Fn(usize) -> bool) -> Self {
        let waits_for = |(index, step): (usize, &Step)| match includes(index) {
            true => step.after.iter().filter(|&&earlier| includes(earlier)).count(),
            // For more than will ever be done.
            false => usize::MAX,
        };
        let waits_for: Vec<usize> = plan.steps.iter().enumerate().map(waits_for).collect();
        // Popped from the end, so that steps start in the plan's order.
        let ready = (0..plan.steps.len()).rev().filter(|&index| waits_for.get(index) == Some(&0)).collect();
        Self { waits_for, ready }
    }

    /// Whether a step has run, or will not.
    pub(super) fn is_done(&self, index: usize) -> bool {
        self.waits_for.get(index).is_none_or(|&waits_for| waits_for > usize::MAX / 2)
    }

    fn done(&mut self, plan: &Plan, done: usize) {
        if let Some(waits_for) = self.waits_for.get_mut(done) {
            *waits_for = usize::MAX;
        }
        let waiting = plan.steps.get(done).map_or(&[][..], |step| &step.before);
        for &index in waiting.iter().rev() {
            if let Some(waits_for) = self.waits_for.get_mut(index) {
                *waits_for = waits_for.saturating_sub(1);
                if *waits_for == 0 {
                    self.ready.push(index);
                }
            }
        }
    }
}

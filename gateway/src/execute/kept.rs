//! Asks subgraphs through the cache of answers, and joins what was kept.

use std::{future::Future, sync::Arc};

use tokio::time::timeout_at;

use super::{
    ExecuteContext,
    entities::{Representations, scatter},
    request::Body,
    run::{Job, Run},
};
use crate::{
    cache::{AnswerCache, Answered, Asking, FetchProfile, Fetched, Missing, OperationProfile, Piece},
    freshness::Freshness,
    operation::OperationKind,
    plan::{Fetch, PreparedOperation, Target},
    subgraph::{SubgraphRequest, SubgraphResponse, TransportError},
    value::{ShapeId, Value, read_value},
};

/// The cache, with what it knows of an operation.
#[derive(Clone, Copy)]
pub struct KeptAnswers<'a> {
    /// The cache.
    pub cache: &'a AnswerCache,
    /// The operation's fetches.
    pub profile: &'a OperationProfile,
}

/// What answers a step.
pub(super) enum Reply {
    /// One answer of the subgraph to all that was asked.
    Whole(Result<SubgraphResponse, TransportError>),
    /// Some of it was kept, perhaps all.
    Parts(Parts),
}

/// Answers from several places.
pub(super) struct Parts {
    /// Answers of the subgraph, each with what it was asked.
    fetched: Vec<(Job, Result<SubgraphResponse, TransportError>)>,
    /// For each batch, the representations whose answers were kept, and these.
    kept: Vec<(Representations, Vec<Arc<Piece>>)>,
    freshness: Option<Freshness>,
}

/// How a step is asked for.
pub(super) enum Question<'a> {
    /// From the subgraph alone, with this body.
    Plain(bytes::Bytes),
    /// Through the cache; the body lacks its representations.
    Kept(Body, &'a Arc<FetchProfile>, &'a AnswerCache),
}

/// The fetch of a step as the cache knows it; `None` where it has no say. Reads of a mutation go past it: they show what
/// the mutation has done.
pub(super) fn profile_of<'a>(
    context: &ExecuteContext<'a>,
    operation: &PreparedOperation,
    step: usize,
) -> Option<(&'a Arc<FetchProfile>, &'a AnswerCache)> {
    let KeptAnswers { cache, profile } = context.kept?;
    let profile = profile.step(step).filter(|profile| profile.is_kept())?;
    (operation.kind() == OperationKind::Query).then_some((profile, cache))
}

/// Asks for a step.
pub(super) async fn ask(
    fetch: &Fetch,
    mut job: Job,
    question: Question<'_>,
    context: &ExecuteContext<'_>,
) -> (Job, Reply) {
    let (body, profile, cache) = match question {
        Question::Plain(body) => {
            let moment = context.kept.map(|kept| kept.cache.moment()).unwrap_or_default();
            let mutated = context.kept.filter(|_| fetch.kind == OperationKind::Mutation);
            let mut watch = mutated.map(|kept| kept.cache.watch(context.call.caller.as_ref(), &fetch.subgraph));
            let answer = send(fetch, (body, moment), context).await;
            note_whole(&job, &answer, moment, context);
            if let Some(watch) = &mut watch {
                watch.answered();
            }
            if let Some(kept) = mutated {
                let profile = kept.profile.step(job.step).map(|profile| &**profile);
                kept.cache.note_changes(profile, (context.call.caller.as_ref(), &fetch.subgraph), &answer);
            }
            return (job, Reply::Whole(answer));
        }
        Question::Kept(body, profile, cache) => (body, profile, cache),
    };
    let asking = Asking {
        profile,
        caller: context.call.caller.as_ref(),
        forwarded: &context.call.forwarded,
        variables: body.variables(fetch).into(),
        representations: match &fetch.target {
            Target::Entities(_) => job.gathered.iter().map(|gathered| gathered.iter().collect()).collect(),
            Target::Root | Target::At(_) => vec![vec![b""]],
        },
        deadline: context.deadline,
    };
    let Answered { kept, fetched, freshness } =
        cache.ask(&asking, |missing, moment| ask_for(fetch, &job, (&body, context), (missing, moment))).await;
    if let Some(reads) = context.reads {
        reads.note(&asking, &kept, &fetched);
    }
    drop(asking);
    let fetched = fetched.into_iter().map(|Fetched { missing, answer, .. }| (job.narrowed(&missing), answer)).collect();
    let kept = take_kept(&mut job, kept);
    (job, Reply::Parts(Parts { fetched, kept, freshness }))
}

/// Notes what an answer has read that is never kept.
fn note_whole(job: &Job, answer: &Result<SubgraphResponse, TransportError>, moment: u64, context: &ExecuteContext<'_>) {
    let (Some(reads), Some(KeptAnswers { profile, .. })) = (context.reads, context.kept) else { return };
    let representations: Vec<Vec<&[u8]>> = match job.gathered.is_empty() {
        true => vec![vec![b""]],
        false => job.gathered.iter().map(|gathered| gathered.iter().collect()).collect(),
    };
    let profile = profile.step(job.step).map(|profile| &**profile);
    reads.note_whole(profile, (context.call.caller.as_ref(), &representations), answer, moment);
}

/// Asks the subgraph for some of the representations.
fn ask_for<'f>(
    fetch: &'f Fetch,
    job: &Job,
    (body, context): (&Body, &'f ExecuteContext<'_>),
    (missing, moment): (Missing, u64),
) -> impl Future<Output = Result<SubgraphResponse, TransportError>> + 'f {
    let mut body = body.clone();
    if let Target::Entities(batches) = &fetch.target {
        for ((batch, gathered), missing) in batches.iter().zip(&job.gathered).zip(&missing) {
            body.some_representations(batch, gathered, missing);
        }
    }
    send(fetch, (body.finish(), moment), context)
}

async fn send(
    fetch: &Fetch,
    (body, moment): (bytes::Bytes, u64),
    context: &ExecuteContext<'_>,
) -> Result<SubgraphResponse, TransportError> {
    let request = SubgraphRequest { moment, ..SubgraphRequest::new(fetch.kind, body, Arc::clone(&context.call)) };
    let started = tokio::time::Instant::now();
    let answer = timeout_at(context.deadline, context.transports.call(&fetch.subgraph, request)).await;
    answer.unwrap_or_else(|_| {
        let timeout_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Err(TransportError::Timeout { subgraph: fetch.subgraph.to_string(), timeout_ms })
    })
}

fn take_kept(job: &mut Job, kept: Vec<Vec<Option<Arc<Piece>>>>) -> Vec<(Representations, Vec<Arc<Piece>>)> {
    let mut all = Vec::with_capacity(kept.len());
    for (number, pieces) in kept.into_iter().enumerate() {
        let (which, pieces): (Vec<usize>, Vec<Arc<Piece>>) =
            pieces.into_iter().enumerate().filter_map(|(index, piece)| Some((index, piece?))).unzip();
        let representations = match job.gathered.get_mut(number) {
            Some(gathered) if which.len() == gathered.len() => std::mem::take(gathered),
            Some(gathered) => gathered.narrowed(&which),
            None => Representations::default(),
        };
        all.push((representations, pieces));
    }
    all
}

impl Job {
    fn narrowed(&self, missing: &Missing) -> Self {
        let gathered = self.gathered.iter().zip(missing).map(|(gathered, missing)| gathered.narrowed(missing));
        Self { step: self.step, gathered: gathered.collect(), at: self.at.clone() }
    }
}

impl Run<'_> {
    /// Joins what answers a step.
    pub(super) fn take_reply(&mut self, fetch: &Fetch, job: &Job, reply: Reply) {
        let parts = match reply {
            Reply::Whole(answer) => {
                self.freshness = None;
                self.count(&fetch.subgraph);
                return self.take(fetch, job, answer);
            }
            Reply::Parts(parts) => parts,
        };
        self.freshness = self.freshness.and_then(|known| Some(known.and(parts.freshness?)));
        let kept = parts.kept.iter().map(|(_, pieces)| pieces.len()).sum();
        self.note_kept(job.step, kept, parts.fetched.len());
        for (asked, answer) in parts.fetched {
            self.count(&fetch.subgraph);
            self.take(fetch, &asked, answer);
        }
        match &fetch.target {
            Target::Entities(batches) => {
                for (batch, (representations, pieces)) in batches.iter().zip(&parts.kept) {
                    for (number, output) in batch.outputs.iter().enumerate() {
                        let values: Vec<Value> =
                            pieces.iter().map(|piece| self.read_piece(piece, number, output.shape)).collect();
                        scatter(&mut self.tree, batch, representations, &values, self.schema.types());
                    }
                }
            }
            Target::Root | Target::At(_) => {
                for piece in parts.kept.iter().flat_map(|(_, pieces)| pieces) {
                    let data = self.read_piece(piece, 0, fetch.shape);
                    self.join_data(fetch, job, data);
                }
            }
        }
    }

    fn read_piece(&mut self, piece: &Piece, output: usize, shape: ShapeId) -> Value {
        let shape = (self.operation.shapes(), shape);
        read_value(&mut self.tree, &piece.part(output), shape, self.schema.types()).unwrap_or_else(|error| {
            // It was read before it was kept.
            tracing::error!(%error, "a kept answer cannot be read");
            Value::Null
        })
    }
}

//! From the planner's nodes to our plan: a tree of sequences becomes steps that say what they wait for.

use bytes::Bytes;
use hive_router_query_planner::{
    ast::operation::SubgraphFetchOperation,
    planner::plan_nodes::{BatchFetchNode, FetchNode, FlattenNodePath, FlattenNodePathSegment, PlanNode},
    state::supergraph_state::OperationKind as PlannerKind,
};

use super::{
    node::{Batch, BatchOutput, Fetch, Path, PathStep, Place, Plan, Step, Target, Way},
    requires::{renames, required, widen},
    shape::{apply_output_rewrites, child_of, shape_of},
};
use crate::{
    operation::OperationKind,
    project::Condition,
    schema::TypeNames,
    value::{Keys, ShapeId, Shapes},
};

/// Builds one plan out of one or more of the planner's.
pub(super) struct Lowering<'a> {
    pub(super) types: &'a TypeNames,
    pub(super) keys: &'a mut Keys,
    pub(super) shapes: &'a mut Shapes,
    pub(super) plan: Plan,
}

impl Lowering<'_> {
    /// Adds a node whose steps start after the steps `after`; returns the steps that end it.
    pub(super) fn add(&mut self, node: PlanNode, after: &[usize], when: &[Condition]) -> Result<Vec<usize>, String> {
        match node {
            PlanNode::Sequence(sequence) => {
                let mut last = after.to_vec();
                for node in sequence.nodes {
                    last = self.add(node, &last, when)?;
                }
                Ok(last)
            }
            PlanNode::Parallel(parallel) => {
                let mut ends = Vec::new();
                for node in parallel.nodes {
                    ends.extend(self.add(node, after, when)?);
                }
                ends.sort_unstable();
                ends.dedup();
                Ok(ends)
            }
            PlanNode::Condition(condition) => {
                let mut ends = Vec::new();
                for (clause, equals) in [(condition.if_clause, true), (condition.else_clause, false)] {
                    if let Some(node) = clause {
                        let mut when = when.to_vec();
                        when.push(Condition { variable: condition.condition.clone(), equals });
                        ends.extend(self.add(*node, after, &when)?);
                    }
                }
                Ok(ends)
            }
            PlanNode::Fetch(fetch) => {
                let fetch = self.fetch(fetch, None)?;
                Ok(self.step(fetch, after, when))
            }
            PlanNode::Flatten(flatten) => match *flatten.node {
                PlanNode::Fetch(fetch) => {
                    let fetch = self.fetch(fetch, Some(&flatten.path))?;
                    Ok(self.step(fetch, after, when))
                }
                other => Err(format!("something else than a fetch at path {}: {other}", flatten.path)),
            },
            PlanNode::BatchFetch(batch) => {
                let fetch = self.batch_fetch(batch)?;
                Ok(self.step(fetch, after, when))
            }
            PlanNode::Subscription(subscription) => {
                if self.plan.subscription.is_some() {
                    return Err("more than one subscription".to_owned());
                }
                self.plan.subscription = Some(self.fetch(subscription.primary, None)?);
                Ok(after.to_vec())
            }
            PlanNode::Defer(_) => Err("a deferred node".to_owned()),
        }
    }

    fn step(&mut self, fetch: Fetch, after: &[usize], when: &[Condition]) -> Vec<usize> {
        let id = self.plan.steps.len();
        self.plan.steps.push(Step { after: after.to_vec(), before: Vec::new(), when: when.to_vec(), fetch });
        vec![id]
    }

    fn fetch(&mut self, node: FetchNode, path: Option<&FlattenNodePath>) -> Result<Fetch, String> {
        let shape = shape_of(&node.operation.document, self.keys, self.shapes);
        let path = path.map(|path| self.path(path));
        let renamed = renames(node.input_rewrites.as_deref(), self.types)?;
        let target = match (path, &node.requires) {
            (Some(path), Some(requires)) => Target::Entities(vec![Batch {
                variable: b"\"representations\":"[..].into(),
                paths: vec![Way::to(path)],
                requires: widen(required(requires, self.types, self.keys), &renamed, self.types),
                renames: renamed,
                outputs: vec![self.output(shape, "_entities")],
            }]),
            (Some(path), None) => Target::At(Way::to(path)),
            (None, None) => Target::Root,
            (None, Some(_)) => return Err("an entity fetch without a path".to_owned()),
        };
        if let Some(rewrites) = &node.output_rewrites {
            let start = match target {
                Target::Entities(_) => child_of(self.shapes, shape, "_entities").unwrap_or(shape),
                _ => shape,
            };
            apply_output_rewrites(rewrites, start, self.keys, self.shapes)?;
        }
        Ok(finish(node.service_name, node.operation_kind.as_ref(), &node.operation, (shape, target)))
    }

    fn batch_fetch(&mut self, node: BatchFetchNode) -> Result<Fetch, String> {
        let shape = shape_of(&node.operation.document, self.keys, self.shapes);
        let mut batches: Vec<Batch> = Vec::new();
        for alias in &node.entity_batch.aliases {
            let variable = written_key(&alias.representations_variable_name);
            let output = self.output(shape, &alias.alias);
            if let Some(rewrites) = &alias.output_rewrites {
                let start = child_of(self.shapes, shape, &alias.alias).unwrap_or(shape);
                apply_output_rewrites(rewrites, start, self.keys, self.shapes)?;
            }
            // Aliases that share a variable share paths and representations as well.
            if let Some(batch) = batches.iter_mut().find(|batch| batch.variable == variable) {
                batch.outputs.push(output);
                continue;
            }
            let renamed = renames(alias.input_rewrites.as_deref(), self.types)?;
            batches.push(Batch {
                variable,
                paths: alias.merge_paths.iter().map(|path| Way::to(self.path(path))).collect(),
                requires: widen(required(&alias.requires, self.types, self.keys), &renamed, self.types),
                renames: renamed,
                outputs: vec![output],
            });
        }
        let target = Target::Entities(batches);
        Ok(finish(node.service_name, node.operation_kind.as_ref(), &node.operation, (shape, target)))
    }

    fn output(&mut self, shape: ShapeId, wire: &str) -> BatchOutput {
        BatchOutput {
            place: Place::of(self.keys.intern(wire)),
            wire: wire.into(),
            shape: child_of(self.shapes, shape, wire).unwrap_or(shape),
        }
    }

    fn path(&mut self, path: &FlattenNodePath) -> Path {
        Path(
            path.as_slice()
                .iter()
                .filter_map(|segment| match segment {
                    FlattenNodePathSegment::Field(name) => {
                        let key = self.keys.intern(name);
                        Some(PathStep::Field(Place::of(key), self.keys.renamed(key).map(Place::of)))
                    }
                    FlattenNodePathSegment::TypeCondition(names) => {
                        Some(PathStep::Types(names.iter().filter_map(|name| self.types.id(name)).collect()))
                    }
                    FlattenNodePathSegment::List => None,
                })
                .collect(),
        )
    }
}

fn finish(
    subgraph: String,
    kind: Option<&PlannerKind>,
    operation: &SubgraphFetchOperation,
    (shape, target): (ShapeId, Target),
) -> Fetch {
    let text = operation.document_str.clone();
    let mut body_start = b"{\"query\":".to_vec();
    body_start.extend(serde_json::to_vec(&text).unwrap_or_default());
    let definitions = operation.document.operation.variable_definitions.iter().flatten();
    let variables = definitions
        .filter(|definition| definition.variable_type.inner_type() != "_Any")
        .map(|definition| (definition.name.clone(), written_key(&definition.name)))
        .collect();
    Fetch {
        subgraph: subgraph.into(),
        kind: match kind {
            Some(PlannerKind::Mutation) => OperationKind::Mutation,
            Some(PlannerKind::Subscription) => OperationKind::Subscription,
            Some(PlannerKind::Query) | None => OperationKind::Query,
        },
        operation: text,
        body_start: Bytes::from(body_start),
        variables,
        shape,
        target,
    }
}

fn written_key(name: &str) -> Box<[u8]> {
    format!("\"{name}\":").into_bytes().into()
}

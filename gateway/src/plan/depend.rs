//! Which fetches a fetch waits for: those whose answers it needs, not all of the stage before it.
//!
//! The planner gives stages. Of the steps before it, a step needs those that answer a key on its paths, a field of its
//! representations, or the type of an object that it asks for. Where it cannot be seen who answers something, the step
//! keeps waiting for all that the planner says.

use super::node::{Fetch, PathStep, Place, Plan, Required, Step, Target, Way};
use crate::value::{KeyId, Keys, Shape, ShapeId, Shapes};

/// A key that a step needs, from the root; on the way each key with the one that its value may have instead.
type Chain = Vec<(KeyId, Option<KeyId>)>;

/// Replaces what each step waits for by what it needs, and notes who waits for whom.
pub(super) fn find_dependencies(plan: &mut Plan, shapes: &Shapes, keys: &Keys) {
    // Where two values have one key, who comes first may matter.
    if !keys.has_renamed() {
        let before = all_before(&plan.steps);
        let needed: Vec<Option<Vec<usize>>> =
            plan.steps.iter().zip(&before).map(|(step, before)| needed(step, before, plan, shapes)).collect();
        for (step, needed) in plan.steps.iter_mut().zip(needed) {
            if let Some(needed) = needed {
                step.after = needed;
            }
        }
        drop_implied(&mut plan.steps);
    }
    for index in 0..plan.steps.len() {
        let after = plan.steps.get(index).map(|step| step.after.clone()).unwrap_or_default();
        for earlier in after {
            if let Some(earlier) = plan.steps.get_mut(earlier) {
                earlier.before.push(index);
            }
        }
    }
}

/// For each step all that the planner has run before it, directly or not.
fn all_before(steps: &[Step]) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::with_capacity(steps.len());
    for step in steps {
        let mut before = step.after.clone();
        for earlier in &step.after {
            before.extend(all.get(*earlier).into_iter().flatten());
        }
        before.sort_unstable();
        before.dedup();
        all.push(before);
    }
    all
}

/// Waits for no step that is done anyway when another one is that it waits for.
fn drop_implied(steps: &mut [Step]) {
    let before = all_before(steps);
    for step in steps {
        let after = step.after.clone();
        let is_implied = |by: &usize, index: usize| before.get(*by).is_some_and(|before| before.contains(&index));
        step.after.retain(|&index| !after.iter().any(|by| is_implied(by, index)));
    }
}

fn needed(step: &Step, before: &[usize], plan: &Plan, shapes: &Shapes) -> Option<Vec<usize>> {
    if before.is_empty() {
        return None;
    }
    let chains = chains(&step.fetch)?;
    let mut needed = Vec::new();
    let mut answered = vec![false; chains.len()];
    for &index in before {
        let Some(earlier) = plan.steps.get(index) else { continue };
        for (chain, answered) in chains.iter().zip(&mut answered) {
            match answers(&earlier.fetch, chain, shapes) {
                Answers::Nothing => {}
                Answers::Part => needed.push(index),
                Answers::All => {
                    needed.push(index);
                    *answered = true;
                }
            }
        }
    }
    // A subscription's events bring what no step does.
    let by_event =
        |chain: &Chain| plan.subscription.as_ref().is_some_and(|fetch| answers(fetch, chain, shapes).is_all());
    let is_known = |(chain, answered): (&Chain, bool)| {
        answered || chain.last().is_some_and(|(key, _)| *key == KeyId::TYPENAME) || by_event(chain)
    };
    if !chains.iter().zip(answered).all(is_known) {
        return None;
    }
    needed.sort_unstable();
    needed.dedup();
    Some(needed)
}

/// All that a fetch needs; `None` when it must keep its place in the order.
fn chains(fetch: &Fetch) -> Option<Vec<Chain>> {
    let mut chains = Vec::new();
    match &fetch.target {
        // It needs nothing that others answer; if it waits, then for a mutation before it.
        Target::Root => return None,
        Target::At(way) => add_way(way, &[], &mut chains),
        Target::Entities(batches) => {
            for batch in batches {
                for way in &batch.paths {
                    add_way(way, &batch.requires, &mut chains);
                }
            }
        }
    }
    Some(chains)
}

fn add_way(way: &Way, requires: &[Required], chains: &mut Vec<Chain>) {
    let mut chain = Chain::new();
    for step in &way.path.0 {
        match step {
            PathStep::Field(place, renamed) => chain.push(keys(*place, *renamed)),
            PathStep::Types(_) => chains.push(with(&chain, (KeyId::TYPENAME, None))),
        }
    }
    chains.push(with(&chain, (KeyId::TYPENAME, None)));
    if !chain.is_empty() {
        chains.push(chain.clone());
    }
    add_required(&chain, requires, chains);
}

fn add_required(at: &Chain, requires: &[Required], chains: &mut Vec<Chain>) {
    for field in requires {
        let chain = with(at, keys(field.place, field.other));
        if field.below.is_empty() {
            chains.push(chain);
        } else {
            // What an object holds is sent with the name of its type.
            chains.push(with(&chain, (KeyId::TYPENAME, None)));
            add_required(&chain, &field.below, chains);
        }
    }
}

fn keys(place: Place, other: Option<Place>) -> (KeyId, Option<KeyId>) {
    (place.key, other.map(|other| other.key))
}

fn with(chain: &Chain, last: (KeyId, Option<KeyId>)) -> Chain {
    let mut chain = chain.clone();
    chain.push(last);
    chain
}

/// How much of a chain a fetch answers.
enum Answers {
    Nothing,
    /// The way to the last key, or a part of it.
    Part,
    /// The last key.
    All,
}

impl Answers {
    const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

fn answers(fetch: &Fetch, chain: &Chain, shapes: &Shapes) -> Answers {
    match &fetch.target {
        Target::Root => below(chain, fetch.shape, shapes),
        Target::At(way) => at_way(way, chain, fetch.shape, shapes),
        Target::Entities(batches) => {
            let mut best = Answers::Nothing;
            for batch in batches {
                for way in &batch.paths {
                    for output in &batch.outputs {
                        match at_way(way, chain, output.shape, shapes) {
                            Answers::All => return Answers::All,
                            Answers::Part => best = Answers::Part,
                            Answers::Nothing => {}
                        }
                    }
                }
            }
            best
        }
    }
}

fn at_way(way: &Way, chain: &Chain, shape: ShapeId, shapes: &Shapes) -> Answers {
    let mut rest = chain.iter();
    for step in &way.path.0 {
        let PathStep::Field(place, renamed) = step else { continue };
        let Some(wanted) = rest.next() else { return Answers::Nothing };
        if !is_either(place.key, *wanted) && renamed.is_none_or(|renamed| !is_either(renamed.key, *wanted)) {
            return Answers::Nothing;
        }
    }
    below(rest.as_slice(), shape, shapes)
}

fn below(chain: &[(KeyId, Option<KeyId>)], shape: ShapeId, shapes: &Shapes) -> Answers {
    let Some((&wanted, rest)) = chain.split_first() else { return Answers::Nothing };
    let Some(shape) = shapes.get(shape) else { return Answers::Nothing };
    if wanted.0 == KeyId::TYPENAME {
        return if says_type(shape) { Answers::All } else { Answers::Nothing };
    }
    let found = shape.entries.iter().filter(|entry| is_either(entry.key, wanted));
    let mut best = Answers::Nothing;
    for entry in found {
        let answer = match (rest.is_empty(), entry.child) {
            (true, _) => Answers::All,
            (false, Some(child)) => below(rest, child, shapes),
            (false, None) => Answers::Part,
        };
        match answer {
            Answers::All => return Answers::All,
            Answers::Part | Answers::Nothing => best = Answers::Part,
        }
    }
    best
}

fn says_type(shape: &Shape) -> bool {
    shape.entries.iter().any(|entry| entry.is_typename)
}

fn is_either(key: KeyId, (wanted, other): (KeyId, Option<KeyId>)) -> bool {
    key == wanted || other == Some(key)
}

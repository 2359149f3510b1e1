//! Which places of an entity may share what is below it.
//!
//! Where an entity stands in many places, its answer is joined into each. What is below it (a list of reviews, say) is
//! the same in all of them, and stays the same as long as every other fetch that adds to it reaches it from all of these
//! places or from none. Then it can stand in the tree once, be asked for once, and be written once.

use super::node::{Path, PathStep, Place, Plan, Target, Way};

/// What other fetches add below a path: which batch of which step, and the rest of its path.
type Additions<'p> = Vec<(usize, usize, &'p [PathStep])>;

/// Numbers the ways of each target that may share.
pub(super) fn mark_sharing(plan: &mut Plan) {
    let marks: Vec<Vec<Option<u32>>> = plan.steps.iter().map(|step| marks(&step.fetch.target, plan)).collect();
    for (step, marks) in plan.steps.iter_mut().zip(marks) {
        for (way, mark) in ways_mut(&mut step.fetch.target).zip(marks) {
            way.sharing = mark;
        }
    }
}

fn marks(target: &Target, plan: &Plan) -> Vec<Option<u32>> {
    let mut known: Vec<(usize, Additions<'_>)> = Vec::new();
    let mut marks = Vec::new();
    for (batch, way) in ways(target) {
        marks.push(additions(&way.path, plan).and_then(|additions| {
            let found = known.iter().position(|(of, known)| *of == batch && *known == additions);
            let number = found.unwrap_or_else(|| {
                known.push((batch, additions));
                known.len() - 1
            });
            u32::try_from(number).ok()
        }));
    }
    marks
}

/// What is added below `path`; `None` when something is added in some of its places alone.
fn additions<'p>(path: &Path, plan: &'p Plan) -> Option<Additions<'p>> {
    let mut additions = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        for (batch, way) in ways(&step.fetch.target) {
            match rest_below(path, &way.path) {
                Below::Elsewhere => {}
                Below::Everywhere(rest) => additions.push((index, batch, rest)),
                Below::InSomePlaces => return None,
            }
        }
    }
    Some(additions)
}

enum Below<'p> {
    /// The other path does not lead below the first.
    Elsewhere,
    /// It leads below all places of the first, by this rest.
    Everywhere(&'p [PathStep]),
    /// It asks for types on the way that the first does not ask for.
    InSomePlaces,
}

fn rest_below<'p>(path: &Path, other: &'p Path) -> Below<'p> {
    let mut theirs = other.0.iter();
    let mut asks_for_types = false;
    for place in path.0.iter().filter_map(field) {
        let next = theirs.find_map(|step| {
            asks_for_types |= matches!(step, PathStep::Types(_));
            field(step)
        });
        match next {
            Some(their_place) if their_place == place => {}
            _ => return Below::Elsewhere,
        }
    }
    let rest = theirs.as_slice();
    if !rest.iter().any(|step| field(step).is_some()) {
        // It adds to the same objects, which are never shared.
        return Below::Elsewhere;
    }
    match other.0.strip_prefix(path.0.as_slice()) {
        Some(rest) if matches!(rest.first(), Some(PathStep::Field(..))) => Below::Everywhere(rest),
        _ if asks_for_types || matches!(rest.first(), Some(PathStep::Types(_))) => Below::InSomePlaces,
        _ => Below::Everywhere(rest),
    }
}

const fn field(step: &PathStep) -> Option<Place> {
    match step {
        PathStep::Field(place) => Some(*place),
        PathStep::Types(_) => None,
    }
}

/// The ways of a target, each with the number of its batch.
fn ways(target: &Target) -> impl Iterator<Item = (usize, &Way)> {
    let (at, batches) = match target {
        Target::Root => (None, &[][..]),
        Target::At(way) => (Some((0, way)), &[][..]),
        Target::Entities(batches) => (None, batches.as_slice()),
    };
    let of_batches = batches.iter().enumerate();
    at.into_iter().chain(of_batches.flat_map(|(number, batch)| batch.paths.iter().map(move |way| (number, way))))
}

fn ways_mut(target: &mut Target) -> impl Iterator<Item = &mut Way> {
    let (at, batches) = match target {
        Target::Root => (None, &mut [][..]),
        Target::At(way) => (Some(way), &mut [][..]),
        Target::Entities(batches) => (None, batches.as_mut_slice()),
    };
    at.into_iter().chain(batches.iter_mut().flat_map(|batch| &mut batch.paths))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema::TypeId, value::KeyId};

    fn path(steps: &[PathStep]) -> Path {
        Path(steps.to_vec())
    }

    fn to(key: u32) -> PathStep {
        PathStep::Field(Place::of(KeyId(key)))
    }

    fn on(ty: u32) -> PathStep {
        PathStep::Types(vec![TypeId(ty)])
    }

    #[test]
    fn what_leads_below_all_places_lets_them_share() {
        let entity = path(&[to(1), on(1), to(2)]);
        assert!(matches!(rest_below(&entity, &path(&[to(1), on(1), to(2), to(3)])), Below::Everywhere([_])));
        assert!(matches!(
            rest_below(&entity, &path(&[to(1), to(2), to(3), on(2), to(4)])),
            Below::Everywhere([_, _, _])
        ));
    }

    #[test]
    fn what_leads_below_some_places_alone_does_not() {
        let entity = path(&[to(1), to(2)]);
        for other in [path(&[to(1), on(1), to(2), to(3)]), path(&[to(1), to(2), on(1), to(3)])] {
            assert!(matches!(rest_below(&entity, &other), Below::InSomePlaces), "{other:?}");
        }
    }

    #[test]
    fn what_leads_elsewhere_or_to_the_same_places_does_not_matter() {
        let entity = path(&[to(1), to(2)]);
        for other in [path(&[to(1)]), path(&[to(1), to(2), on(1)]), path(&[to(1), to(3), to(4)])] {
            assert!(matches!(rest_below(&entity, &other), Below::Elsewhere), "{other:?}");
        }
    }
}

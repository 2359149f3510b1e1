//! Which fetches each part of a response needs.

use ahash::AHashSet;

use super::{
    PreparedOperation,
    node::{PathStep, Plan, Target},
};
use crate::{
    project::{Below, DeferId, DeferSetId, Field, Parts, SelectionId},
    schema::{TypeId, TypeNames},
    value::{ShapeId, Shapes},
};

/// Which steps of a plan each part of a response needs.
#[derive(Debug)]
pub struct Needs {
    /// For each step, whether what is not deferred needs it.
    pub initial: Vec<bool>,
    /// For each `@defer`, the steps that answer what is in its fragment.
    pub of: Vec<Vec<usize>>,
}

/// Finds out which steps of `operation` its parts need.
///
/// Where that is not certain, a step counts as needed: the part then comes later than it could, but whole.
#[must_use]
pub fn needs(operation: &PreparedOperation, parts: &mut Parts<'_>, types: &TypeNames) -> Needs {
    let plan = operation.plan();
    let defers = operation.projection().defers.len();
    let mut walk = Walk {
        types,
        shapes: operation.shapes(),
        parts,
        seen: AHashSet::new(),
        needs: Needs { initial: vec![false; plan.steps.len()], of: vec![Vec::new(); defers] },
        is_marked: vec![false; plan.steps.len()],
    };
    walk.selection(operation.projection().root, None, &cursors(plan));
    let Walk { mut needs, is_marked, .. } = walk;
    add_unseen(plan, &is_marked, &mut needs.initial);
    for steps in &mut needs.of {
        add_earlier(plan, &needs.initial, steps);
    }
    needs
}

/// Adds the steps that those in `steps` wait for, as far as they do not run before anything else.
fn add_earlier(plan: &Plan, initial: &[bool], steps: &mut Vec<usize>) {
    let mut next = 0;
    while let Some(&step) = steps.get(next) {
        for &earlier in plan.steps.get(step).map_or(&[][..], |step| &step.after) {
            if initial.get(earlier) == Some(&false) && !steps.contains(&earlier) {
                steps.push(earlier);
            }
        }
        next += 1;
    }
}

/// What a step answers, from where the walk is: what is left of its path, and the shape at the end of it.
#[derive(Debug, Clone, Copy)]
struct Cursor<'p> {
    step: usize,
    path: &'p [PathStep],
    shape: ShapeId,
}

/// A cursor's step, where the rest of its path is and how long, and its shape.
type CursorIdentity = (usize, usize, usize, u32);

impl Cursor<'_> {
    /// The same for cursors that have the same before them.
    fn identity(&self) -> CursorIdentity {
        (self.step, self.path.as_ptr().addr(), self.path.len(), self.shape.0)
    }
}

fn cursors(plan: &Plan) -> Vec<Cursor<'_>> {
    let mut cursors = Vec::new();
    for (step, fetch) in plan.steps.iter().map(|step| &step.fetch).enumerate() {
        match &fetch.target {
            Target::Root => cursors.push(Cursor { step, path: &[], shape: fetch.shape }),
            Target::At(way) => cursors.push(Cursor { step, path: &way.path.0, shape: fetch.shape }),
            Target::Entities(batches) => {
                for batch in batches {
                    for (way, output) in
                        batch.paths.iter().flat_map(|way| batch.outputs.iter().map(move |output| (way, output)))
                    {
                        cursors.push(Cursor { step, path: &way.path.0, shape: output.shape });
                    }
                }
            }
        }
    }
    cursors
}

/// Adds the steps whose answers those of `initial` wait for, and those that nobody was found to need.
fn add_unseen(plan: &Plan, is_marked: &[bool], initial: &mut [bool]) {
    for (index, step) in plan.steps.iter().enumerate() {
        let is_idle = !is_marked.get(index).copied().unwrap_or_default() && step.before.is_empty();
        if let Some(initial) = initial.get_mut(index) {
            *initial |= is_idle;
        }
    }
    // A step waits only for steps before it.
    for (index, step) in plan.steps.iter().enumerate().rev() {
        if initial.get(index) == Some(&true) {
            for &earlier in &step.after {
                if let Some(earlier) = initial.get_mut(earlier) {
                    *earlier = true;
                }
            }
        }
    }
}

struct Walk<'a, 'p> {
    types: &'a TypeNames,
    shapes: &'a Shapes,
    parts: &'a mut Parts<'p>,
    seen: AHashSet<(u32, Vec<CursorIdentity>)>,
    needs: Needs,
    is_marked: Vec<bool>,
}

impl Walk<'_, '_> {
    fn selection(&mut self, selection: SelectionId, ty: Option<TypeId>, cursors: &[Cursor<'_>]) {
        let here: Vec<Cursor<'_>> = cursors.iter().filter_map(|&cursor| self.on_type(cursor, ty)).collect();
        if here.is_empty() || !self.seen.insert((selection.0, here.iter().map(Cursor::identity).collect())) {
            return;
        }
        let parts = self.parts.of(selection);
        for (place, field) in (0_u32..).zip(self.parts.projection().selections.get(selection)) {
            let Some(set) = parts.set_of(place) else { continue };
            let by: Vec<DeferId> = parts.defers_of(place).collect();
            self.field(field, (set, &by), &here);
        }
    }

    fn field(&mut self, field: &Field, by: (DeferSetId, &[DeferId]), here: &[Cursor<'_>]) {
        let mut below = Vec::new();
        for cursor in here {
            match cursor.path.split_first() {
                Some((PathStep::Field(place), rest)) => {
                    if field.key == place.key {
                        below.push(Cursor { path: rest, ..*cursor });
                    }
                }
                // Types are behind the walk.
                Some((PathStep::Types(_), _)) => {}
                None => {
                    let shape = self.shapes.get(cursor.shape);
                    for entry in shape.iter().flat_map(|shape| &shape.entries).filter(|entry| field.key == entry.key) {
                        self.mark(cursor.step, by);
                        below.extend(entry.child.map(|shape| Cursor { shape, ..*cursor }));
                    }
                }
            }
        }
        if let Below::Objects(by_type) = &field.below {
            let is_abstract = by_type.last().is_some_and(|(declared, _)| self.types.is_abstract(*declared));
            if is_abstract {
                self.mark_types(&below, by);
            }
            for &(ty, selection) in by_type {
                self.selection(selection, Some(ty).filter(|&ty| !self.types.is_abstract(ty)), &below);
            }
        }
    }

    /// Which fields an object has depends on who says of which type it is.
    fn mark_types(&mut self, below: &[Cursor<'_>], by: (DeferSetId, &[DeferId])) {
        for cursor in below {
            let is_at_object = cursor.path.iter().all(|step| matches!(step, PathStep::Types(_)));
            let shape = self.shapes.get(cursor.shape).filter(|_| is_at_object);
            if shape.is_some_and(|shape| shape.entries.iter().any(|entry| entry.is_typename)) {
                self.mark(cursor.step, by);
            }
        }
    }

    /// The cursor behind the types on its path; `None` when it is for objects of other types.
    fn on_type<'o>(&self, mut cursor: Cursor<'o>, ty: Option<TypeId>) -> Option<Cursor<'o>> {
        while let Some((PathStep::Types(wanted), rest)) = cursor.path.split_first() {
            if ty.is_some_and(|ty| !wanted.iter().any(|&wanted| self.types.fits(ty, wanted))) {
                return None;
            }
            cursor.path = rest;
        }
        Some(cursor)
    }

    fn mark(&mut self, step: usize, (set, by): (DeferSetId, &[DeferId])) {
        if let Some(is_marked) = self.is_marked.get_mut(step) {
            *is_marked = true;
        }
        if let Some(initial) = self.needs.initial.get_mut(step).filter(|_| set == DeferSetId::NONE) {
            *initial = true;
        }
        for defer in by {
            if let Some(steps) = self.needs.of.get_mut(defer.0 as usize).filter(|steps| !steps.contains(&step)) {
                steps.push(step);
            }
        }
    }
}

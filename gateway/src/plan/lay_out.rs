//! Gives every value of a plan its slot.

use super::node::{Batch, Fetch, Path, PathStep, Place, Plan, Required, Target};
use crate::value::{LayoutId, Layouts, Shapes};

/// Lays out what the fetches of `plan` answer, and writes the slots into `plan` and `shapes`; returns the layouts with
/// that of the root.
pub(super) fn lay_out(plan: &mut Plan, shapes: &mut Shapes) -> (Layouts, LayoutId) {
    let mut layouts = Layouts::of_shapes(shapes);
    let root = layouts.add();
    for fetch in plan.fetches() {
        join_target(fetch, root, &mut layouts);
    }
    layouts.settle(shapes);
    for fetch in plan.fetches_mut() {
        place_target(fetch, root, &layouts);
    }
    plan.root_width = layouts.width(root);
    (layouts, root)
}

/// Joins the layout of the answer with the layouts of all objects that it goes into.
fn join_target(fetch: &Fetch, root: LayoutId, layouts: &mut Layouts) {
    let answer = Layouts::of_shape(fetch.shape);
    match &fetch.target {
        Target::Root => layouts.join(root, answer),
        Target::At(way) => {
            let at = join_path(root, &way.path, layouts);
            layouts.join(at, answer);
        }
        Target::Entities(batches) => {
            for batch in batches {
                // One place for all paths, as representations are written from all of them the same way.
                let mut entity = layouts.add();
                for way in &batch.paths {
                    let at = join_path(root, &way.path, layouts);
                    layouts.join(at, entity);
                    entity = layouts.current(at);
                }
                for output in &batch.outputs {
                    layouts.join(entity, Layouts::of_shape(output.shape));
                }
                join_required(entity, &batch.requires, layouts);
            }
        }
    }
}

fn join_path(root: LayoutId, path: &Path, layouts: &mut Layouts) -> LayoutId {
    let mut at = root;
    for step in &path.0 {
        if let PathStep::Field(place) = step {
            at = layouts.below(at, place.key);
        }
    }
    at
}

fn join_required(at: LayoutId, required: &[Required], layouts: &mut Layouts) {
    for field in required.iter().filter(|field| !field.below.is_empty()) {
        let below = layouts.below(at, field.place.key);
        join_required(below, &field.below, layouts);
    }
}

fn place_target(fetch: &mut Fetch, root: LayoutId, layouts: &Layouts) {
    let answer = Layouts::of_shape(fetch.shape);
    match &mut fetch.target {
        Target::Root => {}
        Target::At(way) => {
            place_path(root, &mut way.path, layouts);
        }
        Target::Entities(batches) => {
            for Batch { paths, requires, outputs, .. } in batches {
                let mut entity = None;
                for way in paths {
                    entity = place_path(root, &mut way.path, layouts);
                }
                place_required(entity, requires, layouts);
                for output in outputs {
                    output.place.slot = layouts.slot(answer, output.place.key);
                }
            }
        }
    }
}

fn place_path(root: LayoutId, path: &mut Path, layouts: &Layouts) -> Option<LayoutId> {
    let mut at = Some(root);
    for step in &mut path.0 {
        if let PathStep::Field(place) = step {
            at = place_below(at, place, layouts);
        }
    }
    at
}

fn place_below(at: Option<LayoutId>, place: &mut Place, layouts: &Layouts) -> Option<LayoutId> {
    let at = at?;
    place.slot = layouts.slot(at, place.key);
    layouts.child(at, place.key)
}

fn place_required(at: Option<LayoutId>, required: &mut [Required], layouts: &Layouts) {
    for field in required {
        let below = place_below(at, &mut field.place, layouts);
        place_required(below, &mut field.below, layouts);
    }
}

//! Writes a response in parts: what is not deferred first, and each task when its time comes.

use super::{
    Deferral, OutputId, TaskId, View,
    deferral::{Hop, Spot, Visited},
    output::{OutputKind, OutputObject},
    parts::DeferSetId,
    response::{Bubble, Place, ProjectInput, Projected, Step, Writer},
};
use crate::{
    error::{GraphqlError, PathSegment},
    schema::TypeId,
    value::{Object, Value},
};

/// Which part a writer writes.
pub(super) struct Divided<'p, 'd> {
    pub(super) deferral: &'d mut Deferral<'p>,
    /// The errors that the client knows already.
    pub(super) known: &'d [GraphqlError],
    /// Where the part begins.
    pub(super) base: Spot,
    view: View,
    scope: Option<usize>,
    is_task: bool,
}

/// Writes what is not deferred, and notes the rest in `deferral`.
#[must_use]
pub fn project_initial(
    input: ProjectInput<'_>,
    root: Object,
    errors: Vec<GraphqlError>,
    deferral: &mut Deferral<'_>,
) -> Projected {
    let before = deferral.mark();
    let view = View::Set(DeferSetId::NONE);
    let divided = Divided { deferral, known: &[], base: Spot::default(), view, scope: None, is_task: false };
    let mut writer = Writer::new(input, Vec::new(), errors, Some(divided));
    if writer.object(root, input.program.root, None, None).is_err() {
        writer.null();
        if let Some(divided) = &mut writer.divided {
            divided.deferral.forget_since(before);
        }
    }
    writer.finish()
}

/// Writes the fields of a task; `errors` are those that subgraphs raised in them, `known` those that the client heard of
/// before.
///
/// # Errors
///
/// Those of the task, when it has no value because a field that is never null would be.
pub fn project_task(
    input: ProjectInput<'_>,
    (root, task): (Object, TaskId),
    (errors, known): (Vec<GraphqlError>, &[GraphqlError]),
    deferral: &mut Deferral<'_>,
) -> Result<Projected, Vec<GraphqlError>> {
    let scope = deferral.scope_of(task);
    let Some(task) = deferral.tasks().get(task.0) else { return Err(errors) };
    let (view, output, ty, base) = (task.view, task.output, task.ty, task.spot.clone());
    let Some(object) = base.find(input.tree, root) else { return Err(errors) };
    let divided = Divided { deferral, known, base, view, scope, is_task: true };
    let mut writer = Writer::new(input, Vec::new(), errors, Some(divided));
    match writer.object(object, output, ty, None) {
        Ok(()) => Ok(writer.finish()),
        Err(Bubble) => Err(writer.errors),
    }
}

/// The `@defer`s that select the field at `path`: those of the last field on it that is known.
#[must_use]
pub fn owner_of(
    input: ProjectInput<'_>,
    root: Object,
    path: &[PathSegment],
    deferral: &mut Deferral<'_>,
) -> DeferSetId {
    let mut owner = DeferSetId::NONE;
    let (mut value, mut output) = (Value::Object(root), Some(input.program.root));
    let mut kind = None;
    for segment in path {
        value = match (segment, value) {
            (PathSegment::Index(index), Value::List(list)) => {
                input.tree.items(list).get(*index).copied().unwrap_or(Value::Absent)
            }
            (PathSegment::Key(key), Value::Object(object)) => {
                let Some(output) = output.and_then(|output| input.program.get(output)) else { return owner };
                let Some(selection) = output.selection else { return owner };
                let parts = deferral.parts.of(selection);
                let fields = input.projection.selections.get(selection);
                let found = fields.iter().position(|field| *field.response_key == **key);
                let found = found.and_then(|place| Some((u32::try_from(place).ok()?, output.fields.get(place)?)));
                let Some((place, field)) = found else { return owner };
                let Some(set) = parts.set_of(place) else { return owner };
                owner = set;
                kind = Some(&field.kind);
                input.tree.get(object, field.slot)
            }
            _ => return owner,
        };
        if let Value::Object(object) = value {
            output = match kind {
                Some(OutputKind::Object(output, _)) => Some(*output),
                Some(OutputKind::Abstract(by_type, general)) => {
                    let ty = input.tree.typename(object);
                    by_type.iter().find(|(of, _)| Some(*of) == ty).map_or(Some(*general), |(_, output)| Some(*output))
                }
                _ => None,
            };
        }
    }
    owner
}

impl<'a> Writer<'a, '_, '_> {
    /// Writes those fields of an object that are in the part.
    pub(super) fn divided_fields(
        &mut self,
        object: Object,
        (id, output): (OutputId, &'a OutputObject),
        ty: Option<TypeId>,
        above: Option<&Place<'_>>,
    ) -> Result<(), Bubble> {
        let (Some(divided), Some(selection)) = (&mut self.divided, output.selection) else { return Err(Bubble) };
        let (input, base) = (self.input, &divided.base);
        let spot = || spot(input, base, above);
        let is_begun = divided.is_task && above.is_none();
        let (view, outer) = (divided.view, divided.scope);
        let visited = Visited { selection, output: id, ty, spot: &spot };
        divided.scope = divided.deferral.visit(&visited, (view, is_begun), outer);
        let parts = divided.deferral.parts.of(selection);
        let fields = parts.fields(view).iter().filter_map(|&place| output.fields.get(place as usize));
        let mut written = Ok(());
        for field in fields {
            written = self.field(object, field, ty, above);
            if written.is_err() {
                break;
            }
        }
        if let Some(divided) = &mut self.divided {
            divided.scope = outer;
        }
        written
    }
}

/// Where an object below `above` is.
fn spot(input: ProjectInput<'_>, base: &Spot, above: Option<&Place<'_>>) -> Spot {
    let mut spot = base.clone();
    let length = spot.path.len();
    for place in std::iter::successors(above, |place| place.above) {
        let (segment, hop) = match place.step {
            Step::Field(field) => {
                let selected = input.projection.selections.get(field.of.0).get(field.of.1 as usize);
                let key = selected.map_or_else(String::new, |field| (*field.response_key).to_owned());
                (PathSegment::Key(key), Hop::Field(field.slot))
            }
            Step::Index(index) => (PathSegment::Index(index), Hop::Index(index)),
        };
        spot.path.push(segment);
        spot.hops.push(hop);
    }
    if let Some(below) = spot.path.get_mut(length..) {
        below.reverse();
    }
    if let Some(below) = spot.hops.get_mut(length..) {
        below.reverse();
    }
    spot
}

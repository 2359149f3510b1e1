//! Gathers entities into representations, and scatters the answers back.

use ahash::AHashMap;

use super::{
    position::{object_at_mut, visit_objects},
    representation::RepresentationWriter,
};
use crate::{
    plan::Batch,
    schema::TypeNames,
    value::{Buffers, Object, Value},
};

/// The entities of one batch: which representation each position shares.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// How many different representations there are.
    pub(super) count: u32,
    /// Where entities are.
    pub(super) positions: Vec<Position>,
    /// The list indices of all positions, one after the other.
    indices: Vec<u32>,
}

/// One place in the tree where an entity stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Which path of the batch led there.
    pub(super) path: usize,
    /// Which representation it has.
    pub(super) representation: u32,
    start: usize,
    end: usize,
}

impl Gathered {
    /// The list indices of a position.
    pub(super) fn indices(&self, position: Position) -> &[u32] {
        self.indices.get(position.start..position.end).unwrap_or_default()
    }

    /// The positions that share a representation.
    pub(super) fn positions_of(&self, representation: usize) -> impl Iterator<Item = Position> {
        self.positions.iter().copied().filter(move |position| position.representation as usize == representation)
    }
}

/// Writes the different representations of a batch as a JSON list.
///
/// Representations are the same when their bytes are.
pub(super) fn gather(
    out: &mut Vec<u8>,
    root: &Object,
    batch: &Batch,
    (types, buffers): (&TypeNames, &Buffers),
) -> Gathered {
    let writer = RepresentationWriter { types, buffers };
    let mut gathered = Gathered::default();
    let mut known: AHashMap<Vec<u8>, u32> = AHashMap::new();
    let mut scratch = Vec::new();
    out.push(b'[');
    for (path_index, path) in batch.paths.iter().enumerate() {
        visit_objects(root, path, types, &mut |object, indices| {
            scratch.clear();
            if !writer.write(&mut scratch, object, batch) {
                return;
            }
            let representation = known.get(&scratch).copied().unwrap_or_else(|| {
                if gathered.count > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(&scratch);
                known.insert(scratch.clone(), gathered.count);
                gathered.count += 1;
                gathered.count - 1
            });
            let start = gathered.indices.len();
            gathered.indices.extend_from_slice(indices);
            let end = gathered.indices.len();
            gathered.positions.push(Position { path: path_index, representation, start, end });
        });
    }
    out.push(b']');
    gathered
}

/// Joins the answers of a batch into the entities that its representations were made from.
pub(super) fn scatter(
    root: &mut Object,
    batch: &Batch,
    gathered: &Gathered,
    mut answers: Vec<Value>,
    types: &TypeNames,
) {
    let mut uses = vec![0_u32; answers.len()];
    for position in &gathered.positions {
        if let Some(uses) = uses.get_mut(position.representation as usize) {
            *uses += 1;
        }
    }
    for &position in &gathered.positions {
        let index = position.representation as usize;
        let (Some(answer), Some(uses)) = (answers.get_mut(index), uses.get_mut(index)) else { continue };
        *uses -= 1;
        // The last position takes the answer, those before it a copy.
        let answer = if *uses == 0 { std::mem::replace(answer, Value::Null) } else { answer.clone() };
        let Value::Object(answer) = answer else { continue };
        let path = batch.paths.get(position.path);
        if let Some(object) = path.and_then(|path| object_at_mut(root, path, gathered.indices(position))) {
            object.merge(answer, types);
        }
    }
}

//! Entities of one batch: from the tree to representations, and from their answers back into the tree.
//!
//! [`gather`] writes each different representation once and notes who has it. What answers a representation, from
//! wherever it comes, is joined by [`scatter`].

use ahash::{AHashMap, RandomState};
use hashbrown::{HashTable, hash_table::Entry};

use super::{
    position::{Grown, visit_objects},
    representation::RepresentationWriter,
};
use crate::{
    plan::Batch,
    schema::TypeNames,
    value::{Object, Tree, Value},
};

/// The different representations of a batch, and the entities that have them.
#[derive(Debug, Default)]
pub(super) struct Representations {
    /// One behind the other, in JSON.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Of each, how many entities have it.
    uses: Vec<u32>,
    /// The entities, each once.
    pub(super) entities: Vec<Entity>,
}

/// An entity in the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity {
    pub(super) object: Object,
    /// Which way of the batch led there.
    pub(super) way: usize,
    /// Which representation it has.
    pub(super) representation: usize,
}

impl Representations {
    /// How many different ones there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How long they are as a JSON list, and the name of its variable.
    pub(super) fn size_bytes(&self) -> usize {
        self.bytes.len() + self.len() + 64
    }

    /// All of them in JSON, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Some of them, with the entities that have them.
    pub(super) fn narrowed(&self, which: &[usize]) -> Self {
        let mut some = Self::default();
        let mut numbers = vec![None; self.len()];
        for (number, &index) in which.iter().enumerate() {
            some.bytes.extend_from_slice(self.get(index));
            some.ends.push(some.bytes.len());
            some.uses.push(self.uses.get(index).copied().unwrap_or_default());
            if let Some(known) = numbers.get_mut(index) {
                *known = Some(number);
            }
        }
        let renumbered = |entity: &Entity| {
            let representation = (*numbers.get(entity.representation)?)?;
            Some(Entity { representation, ..*entity })
        };
        some.entities = self.entities.iter().filter_map(renumbered).collect();
        some
    }

    /// One of them.
    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// Writes the representations of a batch. They are the same when their bytes are.
pub(super) fn gather(grown: Grown<'_>, batch: &Batch) -> Representations {
    let writer = RepresentationWriter { types: grown.types, tree: grown.tree };
    let hasher = RandomState::new();
    let mut known: HashTable<usize> = HashTable::new();
    let mut all = Representations::default();
    for (way, path) in batch.paths.iter().map(|way| &way.path).enumerate() {
        visit_objects(grown, path, |object| {
            let start = all.bytes.len();
            if !writer.write(&mut all.bytes, object, batch) {
                return;
            }
            let written = all.bytes.get(start..).unwrap_or_default();
            let hash = hasher.hash_one(written);
            let entry = known.entry(hash, |&index| all.get(index) == written, |&index| hasher.hash_one(all.get(index)));
            let representation = match entry {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    let new = all.ends.len();
                    place.insert(new);
                    new
                }
            };
            match all.uses.get_mut(representation) {
                Some(uses) => {
                    *uses += 1;
                    all.bytes.truncate(start);
                }
                None => {
                    all.uses.push(1);
                    all.ends.push(all.bytes.len());
                }
            }
            all.entities.push(Entity { object, way, representation });
        });
    }
    all
}

/// Joins the answers of a batch, one for each representation, into the entities.
pub(super) fn scatter(
    tree: &mut Tree,
    batch: &Batch,
    representations: &Representations,
    answers: &[Value],
    types: &TypeNames,
) {
    let mut owners = Owners { of: vec![None; answers.len()], copies: AHashMap::new() };
    for (number, entity) in representations.entities.iter().enumerate() {
        let Some(&Value::Object(answer)) = answers.get(entity.representation) else { continue };
        let sharing = batch.paths.get(entity.way).and_then(|way| way.sharing);
        let owner = sharing.map_or(Owner::Entity(number), Owner::Ways);
        let answer = owners.answer_for(owner, entity.representation, (answer, &mut *tree));
        let is_used_again = representations.uses.get(entity.representation).is_some_and(|&uses| uses > 1);
        if tree.has_no_copies() {
            tree.merge(entity.object, answer, is_used_again, types);
        } else {
            let objects = tree.with_copies(entity.object);
            let is_shared = is_used_again || objects.len() > 1;
            for object in objects {
                tree.merge(object, answer, is_shared, types);
            }
        }
    }
}

/// Who may share an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    /// The entities of ways with this number.
    Ways(u32),
    /// One entity alone, by its number.
    Entity(usize),
}

/// Gives each owner an answer of its own: to the first the answer itself, to others a copy.
struct Owners {
    /// Who has the answer itself, by representation.
    of: Vec<Option<Owner>>,
    copies: AHashMap<(usize, Owner), Object>,
}

impl Owners {
    fn answer_for(&mut self, owner: Owner, representation: usize, (answer, tree): (Object, &mut Tree)) -> Object {
        let Some(first) = self.of.get_mut(representation) else { return answer };
        if *first.get_or_insert(owner) == owner {
            return answer;
        }
        *self.copies.entry((representation, owner)).or_insert_with(|| tree.duplicate(answer))
    }
}

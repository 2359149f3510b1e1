//! The tree that all answers are joined into: one flat list of values, in which objects and lists are stretches.
//!
//! An object is a head and one value for each slot of its [layout](super::Layouts), so that reading a field is one
//! addition. Entities that stand in many places share what is below them; who changes something shared that the others
//! must not see copies it first.

use ahash::AHashMap;
use bytes::Bytes;

use super::{List, Object, SlotId, Span, Value};
use crate::schema::{TypeId, TypeNames};

/// How many values a tree may have: 4 GiB of them. It is far more than all answers of a request may be long, unless they
/// are empty objects where many fields were asked for.
const MAX_VALUES: usize = 1 << 28;

/// Values, with the bytes that they point into.
#[derive(Debug, Default)]
pub struct Tree {
    values: Vec<Value>,
    buffers: Vec<Bytes>,
    /// For objects that were shared, the copies that were made for one of their places.
    copies: AHashMap<u32, Vec<u32>>,
}

impl Tree {
    /// Keeps the bytes of an answer and returns their number.
    pub fn add_buffer(&mut self, bytes: Bytes) -> u32 {
        let id = position(self.buffers.len());
        self.buffers.push(bytes);
        id
    }

    /// The bytes of an answer.
    #[must_use]
    pub fn buffer(&self, buffer: u32) -> Option<&Bytes> {
        self.buffers.get(buffer as usize)
    }

    /// The bytes of a span.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        let buffer = self.buffers.get(span.buffer as usize);
        buffer.and_then(|buffer| buffer.get(span.start as usize..span.end as usize)).unwrap_or_default()
    }

    /// Adds an object with no values yet.
    pub fn add_object(&mut self, width: u32) -> Object {
        let head = position(self.values.len());
        self.values.push(Value::Head { typename: None, width });
        self.values.resize(self.values.len() + width as usize, Value::Absent);
        Object { head, is_shared: false }
    }

    /// Adds a list.
    pub fn add_list(&mut self, items: impl ExactSizeIterator<Item = Value>) -> List {
        let list = List { start: position(self.values.len()), length: position(items.len()), is_shared: false };
        self.values.extend(items);
        list
    }

    /// Whether it has more values than one request may need.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.values.len() > MAX_VALUES
    }

    /// The type of an object, as far as a subgraph said it.
    #[must_use]
    pub fn typename(&self, object: Object) -> Option<TypeId> {
        match self.values.get(object.head as usize) {
            Some(Value::Head { typename, .. }) => *typename,
            _ => None,
        }
    }

    /// Sets the type of an object.
    pub fn set_typename(&mut self, object: Object, to: TypeId) {
        if let Some(Value::Head { typename, .. }) = self.values.get_mut(object.head as usize) {
            *typename = Some(to);
        }
    }

    /// The value in a slot.
    #[must_use]
    pub fn get(&self, object: Object, slot: SlotId) -> Value {
        self.values.get(place(object, slot)).copied().unwrap_or(Value::Absent)
    }

    /// The items of a list.
    #[must_use]
    pub fn items(&self, list: List) -> &[Value] {
        self.values.get(list.start as usize..(list.start + list.length) as usize).unwrap_or_default()
    }

    /// Joins one more answer for the same slot of an object; `null` says nothing.
    pub fn set(&mut self, object: Object, slot: SlotId, value: Value, types: &TypeNames) {
        self.join(place(object, slot), value, false, types);
    }

    /// Joins what another answer says of the same object, the objects of one layout. With `is_shared` more places will
    /// join the same answer.
    ///
    /// A concrete type wins over an interface: a subgraph with an interface object knows only the interface.
    pub fn merge(&mut self, into: Object, from: Object, is_shared: bool, types: &TypeNames) {
        if let Some(theirs) = self.typename(from)
            && (self.typename(into).is_none() || !types.is_abstract(theirs))
        {
            self.set_typename(into, theirs);
        }
        for slot in 0..self.width(into).min(self.width(from)) {
            let value = self.get(from, SlotId(slot));
            if value != Value::Absent {
                self.join(place(into, SlotId(slot)), value, is_shared, types);
            }
        }
    }

    /// The object and all copies of it that were made for one of its places.
    pub fn with_copies(&self, object: Object) -> Vec<Object> {
        let mut all = vec![object];
        let mut next = 0;
        while let Some(object) = all.get(next) {
            let copies = self.copies.get(&object.head).map_or(&[][..], Vec::as_slice);
            all.extend(copies.iter().map(|&head| Object { head, is_shared: false }));
            next += 1;
        }
        all
    }

    /// Whether no object was ever copied, so that [`Self::with_copies`] has nothing to say.
    #[must_use]
    pub fn has_no_copies(&self) -> bool {
        self.copies.is_empty()
    }

    /// An object that equals `object` and shares nothing with it.
    pub fn duplicate(&mut self, object: Object) -> Object {
        let copy = self.copy_values(object.head as usize, self.width(object) as usize + 1);
        for at in copy..copy + self.width(object) as usize + 1 {
            self.duplicate_at(at);
        }
        Object { head: position(copy), is_shared: false }
    }

    fn duplicate_at(&mut self, at: usize) {
        let duplicate = match self.values.get(at) {
            Some(&Value::Object(object)) => Value::Object(self.duplicate(object)),
            Some(&Value::List(list)) => {
                let copy = self.copy_values(list.start as usize, list.length as usize);
                for at in copy..copy + list.length as usize {
                    self.duplicate_at(at);
                }
                Value::List(List { start: position(copy), is_shared: false, ..list })
            }
            _ => return,
        };
        self.put(at, duplicate);
    }

    fn join(&mut self, at: usize, value: Value, is_shared: bool, types: &TypeNames) {
        let Some(&mine) = self.values.get(at) else { return };
        match (mine, value) {
            (Value::Absent, _) => self.put(at, shared(value, is_shared)),
            (_, Value::Null | Value::Absent | Value::Head { .. }) => {}
            (Value::Object(mine), Value::Object(theirs)) if mine.head != theirs.head => {
                let mine = self.own_object(at, mine);
                self.merge(mine, theirs, is_shared, types);
            }
            (Value::List(mine), Value::List(theirs)) if mine.length == theirs.length && mine.start != theirs.start => {
                let mine = self.own_list(at, mine);
                for index in 0..mine.length {
                    let theirs = self.values.get((theirs.start + index) as usize).copied().unwrap_or(Value::Absent);
                    self.join((mine.start + index) as usize, theirs, is_shared, types);
                }
            }
            // The same again.
            (Value::Object(_), Value::Object(_)) => {}
            (Value::List(mine), Value::List(theirs)) if mine.start == theirs.start => {}
            _ => self.put(at, shared(value, is_shared)),
        }
    }

    /// The object, or a copy of it for this place when it is shared.
    fn own_object(&mut self, at: usize, object: Object) -> Object {
        if !object.is_shared {
            return object;
        }
        let copy = self.copy_shared(object.head as usize, self.width(object) as usize + 1);
        let own = Object { head: position(copy), is_shared: false };
        self.copies.entry(object.head).or_default().push(own.head);
        self.put(at, Value::Object(own));
        own
    }

    fn own_list(&mut self, at: usize, list: List) -> List {
        if !list.is_shared {
            return list;
        }
        let copy = self.copy_shared(list.start as usize, list.length as usize);
        let own = List { start: position(copy), length: list.length, is_shared: false };
        self.put(at, Value::List(own));
        own
    }

    /// Copies values that now stand in two places, which what is below them does as well.
    fn copy_shared(&mut self, start: usize, length: usize) -> usize {
        let copy = self.copy_values(start, length);
        for at in (start..start + length).chain(copy..copy + length) {
            if let Some(value) = self.values.get_mut(at) {
                *value = shared(*value, true);
            }
        }
        copy
    }

    fn copy_values(&mut self, start: usize, length: usize) -> usize {
        let copy = self.values.len();
        if start + length <= copy {
            self.values.extend_from_within(start..start + length);
        }
        copy
    }

    fn width(&self, object: Object) -> u32 {
        match self.values.get(object.head as usize) {
            Some(Value::Head { width, .. }) => *width,
            _ => 0,
        }
    }

    fn put(&mut self, at: usize, value: Value) {
        if let Some(slot) = self.values.get_mut(at) {
            *slot = value;
        }
    }
}

const fn shared(value: Value, is_shared: bool) -> Value {
    match value {
        Value::List(list) if is_shared => Value::List(List { is_shared: true, ..list }),
        Value::Object(object) if is_shared => Value::Object(Object { is_shared: true, ..object }),
        value => value,
    }
}

/// Where a slot's value is. A slot that no layout has is beyond every tree.
const fn place(object: Object, slot: SlotId) -> usize {
    (object.head as usize).saturating_add(1).saturating_add(slot.0 as usize)
}

/// Nothing is added to a tree that is full, which it is long before numbers run out.
fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: SlotId = SlotId(0);

    fn object_with(tree: &mut Tree, value: Value) -> Object {
        let object = tree.add_object(2);
        tree.set(object, SLOT, value, &TypeNames::default());
        object
    }

    fn leaf(start: u32) -> Value {
        Value::Leaf(Span { buffer: 0, start, end: start })
    }

    fn only_item(tree: &Tree, object: Object) -> Object {
        let Value::List(list) = tree.get(object, SLOT) else { panic!("{tree:?}") };
        let [Value::Object(item)] = tree.items(list) else { panic!("{tree:?}") };
        *item
    }

    /// Two places, and an answer with a list of one object that both join.
    fn two_places(tree: &mut Tree) -> [Object; 2] {
        let below = object_with(tree, leaf(1));
        let list = tree.add_list([Value::Object(below)].into_iter());
        let answer = object_with(tree, Value::List(list));
        let places = [tree.add_object(2), tree.add_object(2)];
        for place in places {
            tree.merge(place, answer, true, &TypeNames::default());
        }
        places
    }

    #[test]
    fn places_share_what_is_below_an_answer() {
        let mut tree = Tree::default();
        let [one, other] = two_places(&mut tree);
        let below = only_item(&tree, one);
        tree.set(below, SlotId(1), leaf(2), &TypeNames::default());
        assert_eq!(tree.get(only_item(&tree, other), SlotId(1)), leaf(2));
        assert!(tree.has_no_copies());
    }

    #[test]
    fn what_one_place_alone_joins_is_not_seen_by_the_others() {
        let mut tree = Tree::default();
        let [one, other] = two_places(&mut tree);
        let before = only_item(&tree, one);
        let more = object_with(&mut tree, Value::Absent);
        tree.set(more, SlotId(1), leaf(3), &TypeNames::default());
        let list = tree.add_list([Value::Object(more)].into_iter());
        let answer = object_with(&mut tree, Value::List(list));
        tree.merge(one, answer, false, &TypeNames::default());
        let (mine, theirs) = (only_item(&tree, one), only_item(&tree, other));
        assert_eq!((tree.get(mine, SLOT), tree.get(mine, SlotId(1))), (leaf(1), leaf(3)));
        assert_eq!((tree.get(theirs, SLOT), tree.get(theirs, SlotId(1))), (leaf(1), Value::Absent));
        // An answer for the object that was there before reaches both.
        let numbers: Vec<u32> = tree.with_copies(before).into_iter().map(Object::id).collect();
        assert_eq!(numbers, [theirs.id(), mine.id()]);
    }

    #[test]
    fn a_duplicate_shares_nothing() {
        let mut tree = Tree::default();
        let [one, _] = two_places(&mut tree);
        let copy = tree.duplicate(one);
        let below = only_item(&tree, copy);
        tree.set(below, SLOT, leaf(9), &TypeNames::default());
        assert_eq!(tree.get(only_item(&tree, one), SLOT), leaf(1));
        assert_eq!(tree.get(only_item(&tree, copy), SLOT), leaf(9));
    }

    #[test]
    fn null_says_nothing_of_what_is_known() {
        let mut tree = Tree::default();
        let object = object_with(&mut tree, leaf(1));
        tree.set(object, SLOT, Value::Null, &TypeNames::default());
        assert_eq!(tree.get(object, SLOT), leaf(1));
        tree.set(object, SlotId(1), Value::Null, &TypeNames::default());
        assert_eq!(tree.get(object, SlotId(1)), Value::Null);
    }
}

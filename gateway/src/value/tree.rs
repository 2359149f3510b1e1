//! The tree that all answers are joined into.

use bytes::Bytes;

use super::KeyId;
use crate::schema::{TypeId, TypeNames};

/// A stretch of bytes of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which answer.
    pub buffer: u32,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The bytes of all answers of one request.
#[derive(Debug, Default)]
pub struct Buffers {
    answers: Vec<Bytes>,
}

impl Buffers {
    /// Keeps an answer and returns its number.
    pub fn add(&mut self, answer: Bytes) -> u32 {
        let id = u32::try_from(self.answers.len()).unwrap_or(u32::MAX);
        self.answers.push(answer);
        id
    }

    /// All bytes of an answer.
    #[must_use]
    pub fn whole(&self, answer: u32) -> &[u8] {
        self.answers.get(answer as usize).map_or(&[], |bytes| bytes)
    }

    /// The bytes of a span.
    #[must_use]
    pub fn get(&self, span: Span) -> &[u8] {
        let answer = self.answers.get(span.buffer as usize);
        answer.and_then(|answer| answer.get(span.start as usize..span.end as usize)).unwrap_or_default()
    }
}

/// A value in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// Raw JSON: a number, text with its quotes, a truth value, or an object of a custom scalar.
    Leaf(Span),
    /// A list.
    List(Vec<Self>),
    /// An object with a selection.
    Object(Object),
}

/// An object in the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// Its type, as far as a subgraph said it.
    pub typename: Option<TypeId>,
    /// Its fields, each key once.
    pub fields: Vec<(KeyId, Value)>,
}

impl Object {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: KeyId) -> Option<&Value> {
        self.fields.iter().find_map(|(candidate, value)| (*candidate == key).then_some(value))
    }

    /// The value of a client's key: under the key `renamed` if it is there, else under its own.
    #[must_use]
    pub fn get_either(&self, key: KeyId, renamed: Option<KeyId>) -> Option<&Value> {
        renamed.and_then(|renamed| self.get(renamed)).or_else(|| self.get(key))
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: KeyId) -> Option<&mut Value> {
        self.fields.iter_mut().find_map(|(candidate, value)| (*candidate == key).then_some(value))
    }

    /// Joins what another answer says of the same object.
    ///
    /// A concrete type wins over an interface: a subgraph with an interface object knows only the interface.
    pub fn merge(&mut self, other: Self, types: &TypeNames) {
        let keeps_type = match (self.typename, other.typename) {
            (Some(_), Some(theirs)) => types.is_abstract(theirs),
            _ => false,
        };
        if !keeps_type && other.typename.is_some() {
            self.typename = other.typename;
        }
        if self.fields.is_empty() {
            self.fields = other.fields;
            return;
        }
        for (key, value) in other.fields {
            if key == KeyId::TYPENAME && keeps_type {
                continue;
            }
            match self.get_mut(key) {
                Some(mine) => mine.merge(value, types),
                None => self.fields.push((key, value)),
            }
        }
    }
}

impl Value {
    /// Joins what another answer says of the same value; `null` says nothing.
    pub fn merge(&mut self, other: Self, types: &TypeNames) {
        match (self, other) {
            (_, Self::Null) => {}
            (Self::Object(mine), Self::Object(theirs)) => mine.merge(theirs, types),
            (Self::List(mine), Self::List(theirs)) if mine.len() == theirs.len() => {
                for (mine, theirs) in mine.iter_mut().zip(theirs) {
                    mine.merge(theirs, types);
                }
            }
            (mine, theirs) => *mine = theirs,
        }
    }
}

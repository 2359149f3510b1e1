//! The fields that are asked for, by the client and by keys and `@requires`.

use ahash::AHashMap;

use crate::value::{KeyId, Keys};

/// The number of a field with its arguments and its key in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct AskedId(pub(super) u32);

impl AskedId {
    /// The name of an object's type.
    pub(super) const TYPENAME: Self = Self(0);
}

/// A field with its arguments and its key in the tree.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    /// As they are written, with parentheses.
    pub(super) arguments: Box<str>,
    pub(super) key: KeyId,
    /// What the client calls it; the field's name where no client does.
    pub(super) response_key: &'a str,
    /// The variables that its arguments use.
    pub(super) variables: Vec<&'a str>,
}

/// All of them, each once.
#[derive(Debug)]
pub(super) struct AskedFields<'a> {
    all: Vec<Asked<'a>>,
    known: AHashMap<(KeyId, &'a str, Box<str>), AskedId>,
    typename: Asked<'a>,
}

impl<'a> AskedFields<'a> {
    pub(super) fn new() -> Self {
        let typename = Asked {
            name: "__typename",
            arguments: "".into(),
            key: KeyId::TYPENAME,
            response_key: "__typename",
            variables: Vec::new(),
        };
        Self { all: vec![typename.clone()], known: AHashMap::new(), typename }
    }

    pub(super) fn get(&self, id: AskedId) -> &Asked<'a> {
        self.all.get(id.0 as usize).unwrap_or(&self.typename)
    }

    /// A field of the client's.
    pub(super) fn of_client(&mut self, asked: Asked<'a>) -> AskedId {
        self.add(asked)
    }

    /// A field that keys or `@requires` name; the client's, where that has no other name and no arguments.
    pub(super) fn internal(&mut self, name: &'a str, arguments: &str, keys: &mut Keys) -> AskedId {
        if name == "__typename" {
            return AskedId::TYPENAME;
        }
        let key = keys.intern(&format!("{name}{arguments}"));
        self.add(Asked { name, arguments: arguments.into(), key, response_key: name, variables: Vec::new() })
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Asked<'a>> {
        self.all.iter()
    }

    fn add(&mut self, asked: Asked<'a>) -> AskedId {
        let next = AskedId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let known = self.known.entry((asked.key, asked.name, asked.arguments.clone())).or_insert(next);
        if *known == next {
            self.all.push(asked);
        }
        *known
    }
}

//! Response keys, numbered within one plan.

use ahash::AHashMap;

use crate::weight::{owns, owns_nothing};

/// The number of a response key within one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl KeyId {
    /// `__typename`, in every plan.
    pub const TYPENAME: Self = Self(0);
}

/// All response keys of one plan.
#[derive(Debug)]
pub struct Keys {
    names: Vec<Box<str>>,
    by_name: AHashMap<Box<str>, KeyId>,
    /// For an alias that the client called otherwise, the client's.
    client_aliases: AHashMap<Box<str>, Box<str>>,
}

impl Default for Keys {
    fn default() -> Self {
        let mut keys = Self { names: Vec::new(), by_name: AHashMap::new(), client_aliases: AHashMap::new() };
        keys.intern("__typename");
        keys
    }
}

impl Keys {
    /// The number of `name`, a new one if need be.
    pub fn intern(&mut self, name: &str) -> KeyId {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let id = self.add(name);
        self.by_name.insert(name.into(), id);
        id
    }

    fn add(&mut self, name: &str) -> KeyId {
        let id = KeyId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.into());
        id
    }

    /// The key of a field that the client calls `response_key`.
    ///
    /// One key means one thing, whatever the types: an object of a subgraph that cannot tell types apart has all that is
    /// asked of any. Plans read fields such as keys under the names of the fields.
    pub fn of_client(&mut self, response_key: &str, field: &str, arguments: &str) -> KeyId {
        if response_key == field && arguments.is_empty() {
            return self.intern(response_key);
        }
        self.intern(&format!("{response_key}:{field}{arguments}"))
    }

    /// Notes what the client calls the alias `wire`.
    pub fn note_alias(&mut self, wire: &str, client: &str) {
        self.client_aliases.insert(wire.into(), client.into());
    }

    /// What the client calls a key on the wire, or one of the tree.
    #[must_use]
    pub fn client_name<'a>(&'a self, wire: &'a str) -> &'a str {
        let name = self.client_aliases.get(wire).map_or(wire, |alias| alias);
        name.split_once([':', '(']).map_or(name, |(name, _)| name)
    }

    /// The key of a number.
    #[must_use]
    pub fn name(&self, id: KeyId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| name)
    }
}

owns_nothing!(KeyId);
owns!(Keys: names, by_name, client_aliases);

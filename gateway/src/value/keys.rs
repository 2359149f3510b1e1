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
    /// For a client's key, the key under which its value is where something else is under the client's.
    renamed: AHashMap<KeyId, KeyId>,
    /// For a key on the wire that no client knows, the client's.
    client_keys: AHashMap<Box<str>, KeyId>,
    /// For an alias that the client called otherwise, the client's.
    client_aliases: AHashMap<Box<str>, Box<str>>,
}

impl Default for Keys {
    fn default() -> Self {
        let mut keys = Self {
            names: Vec::new(),
            by_name: AHashMap::new(),
            renamed: AHashMap::new(),
            client_keys: AHashMap::new(),
            client_aliases: AHashMap::new(),
        };
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

    /// The key for values of the client's key `client` that are asked for as `wire`.
    ///
    /// It is another than the client's own, because the planner asks so where both a key field of an entity and
    /// what the client called like it are needed.
    pub fn rename(&mut self, wire: &str, client: &str) -> KeyId {
        let client_key = self.intern(client);
        self.client_keys.insert(wire.into(), client_key);
        if let Some(&renamed) = self.renamed.get(&client_key) {
            return renamed;
        }
        let renamed = self.add(client);
        self.renamed.insert(client_key, renamed);
        renamed
    }

    /// The key under which values of a client's key may be instead, if there is one.
    #[must_use]
    pub fn renamed(&self, client: KeyId) -> Option<KeyId> {
        self.renamed.get(&client).copied()
    }

    /// Whether any key has another one beside it.
    #[must_use]
    pub fn has_renamed(&self) -> bool {
        !self.renamed.is_empty()
    }

    /// Notes what the client calls the alias `wire`.
    pub fn note_alias(&mut self, wire: &str, client: &str) {
        self.client_aliases.insert(wire.into(), client.into());
    }

    /// What the client calls a key on the wire.
    #[must_use]
    pub fn client_name<'a>(&'a self, wire: &'a str) -> &'a str {
        let name = self.client_keys.get(wire).map_or(wire, |&key| self.name(key));
        self.client_aliases.get(name).map_or(name, |alias| alias)
    }

    /// The key of a number.
    #[must_use]
    pub fn name(&self, id: KeyId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| name)
    }
}

owns_nothing!(KeyId);
owns!(Keys: names, by_name, renamed, client_keys, client_aliases);

//! Response keys, numbered within one plan.

use ahash::AHashMap;

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
}

impl Default for Keys {
    fn default() -> Self {
        let mut keys = Self { names: Vec::new(), by_name: AHashMap::new() };
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
        let id = KeyId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.into());
        self.by_name.insert(name.into(), id);
        id
    }

    /// The key of a number.
    #[must_use]
    pub fn name(&self, id: KeyId) -> &str {
        self.names.get(id.0 as usize).map_or("", |name| name)
    }
}

//! By what a prepared operation is found.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
};

use crate::plan::Conditions;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PreparedKey {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    /// For an operation whose selection depends on variables, their values; `None` until that is known.
    pub(super) conditions: Option<Conditions>,
}

/// The parts of a key, to look one up without making it.
pub(super) struct Asked<'a> {
    pub(super) query: &'a str,
    pub(super) operation_name: Option<&'a str>,
    pub(super) conditions: Option<Conditions>,
}

impl Asked<'_> {
    pub(super) fn to_key(&self) -> PreparedKey {
        PreparedKey {
            query: self.query.to_owned(),
            operation_name: self.operation_name.map(str::to_owned),
            conditions: self.conditions.clone(),
        }
    }
}

/// What is one key whether it owns its parts or not.
pub(super) trait AsKey {
    fn parts(&self) -> (&str, Option<&str>, Option<&Conditions>);
}

impl AsKey for PreparedKey {
    fn parts(&self) -> (&str, Option<&str>, Option<&Conditions>) {
        (&self.query, self.operation_name.as_deref(), self.conditions.as_ref())
    }
}

impl AsKey for Asked<'_> {
    fn parts(&self) -> (&str, Option<&str>, Option<&Conditions>) {
        (self.query, self.operation_name, self.conditions.as_ref())
    }
}

impl<'a> Borrow<dyn AsKey + Sync + 'a> for PreparedKey {
    fn borrow(&self) -> &(dyn AsKey + Sync + 'a) {
        self
    }
}

impl Hash for dyn AsKey + Sync + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As the fields of `PreparedKey` are hashed.
        self.parts().hash(state);
    }
}

impl PartialEq for dyn AsKey + Sync + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn AsKey + Sync + '_ {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_its_parts_are_found_by_each_other() {
        let hasher = ahash::RandomState::new();
        for operation_name in [None, Some("a")] {
            let asked = Asked { query: "{ a }", operation_name, conditions: None };
            let key = asked.to_key();
            let parts: &(dyn AsKey + Sync) = &asked;
            let borrowed: &(dyn AsKey + Sync) = key.borrow();
            assert!(borrowed == parts);
            assert_eq!(hasher.hash_one(&key), hasher.hash_one(parts));
        }
    }
}

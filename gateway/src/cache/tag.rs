//! What an answer has read: entities, by type and key, as numbers.
//!
//! Numbers stand for type names, fields and values. Two things with the same number are evicted together, which costs a
//! fetch and never shows anything wrong; so they need not be checked.

use super::EntityEvent;

/// A number for a type or a field.
pub(super) fn name_number(name: &str) -> u64 {
    number(&[name.as_bytes()])
}

/// A number for the entity of a type whose `field` is `value`.
pub(super) fn entity_number(typename: u64, field: u64, value: &str) -> u64 {
    number(&[&typename.to_le_bytes(), &field.to_le_bytes(), value.as_bytes()])
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
pub(super) fn number(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter().chain([&0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// One entity that an answer has read, by one name of its type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Reading {
    /// The name of its type.
    pub(super) typename: u64,
    /// Its keys as far as they are known: field, and entity. Without any, it may be any entity of the type.
    pub(super) keys: Box<[(u64, u64)]>,
    /// Its revision as the answer shows it.
    pub(super) revision: Option<i64>,
}

impl Reading {
    /// Any entity of a type.
    pub(super) fn any_of(typename: u64) -> Self {
        Self { typename, keys: Box::default(), revision: None }
    }

    /// The entity that an event names.
    pub(super) fn named_by(event: &EntityEvent) -> Self {
        let typename = name_number(&event.typename);
        let mut keys: Vec<(u64, u64)> = event
            .key
            .iter()
            .map(|(field, value)| {
                let field = name_number(field);
                (field, entity_number(typename, field, &value.to_text()))
            })
            .collect();
        keys.sort_unstable();
        Self { typename, keys: keys.into(), revision: event.revision }
    }
}

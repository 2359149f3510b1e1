//! Names that occur more than once.

use ahash::AHashMap;

use crate::parse::ast::{Name, Offset};

/// The names that occur more than once, in order, each with all its places.
pub(super) fn repeated<'v>(names: impl Iterator<Item = Name<'v>>) -> Vec<(&'v str, Vec<Offset>)> {
    let mut order: Vec<(&str, Vec<Offset>)> = Vec::new();
    let mut index: AHashMap<&str, usize> = AHashMap::new();
    for name in names {
        let at = *index.entry(name.text).or_insert(order.len());
        match order.get_mut(at) {
            Some((_, places)) => places.push(name.at),
            None => order.push((name.text, vec![name.at])),
        }
    }
    order.retain(|(_, places)| places.len() > 1);
    order
}

//! Names that occur more than once.

use ahash::AHashMap;

use crate::{
    parse::ast::{Name, Offset},
    validate::context::Context,
};

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

/// Reports each definition of a `kind` that has the name of one before it.
pub(super) fn report_second<'v>(context: &mut Context<'v>, kind: &str, names: impl Iterator<Item = Name<'v>>) {
    let mut known = AHashMap::new();
    for name in names {
        if let Some(first) = known.get(name.text) {
            let message = format!("There can be only one {kind} named \"{}\".", name.text);
            context.report(message, &[*first, name.at]);
        } else {
            known.insert(name.text, name.at);
        }
    }
}

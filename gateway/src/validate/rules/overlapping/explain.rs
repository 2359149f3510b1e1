//! Which fields conflict, by comparing pairs, within bounds.

use ahash::AHashSet;

use super::collect::{Conflict, Entry, TypedSet, collect, different_selection, different_shape};
use crate::{
    parse::ast::{Definition, Offset, Selection},
    validate::context::Context,
};

/// How many pairs are compared.
const MAX_PAIRS: usize = 100_000;
/// How long the reasons of one conflict may get, in bytes.
const MAX_REASON: usize = 2_000;

/// The conflicts of every selection set of the document; not all of them when there are very many.
pub(super) fn conflicts<'v>(context: &Context<'v>) -> Vec<Conflict<'v>> {
    let mut search = Search { context, pairs_left: MAX_PAIRS, known: AHashSet::new(), found: Vec::new() };
    for definition in &context.document.definitions {
        let set = match definition {
            Definition::Operation(operation) => {
                let root = context.schema.root_type(operation.kind).and_then(|name| context.schema.get(name));
                (&operation.selection_set, root)
            }
            Definition::Fragment(fragment) => {
                (&fragment.selection_set, context.composite(fragment.type_condition.text))
            }
        };
        search.set(set);
    }
    search.found
}

struct Search<'c, 'v> {
    context: &'c Context<'v>,
    pairs_left: usize,
    /// The pairs that were reported.
    known: AHashSet<(Offset, Offset)>,
    found: Vec<Conflict<'v>>,
}

impl<'v> Search<'_, 'v> {
    /// Looks at a selection set and at those in it.
    fn set(&mut self, (set, parent): TypedSet<'v>) {
        for entries in collect(self.context, &[(set, parent)]).values() {
            for (index, left) in entries.iter().enumerate() {
                for right in entries.iter().skip(index + 1) {
                    if let Some(conflict) = self.pair(left, right, false)
                        && self.known.insert((left.field.at(), right.field.at()))
                    {
                        self.found.push(conflict);
                    }
                }
            }
        }
        self.inner(set, parent);
    }

    fn inner(&mut self, set: &'v crate::parse::ast::SelectionSet<'v>, parent: Option<&'v crate::schema::ApiType>) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let definition = parent.and_then(|parent| self.context.schema.field(parent, field.name.text));
                    if let Some(below) = (Entry { parent, field, definition }).below(self.context) {
                        self.set(below);
                    }
                }
                Selection::Inline(fragment) => {
                    let on = fragment.type_condition.map_or(parent, |name| self.context.composite(name.text));
                    self.inner(&fragment.selection_set, on);
                }
                Selection::Spread(_) => {}
            }
        }
    }

    /// Why two fields of one key conflict; `never_meet` when the objects around them cannot be the same.
    fn pair(&mut self, left: &Entry<'v>, right: &Entry<'v>, never_meet: bool) -> Option<Conflict<'v>> {
        self.pairs_left = self.pairs_left.checked_sub(1)?;
        let response_key = left.field.response_key();
        let objects = left.object().zip(right.object());
        let never_meet = never_meet || objects.is_some_and(|(left, right)| left != right);
        let own_reason = if never_meet { None } else { different_selection(left.field, right.field) };
        let reason = own_reason.or_else(|| different_shape(self.context.schema, left, right));
        let (mut lefts, mut rights) = (vec![left.field.at()], vec![right.field.at()]);
        if let Some(reason) = reason {
            return Some(Conflict { response_key, reason, left: lefts, right: rights });
        }
        let below = self.below(left, right, never_meet);
        let mut reason = String::new();
        for conflict in below {
            if reason.len() < MAX_REASON {
                let and = if reason.is_empty() { "" } else { " and " };
                reason.push_str(&format!(
                    "{and}subfields \"{}\" conflict because {}",
                    conflict.response_key, conflict.reason
                ));
            }
            lefts.extend(conflict.left);
            rights.extend(conflict.right);
        }
        (!reason.is_empty()).then_some(Conflict { response_key, reason, left: lefts, right: rights })
    }

    /// The conflicts between what is selected below two fields.
    fn below(&mut self, left: &Entry<'v>, right: &Entry<'v>, never_meet: bool) -> Vec<Conflict<'v>> {
        let (Some(left), Some(right)) = (left.below(self.context), right.below(self.context)) else {
            return Vec::new();
        };
        let rights = collect(self.context, &[right]);
        let mut found = Vec::new();
        for (key, entries) in collect(self.context, &[left]) {
            for left in &entries {
                for right in rights.get(key).into_iter().flatten() {
                    found.extend(self.pair(left, right, never_meet));
                }
            }
        }
        found
    }
}

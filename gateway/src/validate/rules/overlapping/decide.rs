//! Whether any two fields conflict, without comparing all pairs.
//!
//! Having the same name and arguments, and having values of the same shape, each put fields into classes. So it is
//! enough to compare the fields of one response key with the first of them, and to go on with all that is selected
//! below them at once. What was looked at together is not looked at again.

use ahash::AHashSet;

use super::collect::{Conflict, Entry, TypedSet, collect, different_selection, different_shape};
use crate::validate::context::Context;

/// How many fields are looked at; made-up documents could multiply them.
const MAX_FIELDS: usize = 300_000;

/// The first conflict that is found. Fragments are looked at where operations use them, others by themselves.
pub(super) fn first_conflict<'v>(context: &Context<'v>, used_fragments: &AHashSet<&'v str>) -> Option<Conflict<'v>> {
    let mut decision =
        Decision { context, fields_left: MAX_FIELDS, shaped: AHashSet::new(), compared: AHashSet::new() };
    let schema = context.schema;
    let operations = context.document.operations().map(|operation| {
        (&operation.selection_set, schema.root_type(operation.kind).and_then(|name| schema.get(name)))
    });
    let unused = context.document.fragments().filter(|fragment| !used_fragments.contains(fragment.name.text));
    let unused = unused.map(|fragment| (&fragment.selection_set, context.composite(fragment.type_condition.text)));
    operations.chain(unused).find_map(|set| {
        let sets = [set];
        decision.shapes(&sets).and_then(|()| decision.selections(&sets)).err()
    })
}

type Decided<'v> = Result<(), Conflict<'v>>;

struct Decision<'c, 'v> {
    context: &'c Context<'v>,
    fields_left: usize,
    /// Selection sets, by their addresses, whose shapes were looked at together.
    shaped: AHashSet<Vec<usize>>,
    /// As `shaped`, for what they select.
    compared: AHashSet<Vec<usize>>,
}

impl<'v> Decision<'_, 'v> {
    /// Values of one key have one shape, whatever their object is.
    fn shapes(&mut self, sets: &[TypedSet<'v>]) -> Decided<'v> {
        if sets.is_empty() || !self.shaped.insert(addresses(sets)) {
            return Ok(());
        }
        for entries in collect(self.context, sets).into_values() {
            self.spend(&entries)?;
            let mut known = entries.iter().filter(|entry| entry.definition.is_some());
            if let Some(first) = known.next() {
                let compare = |other: &Entry<'v>| different_shape(self.context.schema, first, other);
                refuse(first, known, compare)?;
            }
            self.shapes(&self.below(entries.iter()))?;
        }
        Ok(())
    }

    /// Fields of one key that an object can have both of are the same field.
    fn selections(&mut self, sets: &[TypedSet<'v>]) -> Decided<'v> {
        if sets.is_empty() || !self.compared.insert(addresses(sets)) {
            return Ok(());
        }
        for entries in collect(self.context, sets).into_values() {
            let objects: AHashSet<Option<&str>> = entries.iter().map(Entry::object).collect();
            let mut objects: Vec<Option<&str>> = objects.into_iter().collect();
            objects.sort_unstable();
            // Fields on interfaces and unions meet those on every object.
            if objects.len() > 1 {
                objects.retain(Option::is_some);
            }
            for object in objects {
                let together: Vec<&Entry<'v>> =
                    entries.iter().filter(|entry| entry.object().is_none() || entry.object() == object).collect();
                self.spend(&together)?;
                if let Some((first, others)) = together.split_first() {
                    refuse(first, others.iter().copied(), |other| different_selection(first.field, other.field))?;
                }
                self.selections(&self.below(together.into_iter()))?;
            }
        }
        Ok(())
    }

    /// What is selected below some fields.
    fn below<'e>(&self, entries: impl Iterator<Item = &'e Entry<'v>>) -> Vec<TypedSet<'v>>
    where
        'v: 'e,
    {
        entries.filter_map(|entry| entry.below(self.context)).collect()
    }

    fn spend<E: std::borrow::Borrow<Entry<'v>>>(&mut self, entries: &[E]) -> Decided<'v> {
        self.fields_left = self.fields_left.saturating_sub(entries.len());
        match entries.first() {
            Some(first) if self.fields_left == 0 => {
                let Entry { field, .. } = first.borrow();
                Err(Conflict {
                    response_key: field.response_key(),
                    reason: format!("more than {MAX_FIELDS} fields would have to be compared"),
                    left: vec![field.at()],
                    right: Vec::new(),
                })
            }
            _ => Ok(()),
        }
    }
}

fn refuse<'e, 'v: 'e>(
    first: &Entry<'v>,
    others: impl Iterator<Item = &'e Entry<'v>>,
    compare: impl Fn(&Entry<'v>) -> Option<String>,
) -> Decided<'v> {
    for other in others {
        if let Some(reason) = compare(other) {
            let response_key = first.field.response_key();
            let (left, right) = (vec![first.field.at()], vec![other.field.at()]);
            return Err(Conflict { response_key, reason, left, right });
        }
    }
    Ok(())
}

fn addresses(sets: &[TypedSet<'_>]) -> Vec<usize> {
    let mut addresses: Vec<usize> = sets.iter().map(|(set, _)| std::ptr::from_ref(*set) as usize).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

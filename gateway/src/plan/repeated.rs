//! Writes the same selections the same way, and drops those of a large set that repeat a sibling, before rules that
//! compare all pairs of fields see them.

use ahash::AHashSet;
use graphql_tools::static_graphql::query::{Definition, Document, OperationDefinition, Selection, SelectionSet};

/// Drops each selection of a large set that reads the same as one before it, and each alias that is the field's name.
///
/// Neither the response nor whether the document is valid depends on them. The planner takes `a: a` and `a` for two
/// fields of one key, and asks for one of them without what is below it.
pub(super) fn drop_repeated(document: &mut Document) {
    for definition in &mut document.definitions {
        drop_in(match definition {
            Definition::Operation(OperationDefinition::SelectionSet(set)) => set,
            Definition::Operation(OperationDefinition::Query(it)) => &mut it.selection_set,
            Definition::Operation(OperationDefinition::Mutation(it)) => &mut it.selection_set,
            Definition::Operation(OperationDefinition::Subscription(it)) => &mut it.selection_set,
            Definition::Fragment(it) => &mut it.selection_set,
        });
    }
}

fn drop_in(set: &mut SelectionSet) {
    for item in &mut set.items {
        if let Selection::Field(field) = item {
            field.alias = field.alias.take().filter(|alias| *alias != field.name);
        }
    }
    // The common case has few selections and no repetition; only large sets pay for printing.
    if set.items.len() > 16 {
        let mut seen: AHashSet<String> = AHashSet::new();
        set.items.retain(|item| {
            seen.insert(match item {
                Selection::Field(field) => field.to_string(),
                Selection::InlineFragment(fragment) => fragment.to_string(),
                Selection::FragmentSpread(spread) => spread.to_string(),
            })
        });
    }
    for item in &mut set.items {
        match item {
            Selection::Field(field) => drop_in(&mut field.selection_set),
            Selection::InlineFragment(fragment) => drop_in(&mut fragment.selection_set),
            Selection::FragmentSpread(_) => {}
        }
    }
}

//! What of a document is planned.

use std::borrow::Cow;

use graphql_tools::static_graphql::query::{self, Definition, Document, OperationDefinition as Operation, Selection};

/// The document without `@defer`.
pub(super) fn without_defer(document: &Document) -> Cow<'_, Document> {
    let mut stripped = Cow::Borrowed(document);
    for (index, definition) in document.definitions.iter().enumerate() {
        if has_defer(selection_set(definition))
            && let Some(definition) = stripped.to_mut().definitions.get_mut(index)
        {
            strip_defer(selection_set_mut(definition));
        }
    }
    stripped
}

fn has_defer(set: &query::SelectionSet) -> bool {
    let is_defer = |directive: &query::Directive| directive.name == "defer";
    set.items.iter().any(|item| match item {
        Selection::Field(field) => has_defer(&field.selection_set),
        Selection::InlineFragment(it) => it.directives.iter().any(is_defer) || has_defer(&it.selection_set),
        Selection::FragmentSpread(spread) => spread.directives.iter().any(is_defer),
    })
}

fn strip_defer(set: &mut query::SelectionSet) {
    for item in &mut set.items {
        match item {
            Selection::Field(field) => strip_defer(&mut field.selection_set),
            Selection::InlineFragment(fragment) => {
                fragment.directives.retain(|directive| directive.name != "defer");
                strip_defer(&mut fragment.selection_set);
            }
            Selection::FragmentSpread(spread) => spread.directives.retain(|directive| directive.name != "defer"),
        }
    }
}

pub(super) fn selection_set(definition: &Definition) -> &query::SelectionSet {
    match definition {
        Definition::Operation(Operation::SelectionSet(set)) => set,
        Definition::Operation(Operation::Query(it)) => &it.selection_set,
        Definition::Operation(Operation::Mutation(it)) => &it.selection_set,
        Definition::Operation(Operation::Subscription(it)) => &it.selection_set,
        Definition::Fragment(it) => &it.selection_set,
    }
}

fn selection_set_mut(definition: &mut Definition) -> &mut query::SelectionSet {
    match definition {
        Definition::Operation(Operation::SelectionSet(set)) => set,
        Definition::Operation(Operation::Query(it)) => &mut it.selection_set,
        Definition::Operation(Operation::Mutation(it)) => &mut it.selection_set,
        Definition::Operation(Operation::Subscription(it)) => &mut it.selection_set,
        Definition::Fragment(it) => &mut it.selection_set,
    }
}

//! What of a normalised operation the subgraphs answer, and in how many plans.

use std::borrow::Cow;

use graphql_tools::static_graphql::query::{
    self, Definition, Document, OperationDefinition as Operation, Selection, TypeCondition,
};
use hive_router_query_planner::ast::{
    operation::OperationDefinition,
    selection_item::SelectionItem,
    selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
};

use crate::schema::TypeNames;

/// The document without introspection, which the planner does not know: `__typename` stands for `__schema` and
/// `__type`, and fragments on introspection types are gone.
pub(super) fn without_introspection<'d>(document: &'d Document, types: &TypeNames) -> Cow<'d, Document> {
    if !document.definitions.iter().any(|definition| has_introspection(selection_set(definition))) {
        return Cow::Borrowed(document);
    }
    let mut document = document.clone();
    document.definitions.retain_mut(|definition| {
        hide_introspection(selection_set_mut(definition));
        match definition {
            Definition::Operation(_) => true,
            Definition::Fragment(fragment) => {
                let TypeCondition::On(on) = &fragment.type_condition;
                types.id(on).is_some()
            }
        }
    });
    Cow::Owned(document)
}

fn has_introspection(set: &query::SelectionSet) -> bool {
    set.items.iter().any(|item| match item {
        Selection::Field(field) => {
            matches!(field.name.as_str(), "__schema" | "__type") || has_introspection(&field.selection_set)
        }
        Selection::InlineFragment(fragment) => has_introspection(&fragment.selection_set),
        Selection::FragmentSpread(_) => false,
    })
}

fn hide_introspection(set: &mut query::SelectionSet) {
    for item in &mut set.items {
        match item {
            Selection::Field(field) if matches!(field.name.as_str(), "__schema" | "__type") => {
                "__typename".clone_into(&mut field.name);
                field.alias = None;
                field.arguments.clear();
                field.selection_set.items.clear();
            }
            Selection::Field(field) => hide_introspection(&mut field.selection_set),
            Selection::InlineFragment(fragment) => hide_introspection(&mut fragment.selection_set),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Removes what the gateway answers by itself: `__schema` and `__type` everywhere, `__typename` at the root.
///
/// Returns `None` when nothing is left.
pub(super) fn without_meta_fields(mut operation: OperationDefinition) -> Option<OperationDefinition> {
    strip(&mut operation.selection_set, true);
    (!operation.selection_set.items.is_empty()).then_some(operation)
}

fn strip(set: &mut SelectionSet, is_root: bool) {
    set.items.retain_mut(|item| match item {
        SelectionItem::Field(field) => {
            if !field.selections.is_empty() {
                strip(&mut field.selections, false);
                if field.selections.is_empty() {
                    field.selections.items.push(SelectionItem::Field(FieldSelection::new_typename()));
                }
            }
            match field.name.as_str() {
                "__schema" | "__type" => false,
                "__typename" => {
                    // The response has it by the object's type; under a name of its own it could meet a field.
                    field.alias = None;
                    !is_root
                }
                _ => true,
            }
        }
        SelectionItem::InlineFragment(fragment) => {
            strip(&mut fragment.selections, is_root);
            !fragment.selections.is_empty()
        }
        SelectionItem::FragmentSpread(_) => true,
    });
}

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

/// One operation per root field, as the fields of a mutation run one after the other.
///
/// The planner runs root fields of different subgraphs at the same time, even those of a mutation.
pub(super) fn split_root_fields(operation: &OperationDefinition) -> Vec<OperationDefinition> {
    let mut items = Vec::new();
    split(&operation.selection_set, &mut items);
    items
        .into_iter()
        .map(|item| OperationDefinition { selection_set: SelectionSet { items: vec![item] }, ..operation.clone() })
        .collect()
}

fn split(set: &SelectionSet, into: &mut Vec<SelectionItem>) {
    for item in &set.items {
        let SelectionItem::InlineFragment(fragment) = item else {
            into.push(item.clone());
            continue;
        };
        let mut inner = Vec::new();
        split(&fragment.selections, &mut inner);
        into.extend(inner.into_iter().map(|item| {
            SelectionItem::InlineFragment(InlineFragmentSelection {
                selections: SelectionSet { items: vec![item] },
                ..fragment.clone()
            })
        }));
    }
}

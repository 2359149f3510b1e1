//! Puts right two things that async-graphql 8.0.0-rc.5 gets wrong about `@skip` and `@include`, before it sees the
//! request (the tests are `tests/black_box/conditions.rs`):
//!
//! - it does not read the defaults of variables there, so they are put among the variables;
//! - it does not look at directives of `__typename` when it validates, and then finds their variables unused, so such a
//!   `__typename` is moved into an inline fragment with those directives.

use async_graphql::{
    Request,
    parser::{
        parse_query,
        types::{ExecutableDocument, InlineFragment, OperationDefinition, Selection, SelectionSet},
    },
};

/// Rewrites `request` where it is needed. A document that does not parse is left to the executor to complain about.
pub(super) fn normalise(request: &mut Request) {
    if !request.query.contains('@') {
        return;
    }
    let Ok(mut document) = parse_query(&request.query) else { return };
    add_defaults(&document, request);
    for fragment in document.fragments.values_mut() {
        wrap_type_names(&mut fragment.node.selection_set.node);
    }
    for operation in operations_mut(&mut document) {
        wrap_type_names(&mut operation.selection_set.node);
    }
    request.set_parsed_query(document);
}

fn operations_mut(document: &mut ExecutableDocument) -> Vec<&mut OperationDefinition> {
    use async_graphql::parser::types::DocumentOperations;
    match &mut document.operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node],
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().map(|operation| &mut operation.node).collect()
        }
    }
}

fn add_defaults(document: &ExecutableDocument, request: &mut Request) {
    let wanted = request.operation_name.as_deref();
    let chosen =
        document.operations.iter().find(|(name, _)| wanted.is_none() || name.map(|name| name.as_str()) == wanted);
    let Some((_, operation)) = chosen else { return };
    for definition in &operation.node.variable_definitions {
        if let Some(default) = &definition.node.default_value {
            request.variables.entry(definition.node.name.node.clone()).or_insert_with(|| default.node.clone());
        }
    }
}

fn wrap_type_names(set: &mut SelectionSet) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" && !field.node.directives.is_empty() => {
                let directives = std::mem::take(&mut field.node.directives);
                let position = field.pos;
                let plain = Selection::Field(field.clone());
                let selection_set = SelectionSet { items: vec![async_graphql::Positioned::new(plain, position)] };
                let selection_set = async_graphql::Positioned::new(selection_set, position);
                let fragment = InlineFragment { type_condition: None, directives, selection_set };
                selection.node = Selection::InlineFragment(async_graphql::Positioned::new(fragment, position));
            }
            Selection::Field(field) => wrap_type_names(&mut field.node.selection_set.node),
            Selection::InlineFragment(fragment) => wrap_type_names(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

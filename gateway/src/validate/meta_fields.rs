//! `__schema` and `__type` are fields of the query type alone; the library takes them anywhere.

use graphql_tools::static_graphql::query::{Definition, Document, Selection, SelectionSet, TypeCondition};

use super::operation::Operation;
use crate::{
    error::{GraphqlError, code},
    operation::OperationKind,
    schema::ApiSchema,
};

/// One error for each of them that stands on another type.
pub(super) fn misplaced(api: &ApiSchema, document: &Document) -> Vec<GraphqlError> {
    let mut errors = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::Operation(operation) => {
                let operation = Operation::from(operation);
                let root = match operation.kind {
                    OperationKind::Query => Some(&api.query_type),
                    OperationKind::Mutation => api.mutation_type.as_ref(),
                    OperationKind::Subscription => api.subscription_type.as_ref(),
                };
                if let Some(root) = root {
                    check(api, operation.selection_set, root, &mut errors);
                }
            }
            Definition::Fragment(fragment) => {
                let TypeCondition::On(on) = &fragment.type_condition;
                check(api, &fragment.selection_set, on, &mut errors);
            }
        }
    }
    errors
}

/// Nested as deep as the limits allow, which were checked before.
fn check(api: &ApiSchema, set: &SelectionSet, on: &str, errors: &mut Vec<GraphqlError>) {
    let Some(ty) = api.get(on) else { return };
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                if let Some(definition) = api.field(ty, &field.name) {
                    check(api, &field.selection_set, definition.type_ref.named(), errors);
                } else if matches!(field.name.as_str(), "__schema" | "__type") {
                    let message = format!("Cannot query field \"{}\" on type \"{on}\".", field.name);
                    let error = GraphqlError::new(code::VALIDATION_FAILED, message);
                    errors.push(error.at(field.position.line, field.position.column));
                }
            }
            Selection::InlineFragment(fragment) => {
                let on = fragment.type_condition.as_ref().map_or(on, |TypeCondition::On(on)| on);
                check(api, &fragment.selection_set, on, errors);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

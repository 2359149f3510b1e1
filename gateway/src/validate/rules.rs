//! The rules of the specification.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ahash::AHashMap;
use graphql_tools::{
    static_graphql::query::{Definition, Directive, Document, FragmentDefinition, Selection, SelectionSet},
    validation::{rules::default_rules_validation_plan, validate::validate as validate_document},
};

use super::operation::{Operation, operations};
use crate::{
    error::{GraphqlError, Location, code},
    operation::OperationKind,
    schema::ServedSchema,
};

/// Validates a document against the schema that clients see.
///
/// # Errors
///
/// All violations, in the rules' order.
pub fn validate(schema: &ServedSchema, document: &Document) -> Result<(), Vec<GraphqlError>> {
    let mut errors: Vec<GraphqlError> =
        operations(document).filter_map(|operation| missing_root_type(schema, &operation)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let found = catch_unwind(AssertUnwindSafe(|| {
        validate_document(schema.validation_document(), document, &default_rules_validation_plan())
    }));
    let Ok(found) = found else {
        let message = "The document could not be validated.";
        return Err(vec![GraphqlError::new(code::VALIDATION_FAILED, message)]);
    };
    errors.extend(found.into_iter().map(|error| GraphqlError {
        locations:
            error.locations.iter().map(|position| Location { line: position.line, column: position.column }).collect(),
        ..GraphqlError::new(code::VALIDATION_FAILED, error.message)
    }));
    errors.extend(subscription_root_conditions(document));
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Operation type existence: the schema has a root type for the operation's kind.
fn missing_root_type(schema: &ServedSchema, operation: &Operation<'_>) -> Option<GraphqlError> {
    let exists = match operation.kind {
        OperationKind::Query => true,
        OperationKind::Mutation => schema.api().mutation_type.is_some(),
        OperationKind::Subscription => schema.api().subscription_type.is_some(),
    };
    let (line, column) = operation.position;
    (!exists).then(|| {
        let message = format!("The {} operation is not supported by this schema.", operation.kind.as_str());
        GraphqlError::new(code::VALIDATION_FAILED, message).at(line, column)
    })
}

/// No `@skip` or `@include` at a subscription's root: whether it has its single field may not depend on variables.
fn subscription_root_conditions(document: &Document) -> Vec<GraphqlError> {
    let fragments: AHashMap<&str, &FragmentDefinition> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        })
        .collect();
    let mut errors = Vec::new();
    for operation in operations(document).filter(|operation| operation.kind == OperationKind::Subscription) {
        let mut conditions = Vec::new();
        let mut seen = Vec::new();
        root_conditions(operation.selection_set, &fragments, &mut seen, &mut conditions);
        if conditions.is_empty() {
            continue;
        }
        let subject = operation
            .name
            .map_or_else(|| "Anonymous Subscription".to_owned(), |name| format!("Subscription \"{name}\""));
        let message = format!("{subject} must not use `@skip` or `@include` directives in the top level selection.");
        errors.push(GraphqlError { locations: conditions, ..GraphqlError::new(code::VALIDATION_FAILED, message) });
    }
    errors
}

fn root_conditions<'a>(
    set: &'a SelectionSet,
    fragments: &AHashMap<&str, &'a FragmentDefinition>,
    seen: &mut Vec<&'a str>,
    conditions: &mut Vec<Location>,
) {
    for item in &set.items {
        let directives: &[Directive] = match item {
            Selection::Field(field) => &field.directives,
            Selection::InlineFragment(fragment) => {
                root_conditions(&fragment.selection_set, fragments, seen, conditions);
                &fragment.directives
            }
            Selection::FragmentSpread(spread) => {
                let name = spread.fragment_name.as_str();
                if let (false, Some(fragment)) = (seen.contains(&name), fragments.get(name)) {
                    seen.push(name);
                    root_conditions(&fragment.selection_set, fragments, seen, conditions);
                }
                &spread.directives
            }
        };
        let found = directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include"));
        conditions.extend(
            found.map(|directive| Location { line: directive.position.line, column: directive.position.column }),
        );
    }
}

//! The rules of the specification.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ahash::AHashMap;
use graphql_tools::{
    static_graphql::query::{Definition, Directive, Document, FragmentDefinition, Selection, SelectionSet},
    validation::{rules::default_rules_validation_plan, validate::validate as validate_document},
};

use super::{
    meta_fields,
    operation::{Operation, operations},
};
use crate::{
    error::{GraphqlError, Location, code},
    operation::OperationKind,
    schema::ServedSchema,
};

/// How many violations are listed before the rest is left out.
const MAX_ERRORS: usize = 100;

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
    errors.extend(meta_fields::misplaced(schema.api(), document));
    for error in subscription_roots(document) {
        if errors.iter().all(|known| known.message != error.message) {
            errors.push(error);
        }
    }
    if errors.len() > MAX_ERRORS {
        errors.truncate(MAX_ERRORS);
        let message = "Too many validation errors, error limit reached. Validation aborted.";
        errors.push(GraphqlError::new(code::VALIDATION_FAILED, message));
    }
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

/// A subscription has one root field, and no `@skip` or `@include` there: whether it has it may not depend on variables.
///
/// The library's rule counts fields by name; the specification counts response keys.
fn subscription_roots(document: &Document) -> Vec<GraphqlError> {
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
        let mut root = SubscriptionRoot::default();
        root.read(operation.selection_set, &fragments);
        let subject = operation
            .name
            .map_or_else(|| "Anonymous Subscription".to_owned(), |name| format!("Subscription \"{name}\""));
        if root.response_keys.len() > 1 {
            let (line, column) = operation.position;
            let message = format!("{subject} must select only one top level field.");
            errors.push(GraphqlError::new(code::VALIDATION_FAILED, message).at(line, column));
        }
        if !root.conditions.is_empty() {
            let message =
                format!("{subject} must not use `@skip` or `@include` directives in the top level selection.");
            let error = GraphqlError::new(code::VALIDATION_FAILED, message);
            errors.push(GraphqlError { locations: root.conditions, ..error });
        }
    }
    errors
}

#[derive(Default)]
struct SubscriptionRoot<'a> {
    response_keys: Vec<&'a str>,
    conditions: Vec<Location>,
    seen_fragments: Vec<&'a str>,
}

impl<'a> SubscriptionRoot<'a> {
    fn read(&mut self, set: &'a SelectionSet, fragments: &AHashMap<&str, &'a FragmentDefinition>) {
        for item in &set.items {
            let directives: &[Directive] = match item {
                Selection::Field(field) => {
                    let key = field.alias.as_deref().unwrap_or(&field.name);
                    if !self.response_keys.contains(&key) {
                        self.response_keys.push(key);
                    }
                    &field.directives
                }
                Selection::InlineFragment(fragment) => {
                    self.read(&fragment.selection_set, fragments);
                    &fragment.directives
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    if let (false, Some(fragment)) = (self.seen_fragments.contains(&name), fragments.get(name)) {
                        self.seen_fragments.push(name);
                        self.read(&fragment.selection_set, fragments);
                    }
                    &spread.directives
                }
            };
            let found = directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include"));
            self.conditions.extend(
                found.map(|directive| Location { line: directive.position.line, column: directive.position.column }),
            );
        }
    }
}

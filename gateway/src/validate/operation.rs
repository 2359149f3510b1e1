//! Which operation of a document to run.

use graphql_tools::static_graphql::query::{
    Definition, Directive, Document, OperationDefinition, SelectionSet, VariableDefinition,
};

use crate::{
    error::{GraphqlError, code},
    operation::OperationKind,
};

/// One operation of a document, whatever its kind.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// Its kind.
    pub kind: OperationKind,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its variables.
    pub variables: &'a [VariableDefinition],
    /// Its directives.
    pub directives: &'a [Directive],
    /// What it selects.
    pub selection_set: &'a SelectionSet,
    /// Line and column of its start.
    pub position: (usize, usize),
}

impl<'a> From<&'a OperationDefinition> for Operation<'a> {
    fn from(definition: &'a OperationDefinition) -> Self {
        let (kind, name, variables, directives, selection_set, position) = match definition {
            OperationDefinition::SelectionSet(set) => (OperationKind::Query, None, &[][..], &[][..], set, set.span.0),
            OperationDefinition::Query(it) => (
                OperationKind::Query,
                it.name.as_deref(),
                it.variable_definitions.as_slice(),
                it.directives.as_slice(),
                &it.selection_set,
                it.position,
            ),
            OperationDefinition::Mutation(it) => (
                OperationKind::Mutation,
                it.name.as_deref(),
                it.variable_definitions.as_slice(),
                it.directives.as_slice(),
                &it.selection_set,
                it.position,
            ),
            OperationDefinition::Subscription(it) => (
                OperationKind::Subscription,
                it.name.as_deref(),
                it.variable_definitions.as_slice(),
                it.directives.as_slice(),
                &it.selection_set,
                it.position,
            ),
        };
        Self { kind, name, variables, directives, selection_set, position: (position.line, position.column) }
    }
}

/// The operations of a document, in order.
pub fn operations(document: &Document) -> impl Iterator<Item = Operation<'_>> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::Operation(operation) => Some(operation.into()),
        Definition::Fragment(_) => None,
    })
}

/// The operation of that name, or the only one.
///
/// # Errors
///
/// When there is none, or several and no name.
pub fn select_operation<'a>(document: &'a Document, name: Option<&str>) -> Result<Operation<'a>, Vec<GraphqlError>> {
    let bad = |message: String| vec![GraphqlError::new(code::BAD_USER_INPUT, message)];
    if let Some(name) = name {
        return operations(document)
            .find(|operation| operation.name == Some(name))
            .ok_or_else(|| bad(format!("Unknown operation named \"{name}\".")));
    }
    let mut all = operations(document);
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(bad("Must provide operation name if query contains multiple operations.".to_owned())),
        (None, _) => Err(bad("Must provide an operation.".to_owned())),
    }
}

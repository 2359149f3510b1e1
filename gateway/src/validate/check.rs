//! Whether a document fits the schema.

use super::{context::Context, rules::rules, walk::walk};
use crate::{
    error::GraphqlError,
    parse::{Document, ast::TypeNode},
    schema::{ApiSchema, TypeRef},
};

/// Validates a document against the schema that clients see; with `hints`, messages suggest names of the schema.
///
/// # Errors
///
/// The violations, up to a hundred.
pub(crate) fn validate(schema: &ApiSchema, document: &Document<'_>, hints: bool) -> Result<(), Vec<GraphqlError>> {
    let types = variable_types(document);
    let errors = walk(Context::new(schema, document, hints), rules(), &types).into_errors();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The types of the variables of each operation.
pub(super) fn variable_types(document: &Document<'_>) -> Vec<Vec<TypeRef>> {
    let types = document.operations().map(|operation| operation.variables.iter().map(|it| type_of(&it.type_node)));
    types.map(Iterator::collect).collect()
}

fn type_of(node: &TypeNode<'_>) -> TypeRef {
    match node {
        TypeNode::Named(name) => TypeRef::Named(name.text.to_owned()),
        TypeNode::List(_, inner) => TypeRef::List(Box::new(type_of(inner))),
        TypeNode::NonNull(inner) => TypeRef::NonNull(Box::new(type_of(inner))),
    }
}

//! Which operation of a document to run.

use crate::{
    error::{GraphqlError, code},
    parse::{Document, ast::OperationDefinition},
};

/// The operation of that name, or the only one.
///
/// # Errors
///
/// When there is none, or several and no name.
pub(crate) fn select_operation<'d, 'a>(
    document: &'d Document<'a>,
    name: Option<&str>,
) -> Result<&'d OperationDefinition<'a>, Vec<GraphqlError>> {
    let bad = |message: String| vec![GraphqlError::new(code::BAD_USER_INPUT, message)];
    if let Some(name) = name {
        return document
            .operations()
            .find(|operation| operation.name.is_some_and(|own| own.text == name))
            .ok_or_else(|| bad(format!("Unknown operation named \"{name}\".")));
    }
    let mut all = document.operations();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(bad("Must provide operation name if query contains multiple operations.".to_owned())),
        (None, _) => Err(bad("Must provide an operation.".to_owned())),
    }
}

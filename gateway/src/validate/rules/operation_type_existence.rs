//! Operation type existence: <https://spec.graphql.org/September2025/#sec-Operation-Type-Existence>.

use crate::validate::{
    context::{Context, TypedOperation},
    rule::Rule,
};

pub(super) struct OperationTypeExistence;

impl<'v> Rule<'v> for OperationTypeExistence {
    fn operation(&mut self, context: &mut Context<'v>, TypedOperation { operation, .. }: TypedOperation<'v>) {
        if context.schema.root_type(operation.kind).is_none() {
            let message = format!("The {} operation is not supported by this schema.", operation.kind.as_str());
            context.report(message, &[operation.at]);
        }
    }
}

//! Lone anonymous operation: <https://spec.graphql.org/September2025/#sec-Lone-Anonymous-Operation>.

use crate::validate::{context::Context, rule::Rule};

pub(super) struct LoneAnonymousOperation;

impl<'v> Rule<'v> for LoneAnonymousOperation {
    fn document(&mut self, context: &mut Context<'v>) {
        let document = context.document;
        if document.operations().nth(1).is_none() {
            return;
        }
        for operation in document.operations().filter(|operation| operation.name.is_none()) {
            let message = "This anonymous operation must be the only defined operation.".to_owned();
            context.report(message, &[operation.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn an_operation_without_a_name_stands_alone() {
        let errors = |query| errors_of(Box::new(LoneAnonymousOperation), query);
        assert_eq!(errors("{ a } fragment A on Query { a }"), []);
        assert_eq!(errors("query A { a } query B { a }"), []);
        assert_eq!(
            errors("{ a } query A { a }"),
            [at("This anonymous operation must be the only defined operation.", &[(1, 1)])]
        );
    }
}

//! Operation name uniqueness: <https://spec.graphql.org/September2025/#sec-Operation-Name-Uniqueness>.

use super::repeated::report_second;
use crate::validate::{context::Context, rule::Rule};

pub(super) struct UniqueOperationNames;

impl<'v> Rule<'v> for UniqueOperationNames {
    fn document(&mut self, context: &mut Context<'v>) {
        let names = context.document.operations().filter_map(|operation| operation.name);
        report_second(context, "operation", names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn two_operations_of_one_name_are_refused() {
        let errors = |query| errors_of(Box::new(UniqueOperationNames), query);
        assert_eq!(errors("query A { a } mutation B { a } fragment A on Query { a }"), []);
        assert_eq!(
            errors("query A { a } mutation A { a }"),
            [at("There can be only one operation named \"A\".", &[(1, 7), (1, 24)])]
        );
    }
}

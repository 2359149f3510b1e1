//! Variable uniqueness: <https://spec.graphql.org/September2025/#sec-Variable-Uniqueness>.

use crate::validate::{
    context::{Context, TypedOperation},
    rule::Rule,
    rules::repeated::repeated,
};

pub(super) struct UniqueVariableNames;

impl<'v> Rule<'v> for UniqueVariableNames {
    fn operation(&mut self, context: &mut Context<'v>, TypedOperation { operation, .. }: TypedOperation<'v>) {
        for (name, places) in repeated(operation.variables.iter().map(|variable| variable.name)) {
            context.report(format!("There can be only one variable named \"${name}\"."), &places);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn two_variables_of_one_name_are_refused() {
        let errors = |query| errors_of(Box::new(UniqueVariableNames), query);
        assert_eq!(errors("query A($a: Int) { a } query B($a: Int) { a }"), []);
        assert_eq!(
            errors("query($a: Int, $b: Int, $a: String, $a: Int) { a }"),
            [at("There can be only one variable named \"$a\".", &[(1, 8), (1, 26), (1, 38)])]
        );
    }
}

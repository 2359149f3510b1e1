//! All variables used: <https://spec.graphql.org/September2025/#sec-All-Variables-Used>.

use ahash::AHashSet;

use crate::validate::{
    context::{Context, TypedOperation, Usage},
    rule::Rule,
};

pub(super) struct NoUnusedVariables;

impl<'v> Rule<'v> for NoUnusedVariables {
    fn usages(
        &mut self,
        context: &mut Context<'v>,
        TypedOperation { operation, .. }: TypedOperation<'v>,
        usages: &[Usage<'v>],
    ) {
        let used: AHashSet<&str> = usages.iter().map(|usage| usage.name.text).collect();
        for variable in operation.variables.iter().filter(|variable| !used.contains(variable.name.text)) {
            let within = operation.name.map(|name| format!(" in operation \"{}\"", name.text)).unwrap_or_default();
            context.report(format!("Variable \"${}\" is never used{within}.", variable.name.text), &[variable.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn every_variable_is_used() {
        let errors = |query| errors_of(Box::new(NoUnusedVariables), query);
        assert_eq!(errors("query($a: Int, $b: Int) @on(x: $b) { ...F } fragment F on Query { a(x: [$a]) }"), []);
        assert_eq!(
            errors("query A($a: Int, $b: Int) { a(x: $a) } query($a: Int) { a }"),
            [
                at("Variable \"$b\" is never used in operation \"A\".", &[(1, 18)]),
                at("Variable \"$a\" is never used.", &[(1, 46)]),
            ]
        );
    }
}

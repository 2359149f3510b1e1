//! All variable uses defined: <https://spec.graphql.org/September2025/#sec-All-Variable-Uses-Defined>.

use ahash::AHashSet;

use crate::validate::{
    context::{Context, TypedOperation, Usage},
    rule::Rule,
};

pub(super) struct NoUndefinedVariables;

impl<'v> Rule<'v> for NoUndefinedVariables {
    fn usages(
        &mut self,
        context: &mut Context<'v>,
        TypedOperation { operation, .. }: TypedOperation<'v>,
        usages: &[Usage<'v>],
    ) {
        let defined: AHashSet<&str> = operation.variables.iter().map(|variable| variable.name.text).collect();
        for usage in usages.iter().filter(|usage| !defined.contains(usage.name.text)) {
            let by = operation.name.map(|name| format!(" by operation \"{}\"", name.text)).unwrap_or_default();
            let message = format!("Variable \"${}\" is not defined{by}.", usage.name.text);
            context.report(message, &[usage.name.at, operation.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn every_operation_defines_what_it_uses() {
        let errors = |query| errors_of(Box::new(NoUndefinedVariables), query);
        assert_eq!(
            errors("query($a: Int) @on(x: $a) { a(x: [{ y: $a }]) ...F } fragment F on Query { a @skip(if: $a) }"),
            []
        );
        assert_eq!(
            errors(
                "{ a(x: $x) ...F } query B($x: Int) { ...F } fragment F on Query { ...G } fragment G on Query { a(x: $x, y: $y) }"
            ),
            [
                at("Variable \"$x\" is not defined.", &[(1, 8), (1, 1)]),
                at("Variable \"$x\" is not defined.", &[(1, 101), (1, 1)]),
                at("Variable \"$y\" is not defined.", &[(1, 108), (1, 1)]),
                at("Variable \"$y\" is not defined by operation \"B\".", &[(1, 108), (1, 19)]),
            ]
        );
    }
}

//! Argument uniqueness: <https://spec.graphql.org/September2025/#sec-Argument-Uniqueness>.

use crate::{
    parse::ast::Argument,
    validate::{context::Context, rule::Rule, rules::repeated::repeated},
};

pub(super) struct UniqueArgumentNames;

impl<'v> Rule<'v> for UniqueArgumentNames {
    fn arguments(&mut self, context: &mut Context<'v>, arguments: &'v [Argument<'v>]) {
        if arguments.len() < 2 {
            return;
        }
        for (name, places) in repeated(arguments.iter().map(|argument| argument.name)) {
            context.report(format!("There can be only one argument named \"{name}\"."), &places);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn an_argument_is_given_once() {
        let errors = |query| errors_of(Box::new(UniqueArgumentNames), query);
        assert_eq!(errors("{ a(x: 1, y: 1) b: a(x: 1) @skip(if: true) @include(if: true) }"), []);
        assert_eq!(
            errors("{ a(x: 1, y: 1, x: 2) @skip(if: true, if: true) }"),
            [
                at("There can be only one argument named \"x\".", &[(1, 5), (1, 17)]),
                at("There can be only one argument named \"if\".", &[(1, 29), (1, 39)]),
            ]
        );
    }
}

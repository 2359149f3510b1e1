//! Directives are defined and in valid locations:
//! <https://spec.graphql.org/September2025/#sec-Directives-Are-In-Valid-Locations>.

use crate::{
    parse::ast::Directive,
    validate::{context::Context, rule::Rule},
};

pub(super) struct KnownDirectives;

impl<'v> Rule<'v> for KnownDirectives {
    fn directives(&mut self, context: &mut Context<'v>, location: &'static str, directives: &'v [Directive<'v>]) {
        for directive in directives {
            let name = directive.name.text;
            match context.schema.directive(name) {
                None => context.report(format!("Unknown directive \"@{name}\"."), &[directive.at]),
                Some(known) if known.locations.iter().any(|it| it == location) => {}
                Some(_) => {
                    let message = format!("Directive \"@{name}\" may not be used on {location}.");
                    context.report(message, &[directive.at]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn directives_stand_where_they_may() {
        let errors = |query| errors_of(Box::new(KnownDirectives), query);
        assert_eq!(
            errors(
                "query($a: Int @onVariable) @onQuery { a @skip(if: true) ...F @include(if: true) ... @include(if: true) { a } } fragment F on Query @onFragment { a }"
            ),
            []
        );
        assert_eq!(
            errors("query($a: Int @onQuery) @skip(if: true) { a @nothing ...F @deprecated } mutation @onQuery { a }"),
            [
                at("Directive \"@onQuery\" may not be used on VARIABLE_DEFINITION.", &[(1, 15)]),
                at("Directive \"@skip\" may not be used on QUERY.", &[(1, 25)]),
                at("Unknown directive \"@nothing\".", &[(1, 45)]),
                at("Directive \"@deprecated\" may not be used on FRAGMENT_SPREAD.", &[(1, 59)]),
                at("Directive \"@onQuery\" may not be used on MUTATION.", &[(1, 82)]),
            ]
        );
    }
}

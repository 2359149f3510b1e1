//! Directives are unique per location: <https://spec.graphql.org/September2025/#sec-Directives-Are-Unique-per-Location>.

use ahash::AHashMap;

use crate::{
    parse::ast::Directive,
    validate::{context::Context, rule::Rule},
};

pub(super) struct UniqueDirectivesPerLocation;

impl<'v> Rule<'v> for UniqueDirectivesPerLocation {
    fn directives(&mut self, context: &mut Context<'v>, _: &'static str, directives: &'v [Directive<'v>]) {
        if directives.len() < 2 {
            return;
        }
        let mut seen = AHashMap::new();
        for directive in directives {
            let name = directive.name.text;
            if context.schema.directive(name).is_none_or(|known| known.is_repeatable) {
                continue;
            }
            if let Some(&first) = seen.get(name) {
                let message = format!("The directive \"@{name}\" can only be used once at this location.");
                context.report(message, &[first, directive.at]);
            } else {
                seen.insert(name, directive.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn only_repeatable_directives_repeat() {
        let errors = |query| errors_of(Box::new(UniqueDirectivesPerLocation), query);
        assert_eq!(
            errors("{ a @again @again @nothing @nothing @skip(if: true) @include(if: true) b: a @skip(if: true) }"),
            []
        );
        assert_eq!(
            errors("{ a @skip(if: true) @skip(if: false) @skip(if: true) }"),
            [
                at("The directive \"@skip\" can only be used once at this location.", &[(1, 5), (1, 21)]),
                at("The directive \"@skip\" can only be used once at this location.", &[(1, 5), (1, 38)]),
            ]
        );
    }
}

//! Required arguments: <https://spec.graphql.org/September2025/#sec-Required-Arguments>.

use crate::{
    parse::ast::{Argument, Directive},
    schema::{ApiInputValue, Named, TypeRef},
    validate::{
        context::Context,
        rule::{FieldPlace, Rule},
    },
};

pub(super) struct ProvidedRequiredArguments;

/// The required ones that are not given; null is given, and refused for its value.
fn missing<'s>(defined: &'s Named<ApiInputValue>, given: &[Argument<'_>]) -> impl Iterator<Item = &'s ApiInputValue> {
    defined.values().filter(|argument| {
        matches!(argument.type_ref, TypeRef::NonNull(_))
            && argument.default.is_none()
            && given.iter().all(|it| it.name.text != argument.name)
    })
}

impl<'v> Rule<'v> for ProvidedRequiredArguments {
    fn directives(&mut self, context: &mut Context<'v>, _: &'static str, directives: &'v [Directive<'v>]) {
        for directive in directives {
            let name = directive.name.text;
            let Some(definition) = context.schema.directive(name) else { continue };
            for ApiInputValue { name: argument, type_ref, .. } in missing(&definition.arguments, &directive.arguments) {
                let message = format!(
                    "Directive \"@{name}\" argument \"{argument}\" of type \"{type_ref}\" is required, but it was not provided."
                );
                context.report(message, &[directive.at]);
            }
        }
    }

    fn leave_field(&mut self, context: &mut Context<'v>, FieldPlace { definition, field, .. }: FieldPlace<'v>) {
        let Some(definition) = definition else { return };
        for ApiInputValue { name: argument, type_ref, .. } in missing(&definition.arguments, &field.arguments) {
            let name = field.name.text;
            let message = format!(
                "Field \"{name}\" argument \"{argument}\" of type \"{type_ref}\" is required, but it was not provided."
            );
            context.report(message, &[field.at()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn what_is_required_is_given() {
        let errors = |query| errors_of(Box::new(ProvidedRequiredArguments), query);
        assert_eq!(errors("{ needs(a: 1) n: needs(a: null, b: 2) takes nothing a @skip(if: $x) }"), []);
        assert_eq!(
            errors("{ x: needs(b: 1) a @include }"),
            [
                at("Field \"needs\" argument \"a\" of type \"Int!\" is required, but it was not provided.", &[(1, 3)]),
                at(
                    "Directive \"@include\" argument \"if\" of type \"Boolean!\" is required, but it was not provided.",
                    &[(1, 20)]
                ),
            ]
        );
    }
}

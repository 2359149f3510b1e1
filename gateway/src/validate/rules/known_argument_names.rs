//! Argument names: <https://spec.graphql.org/September2025/#sec-Argument-Names>.

use crate::{
    parse::ast::Directive,
    validate::{
        context::Context,
        rule::{FieldPlace, Rule},
        suggest::did_you_mean,
    },
};

pub(super) struct KnownArgumentNames;

impl<'v> Rule<'v> for KnownArgumentNames {
    fn field(&mut self, context: &mut Context<'v>, FieldPlace { parent, definition, field }: FieldPlace<'v>) {
        let (Some(parent), Some(definition)) = (parent, definition) else { return };
        for argument in &field.arguments {
            let name = argument.name.text;
            if !definition.arguments.contains_key(name) {
                let known = definition.arguments.keys().map(String::as_str).filter(|_| context.hints);
                let hint = did_you_mean("", name, known);
                let message =
                    format!("Unknown argument \"{name}\" on field \"{}.{}\".{hint}", parent.name, definition.name);
                context.report(message, &[argument.name.at]);
            }
        }
    }

    fn directives(&mut self, context: &mut Context<'v>, _: &'static str, directives: &'v [Directive<'v>]) {
        for directive in directives {
            let Some(definition) = context.schema.directive(directive.name.text) else { continue };
            for argument in &directive.arguments {
                let name = argument.name.text;
                if !definition.arguments.contains_key(name) {
                    let known = definition.arguments.keys().map(String::as_str).filter(|_| context.hints);
                    let hint = did_you_mean("", name, known);
                    let message = format!("Unknown argument \"{name}\" on directive \"@{}\".{hint}", definition.name);
                    context.report(message, &[argument.name.at]);
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
    fn arguments_are_those_of_the_field_or_directive() {
        let errors = |query| errors_of(Box::new(KnownArgumentNames), query);
        assert_eq!(errors("{ takes(number: 1) @skip(if: true) nothing(a: 1) __type(name: \"a\") { name } }"), []);
        assert_eq!(
            errors("{ takes(nubmer: 1) @skip(unless: true, iff: true) a(y: 1) }"),
            [
                at(
                    "Unknown argument \"nubmer\" on field \"Query.takes\". Did you mean \"number\" or \"numbers\"?",
                    &[(1, 9)]
                ),
                at("Unknown argument \"unless\" on directive \"@skip\".", &[(1, 26)]),
                at("Unknown argument \"iff\" on directive \"@skip\". Did you mean \"if\"?", &[(1, 40)]),
                at("Unknown argument \"y\" on field \"Query.a\". Did you mean \"x\"?", &[(1, 53)]),
            ]
        );
    }
}

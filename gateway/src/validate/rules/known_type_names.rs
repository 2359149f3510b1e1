//! Fragment spread type existence: <https://spec.graphql.org/September2025/#sec-Fragment-Spread-Type-Existence>,
//! and the types of variables.

use crate::{
    parse::ast::{FragmentDefinition, InlineFragment, Name, VariableDefinition},
    schema::{ApiType, TypeRef},
    validate::{context::Context, rule::Rule, suggest::did_you_mean},
};

pub(super) struct KnownTypeNames;

fn check(context: &mut Context<'_>, name: Name<'_>) {
    if context.schema.get(name.text).is_some() {
        return;
    }
    let known = context.schema.types().map(|ty| ty.name.as_str()).filter(|_| context.hints);
    let hint = did_you_mean("", name.text, known);
    context.report(format!("Unknown type \"{}\".{hint}", name.text), &[name.at]);
}

impl<'v> Rule<'v> for KnownTypeNames {
    fn variable(&mut self, context: &mut Context<'v>, definition: &'v VariableDefinition<'v>, _: &'v TypeRef) {
        check(context, definition.type_node.named());
    }

    fn fragment(&mut self, context: &mut Context<'v>, fragment: &'v FragmentDefinition<'v>) {
        check(context, fragment.type_condition);
    }

    fn inline(&mut self, context: &mut Context<'v>, _: Option<&'v ApiType>, fragment: &'v InlineFragment<'v>) {
        if let Some(condition) = fragment.type_condition {
            check(context, condition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn types_are_those_of_the_schema() {
        let errors = |query| errors_of(Box::new(KnownTypeNames), query);
        assert_eq!(
            errors("query($a: [Int!], $b: Box) { ... on Dog { name } ... { a } } fragment F on Pet { name }"),
            []
        );
        assert_eq!(
            errors("query($a: [Itn!]) { ... on Unheard { a } } fragment F on Dgo { a }"),
            [
                at("Unknown type \"Itn\". Did you mean \"Int\" or \"ID\"?", &[(1, 12)]),
                at("Unknown type \"Unheard\".", &[(1, 28)]),
                at("Unknown type \"Dgo\". Did you mean \"Dog\"?", &[(1, 58)]),
            ]
        );
    }
}

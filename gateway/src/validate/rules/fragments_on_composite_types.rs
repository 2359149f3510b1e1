//! Fragments on object, interface or union types:
//! <https://spec.graphql.org/September2025/#sec-Fragments-on-Object-Interface-or-Union-Types>.

use crate::{
    parse::ast::{FragmentDefinition, InlineFragment},
    schema::ApiType,
    validate::{
        context::{Context, is_composite},
        rule::Rule,
    },
};

pub(super) struct FragmentsOnCompositeTypes;

fn is_wrong(context: &Context<'_>, name: &str) -> bool {
    context.schema.get(name).is_some_and(|ty| !is_composite(ty))
}

impl<'v> Rule<'v> for FragmentsOnCompositeTypes {
    fn fragment(&mut self, context: &mut Context<'v>, fragment: &'v FragmentDefinition<'v>) {
        let condition = fragment.type_condition;
        if is_wrong(context, condition.text) {
            let name = fragment.name.text;
            let message = format!("Fragment \"{name}\" cannot condition on non composite type \"{}\".", condition.text);
            context.report(message, &[condition.at]);
        }
    }

    fn inline(&mut self, context: &mut Context<'v>, _: Option<&'v ApiType>, fragment: &'v InlineFragment<'v>) {
        if let Some(condition) = fragment.type_condition.filter(|condition| is_wrong(context, condition.text)) {
            let message = format!("Fragment cannot condition on non composite type \"{}\".", condition.text);
            context.report(message, &[condition.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn fragments_are_on_types_with_fields() {
        let errors = |query| errors_of(Box::new(FragmentsOnCompositeTypes), query);
        assert_eq!(errors("{ ... on Dog { a } ... on Pet { a } ... on CatOrDog { a } }"), []);
        assert_eq!(
            errors("{ ... on Int { a } } fragment F on Box { a }"),
            [
                at("Fragment cannot condition on non composite type \"Int\".", &[(1, 10)]),
                at("Fragment \"F\" cannot condition on non composite type \"Box\".", &[(1, 36)]),
            ]
        );
    }
}

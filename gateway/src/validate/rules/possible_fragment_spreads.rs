//! Fragment spread is possible: <https://spec.graphql.org/September2025/#sec-Fragment-Spread-Is-Possible>.

use crate::{
    parse::ast::{FragmentSpread, InlineFragment},
    schema::{ApiType, TypeKind},
    validate::{context::Context, rule::Rule},
};

pub(super) struct PossibleFragmentSpreads;

impl<'v> Rule<'v> for PossibleFragmentSpreads {
    fn spread(&mut self, context: &mut Context<'v>, parent: Option<&'v ApiType>, spread: &'v FragmentSpread<'v>) {
        let Some(fragment) = context.fragments.get(spread.name.text) else { return };
        let (Some(parent), Some(ty)) = (parent, context.composite(fragment.type_condition.text)) else { return };
        if !overlap(parent, ty) {
            let message = format!(
                "Fragment \"{}\" cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
                spread.name.text, parent.name, ty.name
            );
            context.report(message, &[spread.at]);
        }
    }

    fn inline(&mut self, context: &mut Context<'v>, parent: Option<&'v ApiType>, fragment: &'v InlineFragment<'v>) {
        let ty = fragment.type_condition.and_then(|condition| context.composite(condition.text));
        let (Some(parent), Some(ty)) = (parent, ty) else { return };
        if !overlap(parent, ty) {
            let message = format!(
                "Fragment cannot be spread here as objects of type \"{}\" can never be of type \"{}\".",
                parent.name, ty.name
            );
            context.report(message, &[fragment.at]);
        }
    }
}

/// Whether some object can be of both types.
fn overlap(left: &ApiType, right: &ApiType) -> bool {
    let can_be = |ty: &ApiType, name: &String| match ty.kind {
        TypeKind::Object => ty.name == *name,
        _ => ty.possible_types.contains(name),
    };
    left.name == right.name
        || match left.kind {
            TypeKind::Object => can_be(right, &left.name),
            _ => left.possible_types.iter().any(|name| can_be(right, name)) || can_be(left, &right.name),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn some_object_must_fit() {
        let errors = |query| errors_of(Box::new(PossibleFragmentSpreads), query);
        assert_eq!(
            errors(
                "{ dog { ... on Pet { ... on CatOrDog { ... on Cat { name } ...F } } } } fragment F on Named { name }"
            ),
            []
        );
        assert_eq!(errors("{ dog { ... on Int { a } ... on Nothing { a } ...Missing } }"), [], "others say that");
        assert_eq!(
            errors("{ dog { ... on Cat { name } } catOrDog { ...F } } fragment F on Human { name }"),
            [
                at(
                    "Fragment cannot be spread here as objects of type \"Dog\" can never be of type \"Cat\".",
                    &[(1, 9)]
                ),
                at(
                    "Fragment \"F\" cannot be spread here as objects of type \"CatOrDog\" can never be of type \"Human\".",
                    &[(1, 42)]
                ),
            ]
        );
    }
}

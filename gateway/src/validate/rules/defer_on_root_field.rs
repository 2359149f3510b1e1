//! Nothing is deferred at the root of mutations and subscriptions, as graphql-js 17 has it.

use ahash::AHashSet;

use crate::{
    operation::OperationKind,
    parse::ast::{Offset, Selection, SelectionSet},
    validate::{
        context::{Context, TypedOperation},
        rule::Rule,
    },
};

/// The root fields of a mutation run one after the other, and a subscription has but one.
pub(super) struct DeferOnRootField;

impl<'v> Rule<'v> for DeferOnRootField {
    fn operation(&mut self, context: &mut Context<'v>, TypedOperation { operation, .. }: TypedOperation<'v>) {
        if operation.kind == OperationKind::Query {
            return;
        }
        let Some(root) = context.schema.root_type(operation.kind) else { return };
        let mut found = Vec::new();
        read(&operation.selection_set, context, &mut AHashSet::new(), &mut found);
        let kind = operation.kind.as_str();
        for at in found {
            context.report(format!("Defer directive cannot be used on root {kind} type \"{root}\"."), &[at]);
        }
    }
}

fn read<'v>(set: &'v SelectionSet<'v>, context: &Context<'v>, seen: &mut AHashSet<&'v str>, found: &mut Vec<Offset>) {
    for item in &set.items {
        let defer = item.directives().iter().find(|directive| directive.name.text == "defer").map(|it| it.at);
        match item {
            Selection::Field(_) => {}
            Selection::Inline(fragment) => {
                found.extend(defer);
                read(&fragment.selection_set, context, seen, found);
            }
            Selection::Spread(spread) => {
                let fragment = context.fragments.get(spread.name.text);
                if let (true, Some(fragment)) = (seen.insert(spread.name.text), fragment) {
                    found.extend(defer);
                    read(&fragment.selection_set, context, seen, found);
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
    fn only_queries_defer_root_fields() {
        let errors = |query| errors_of(Box::new(DeferOnRootField), query);
        assert_eq!(errors("{ ... @defer { a } ...F @defer } fragment F on Query { b }"), []);
        assert_eq!(
            errors("mutation { ... @defer { a } ...F } fragment F on Mutation { ... @defer { a } }"),
            [
                at("Defer directive cannot be used on root mutation type \"Mutation\".", &[(1, 16)]),
                at("Defer directive cannot be used on root mutation type \"Mutation\".", &[(1, 65)]),
            ]
        );
        assert_eq!(
            errors("subscription { ...F @defer } fragment F on Subscription { ticks ...F }"),
            [at("Defer directive cannot be used on root subscription type \"Subscription\".", &[(1, 21)])]
        );
    }
}

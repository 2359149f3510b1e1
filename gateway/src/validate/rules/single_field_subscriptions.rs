//! Single root field of subscriptions: <https://spec.graphql.org/September2025/#sec-Single-Root-Field>.

use indexmap::IndexMap;

use crate::{
    operation::OperationKind,
    parse::ast::{Offset, Selection, SelectionSet},
    validate::{
        context::{Context, TypedOperation},
        rule::Rule,
    },
};

/// One root field, no introspection field, and no `@skip` or `@include` there: which field it is may not depend on
/// variables.
pub(super) struct SingleFieldSubscriptions;

impl<'v> Rule<'v> for SingleFieldSubscriptions {
    fn operation(&mut self, context: &mut Context<'v>, TypedOperation { operation, .. }: TypedOperation<'v>) {
        // Without the type, that is what is wrong.
        if operation.kind != OperationKind::Subscription || context.schema.subscription_type.is_none() {
            return;
        }
        let subject = match operation.name {
            Some(name) => format!("Subscription \"{}\"", name.text),
            None => "Anonymous Subscription".to_owned(),
        };
        let mut root = Root::default();
        root.read(&operation.selection_set, context);
        if root.fields.len() > 1 {
            let extra: Vec<Offset> = root.fields.values().skip(1).flatten().map(|(at, _)| *at).collect();
            context.report(format!("{subject} must select only one top level field."), &extra);
        }
        for uses in root.fields.values().filter(|uses| uses.first().is_some_and(|(_, name)| name.starts_with("__"))) {
            let places: Vec<Offset> = uses.iter().map(|(at, _)| *at).collect();
            context.report(format!("{subject} must not select an introspection top level field."), &places);
        }
        if !root.conditions.is_empty() {
            let message =
                format!("{subject} must not use `@skip` or `@include` directives in the top level selection.");
            context.report(message, &root.conditions);
        }
    }
}

#[derive(Default)]
struct Root<'v> {
    /// For each response key where and as which field it is selected.
    fields: IndexMap<&'v str, Vec<(Offset, &'v str)>>,
    conditions: Vec<Offset>,
    seen_fragments: Vec<&'v str>,
}

impl<'v> Root<'v> {
    fn read(&mut self, set: &'v SelectionSet<'v>, context: &Context<'v>) {
        for item in &set.items {
            let conditions = item.directives().iter().filter(|it| matches!(it.name.text, "skip" | "include"));
            self.conditions.extend(conditions.map(|directive| directive.at));
            match item {
                Selection::Field(field) => {
                    self.fields.entry(field.response_key()).or_default().push((field.at(), field.name.text));
                }
                Selection::Inline(fragment) => self.read(&fragment.selection_set, context),
                Selection::Spread(spread) => {
                    let name = spread.name.text;
                    if let (false, Some(fragment)) = (self.seen_fragments.contains(&name), context.fragments.get(name))
                    {
                        self.seen_fragments.push(name);
                        self.read(&fragment.selection_set, context);
                    }
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
    fn a_subscription_has_one_root_field() {
        let errors = |query| errors_of(Box::new(SingleFieldSubscriptions), query);
        assert_eq!(errors("subscription { ticks ...F } fragment F on Subscription { ticks }"), []);
        assert_eq!(errors("query { a b: a }"), []);
        assert_eq!(
            errors("subscription S { ticks ... { x: ticks ...F } } fragment F on Subscription { y: ticks }"),
            [at("Subscription \"S\" must select only one top level field.", &[(1, 30), (1, 77)])]
        );
        assert_eq!(
            errors("subscription { __typename }"),
            [at("Anonymous Subscription must not select an introspection top level field.", &[(1, 16)])]
        );
        assert_eq!(
            errors("subscription($x: Boolean!) { ticks @skip(if: $x) }"),
            [at(
                "Anonymous Subscription must not use `@skip` or `@include` directives in the top level selection.",
                &[(1, 36)]
            )]
        );
    }
}

//! A subscription defers nothing, unless variables can switch it off, as graphql-js 17 has it.

use ahash::AHashSet;

use crate::{
    operation::OperationKind,
    parse::ast::{Directive, Offset, Selection, SelectionSet, ValueKind},
    validate::{
        context::{Context, TypedOperation},
        rule::Rule,
    },
};

/// Each event of a subscription is told whole.
pub(super) struct DeferOnValidOperations;

impl<'v> Rule<'v> for DeferOnValidOperations {
    fn operation(&mut self, context: &mut Context<'v>, TypedOperation { operation, .. }: TypedOperation<'v>) {
        if operation.kind != OperationKind::Subscription {
            return;
        }
        let mut walk = Walk { context, seen: AHashSet::new(), spreads: Vec::new(), found: Vec::new() };
        walk.set(&operation.selection_set);
        for places in walk.found {
            let message = "Defer directive not supported on subscription operations. Disable `@defer` by setting the \
                           `if` argument to `false`.";
            context.report(message.to_owned(), &places);
        }
    }
}

struct Walk<'c, 'v> {
    context: &'c Context<'v>,
    seen: AHashSet<&'v str>,
    /// Where the fragments are spread that lead to where the walk is.
    spreads: Vec<Offset>,
    found: Vec<Vec<Offset>>,
}

impl<'v> Walk<'_, 'v> {
    fn set(&mut self, set: &'v SelectionSet<'v>) {
        for item in &set.items {
            let directives = item.directives();
            if may_be_left_out(directives) {
                continue;
            }
            for defer in directives.iter().filter(|it| it.name.text == "defer" && !can_be_off(it)) {
                let mut places = vec![defer.at];
                places.extend(self.spreads.iter().rev());
                self.found.push(places);
            }
            match item {
                Selection::Field(field) => {
                    if let Some(set) = &field.selection_set {
                        self.set(set);
                    }
                }
                Selection::Inline(fragment) => self.set(&fragment.selection_set),
                Selection::Spread(spread) => {
                    let fragment = self.context.fragments.get(spread.name.text).copied();
                    if let (true, Some(fragment)) = (self.seen.insert(spread.name.text), fragment) {
                        self.spreads.push(spread.at);
                        self.set(&fragment.selection_set);
                        self.spreads.pop();
                    }
                }
            }
        }
    }
}

/// The value of `if`.
fn condition<'v>(directive: &'v Directive<'v>) -> Option<&'v ValueKind<'v>> {
    directive.arguments.iter().find(|argument| argument.name.text == "if").map(|argument| &argument.value.kind)
}

/// Whether `@defer` can be switched off.
fn can_be_off(directive: &Directive<'_>) -> bool {
    matches!(condition(directive), Some(ValueKind::Boolean(false) | ValueKind::Variable(_)))
}

/// Whether `@skip` or `@include` can leave the selection out.
fn may_be_left_out(directives: &[Directive<'_>]) -> bool {
    directives.iter().any(|directive| match directive.name.text {
        "skip" => !matches!(condition(directive), Some(ValueKind::Boolean(false))),
        "include" => !matches!(condition(directive), None | Some(ValueKind::Boolean(true))),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn subscriptions_are_told_whole() {
        let errors = |query| errors_of(Box::new(DeferOnValidOperations), query);
        assert_eq!(errors("{ dog { ... @defer { name } } }"), []);
        assert_eq!(
            errors(
                "subscription($x: Boolean!) { ticks { ... @defer(if: $x) { a } ... @defer(if: false) { a } ... @skip(if: $x) @defer { a } } }"
            ),
            []
        );
        let message = "Defer directive not supported on subscription operations. Disable `@defer` by setting the `if` \
                       argument to `false`.";
        assert_eq!(
            errors(
                "subscription { ticks { ...F } } fragment F on Tick { ... @defer { a } ... @defer(if: true) { a } ...F }"
            ),
            [at(message, &[(1, 58), (1, 24)]), at(message, &[(1, 75), (1, 24)])]
        );
    }
}

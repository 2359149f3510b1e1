//! Operation name uniqueness: <https://spec.graphql.org/September2025/#sec-Operation-Name-Uniqueness>.

use ahash::AHashMap;

use crate::validate::{context::Context, rule::Rule};

pub(super) struct UniqueOperationNames;

impl<'v> Rule<'v> for UniqueOperationNames {
    fn document(&mut self, context: &mut Context<'v>) {
        let mut known = AHashMap::new();
        for name in context.document.operations().filter_map(|operation| operation.name) {
            if let Some(first) = known.get(name.text) {
                let message = format!("There can be only one operation named \"{}\".", name.text);
                context.report(message, &[*first, name.at]);
            } else {
                known.insert(name.text, name.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn two_operations_of_one_name_are_refused() {
        let errors = |query| errors_of(Box::new(UniqueOperationNames), query);
        assert_eq!(errors("query A { a } mutation B { a } fragment A on Query { a }"), []);
        assert_eq!(
            errors("query A { a } mutation A { a }"),
            [at("There can be only one operation named \"A\".", &[(1, 7), (1, 24)])]
        );
    }
}

//! Fragment name uniqueness: <https://spec.graphql.org/September2025/#sec-Fragment-Name-Uniqueness>.

use super::repeated::report_second;
use crate::validate::{context::Context, rule::Rule};

pub(super) struct UniqueFragmentNames;

impl<'v> Rule<'v> for UniqueFragmentNames {
    fn document(&mut self, context: &mut Context<'v>) {
        let names = context.document.fragments().map(|fragment| fragment.name);
        report_second(context, "fragment", names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn two_fragments_of_one_name_are_refused() {
        let errors = |query| errors_of(Box::new(UniqueFragmentNames), query);
        assert_eq!(errors("query A { a } fragment A on Query { a } fragment B on Query { a }"), []);
        assert_eq!(
            errors("fragment A on Query { a } fragment A on Dog { name }"),
            [at("There can be only one fragment named \"A\".", &[(1, 10), (1, 36)])]
        );
    }
}

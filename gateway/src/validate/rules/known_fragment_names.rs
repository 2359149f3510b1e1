//! Fragment spread target defined: <https://spec.graphql.org/September2025/#sec-Fragment-Spread-Target-Defined>.

use crate::{
    parse::ast::FragmentSpread,
    schema::ApiType,
    validate::{context::Context, rule::Rule},
};

pub(super) struct KnownFragmentNames;

impl<'v> Rule<'v> for KnownFragmentNames {
    fn spread(&mut self, context: &mut Context<'v>, _: Option<&'v ApiType>, spread: &'v FragmentSpread<'v>) {
        if !context.fragments.contains_key(spread.name.text) {
            context.report(format!("Unknown fragment \"{}\".", spread.name.text), &[spread.name.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn spreads_name_fragments_of_the_document() {
        let errors = |query| errors_of(Box::new(KnownFragmentNames), query);
        assert_eq!(errors("{ ...A } fragment A on Query { ...A }"), []);
        assert_eq!(
            errors("{ ...A } fragment B on Query { ...C }"),
            [at("Unknown fragment \"A\".", &[(1, 6)]), at("Unknown fragment \"C\".", &[(1, 35)])]
        );
    }
}

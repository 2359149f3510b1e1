//! Fragments must be used: <https://spec.graphql.org/September2025/#sec-Fragments-Must-Be-Used>.

use ahash::AHashSet;

use crate::validate::{context::Context, rule::Rule};

pub(super) struct NoUnusedFragments;

impl<'v> Rule<'v> for NoUnusedFragments {
    fn leave_document(&mut self, context: &mut Context<'v>, used_fragments: &AHashSet<&'v str>) {
        let document = context.document;
        for fragment in document.fragments().filter(|fragment| !used_fragments.contains(fragment.name.text)) {
            context.report(format!("Fragment \"{}\" is never used.", fragment.name.text), &[fragment.at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn an_operation_leads_to_every_fragment() {
        let errors = |query| errors_of(Box::new(NoUnusedFragments), query);
        assert_eq!(errors("{ ... { ...A } } fragment A on Query { dog { ...B } } fragment B on Dog { name }"), []);
        assert_eq!(
            errors("{ a } fragment A on Query { ...B } fragment B on Query { ...A }"),
            [at("Fragment \"A\" is never used.", &[(1, 7)]), at("Fragment \"B\" is never used.", &[(1, 36)])]
        );
    }
}

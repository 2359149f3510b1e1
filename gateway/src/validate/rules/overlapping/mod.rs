//! Field selection merging: <https://spec.graphql.org/September2025/#sec-Field-Selection-Merging>.

mod collect;
mod decide;
mod explain;

use ahash::AHashSet;

use crate::validate::{context::Context, rule::Rule};

/// Fields of one response key must be the same field, or of types that can never meet.
///
/// Whether a document is valid is decided in a time that grows with its size; only for one that is not, pairs of
/// fields are compared to say which of them conflict.
pub(super) struct OverlappingFieldsCanBeMerged;

impl<'v> Rule<'v> for OverlappingFieldsCanBeMerged {
    fn leave_document(&mut self, context: &mut Context<'v>, used_fragments: &AHashSet<&'v str>) {
        if context.has_cycles {
            return;
        }
        let Some(conflict) = decide::first_conflict(context, used_fragments) else { return };
        let explained = explain::conflicts(context);
        if explained.is_empty() {
            context.report(conflict.message(), &conflict.places());
        }
        for conflict in explained {
            context.report(conflict.message(), &conflict.places());
        }
    }
}

#[cfg(test)]
mod tests;

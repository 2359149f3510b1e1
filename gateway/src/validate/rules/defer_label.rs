//! Defer and stream directive labels are static and unique:
//! <https://github.com/graphql/graphql-spec/pull/1110>, as graphql-js 17 has it.

use ahash::AHashMap;

use crate::{
    parse::ast::{Directive, Offset, ValueKind},
    validate::{context::Context, rule::Rule},
};

/// A label names one `@defer`, and is known before any variable is.
#[derive(Default)]
pub(super) struct DeferLabel {
    known: AHashMap<String, Offset>,
}

impl<'v> Rule<'v> for DeferLabel {
    fn directives(&mut self, context: &mut Context<'v>, _: &'static str, directives: &'v [Directive<'v>]) {
        for directive in directives.iter().filter(|directive| directive.name.text == "defer") {
            let label = directive.arguments.iter().find(|argument| argument.name.text == "label");
            match label.map(|label| &label.value.kind) {
                None | Some(ValueKind::Null) => {}
                Some(ValueKind::String { text, .. }) => {
                    if let Some(&first) = self.known.get(text.as_ref()) {
                        let message = "Value for arguments \"defer(label:)\" and \"stream(label:)\" must be unique \
                                       across all Defer/Stream directive usages.";
                        context.report(message.to_owned(), &[first, directive.at]);
                    } else {
                        self.known.insert(text.as_ref().to_owned(), directive.at);
                    }
                }
                Some(_) => {
                    let message = "Argument \"@defer(label:)\" must be a static string.";
                    context.report(message.to_owned(), &[directive.at]);
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
    fn a_label_is_one_text() {
        let errors = |query| errors_of(Box::new(DeferLabel::default()), query);
        assert_eq!(
            errors(
                "{ ... @defer { a } ... @defer { b } ... @defer(label: \"x\") { a } ... @defer(label: null) { a } }"
            ),
            []
        );
        let message = "Value for arguments \"defer(label:)\" and \"stream(label:)\" must be unique across all \
                       Defer/Stream directive usages.";
        assert_eq!(
            errors("{ ... @defer(label: \"x\") { a } ... @defer(label: \"x\") { b } }"),
            [at(message, &[(1, 7), (1, 36)])]
        );
        assert_eq!(
            errors("query($x: String) { ... @defer(label: $x) { a } }"),
            [at("Argument \"@defer(label:)\" must be a static string.", &[(1, 25)])]
        );
    }
}

//! Input object field uniqueness: <https://spec.graphql.org/September2025/#sec-Input-Object-Field-Uniqueness>.

use ahash::AHashMap;

use crate::{
    parse::ast::{Value, ValueKind},
    validate::{
        context::{Context, Expected},
        rule::Rule,
    },
};

pub(super) struct UniqueInputFieldNames;

impl<'v> Rule<'v> for UniqueInputFieldNames {
    fn value(&mut self, context: &mut Context<'v>, value: &'v Value<'v>, _: Expected<'v>) {
        let ValueKind::Object(fields) = &value.kind else { return };
        let mut seen = AHashMap::with_capacity(fields.len());
        for name in fields.iter().map(|field| field.name) {
            if let Some(&first) = seen.get(name.text) {
                let message = format!("There can be only one input field named \"{}\".", name.text);
                context.report(message, &[first, name.at]);
            } else {
                seen.insert(name.text, name.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn a_field_of_an_input_is_given_once() {
        let errors = |query| errors_of(Box::new(UniqueInputFieldNames), query);
        assert_eq!(errors("{ a(x: { y: 1, z: { y: 1 } }, w: { y: 1 }) }"), []);
        assert_eq!(
            errors("query($a: Box = { y: 1, y: 2 }) { a(x: [{ y: 1, z: 2, y: 3, y: 4 }]) }"),
            [
                at("There can be only one input field named \"y\".", &[(1, 19), (1, 25)]),
                at("There can be only one input field named \"y\".", &[(1, 43), (1, 55)]),
                at("There can be only one input field named \"y\".", &[(1, 43), (1, 61)]),
            ]
        );
    }
}

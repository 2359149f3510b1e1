//! Leaf field selections: <https://spec.graphql.org/September2025/#sec-Leaf-Field-Selections>.

use crate::validate::{
    context::{Context, is_leaf},
    rule::{FieldPlace, Rule},
};

pub(super) struct ScalarLeafs;

impl<'v> Rule<'v> for ScalarLeafs {
    fn field(&mut self, context: &mut Context<'v>, FieldPlace { definition, field, .. }: FieldPlace<'v>) {
        let Some(definition) = definition else { return };
        let Some(ty) = context.schema.get(definition.type_ref.named()) else { return };
        let (name, type_ref) = (field.name.text, &definition.type_ref);
        match &field.selection_set {
            Some(set) if is_leaf(ty) => {
                let message =
                    format!("Field \"{name}\" must not have a selection since type \"{type_ref}\" has no subfields.");
                context.report(message, &[set.at]);
            }
            None if !is_leaf(ty) => {
                let message = format!(
                    "Field \"{name}\" of type \"{type_ref}\" must have a selection of subfields. Did you mean \"{name} {{ ... }}\"?"
                );
                context.report(message, &[field.at()]);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn leaves_have_no_selection_and_everything_else_has_one() {
        let errors = |query| errors_of(Box::new(ScalarLeafs), query);
        assert_eq!(errors("{ a dog { name } dogs { furColor nothing } __typename __schema { description } }"), []);
        assert_eq!(
            errors("{ a { b } x: dogs dog { furColor { c } } }"),
            [
                at("Field \"a\" must not have a selection since type \"Int\" has no subfields.", &[(1, 5)]),
                at(
                    "Field \"dogs\" of type \"[Dog!]!\" must have a selection of subfields. Did you mean \"dogs { ... }\"?",
                    &[(1, 11)]
                ),
                at(
                    "Field \"furColor\" must not have a selection since type \"Furcolor\" has no subfields.",
                    &[(1, 34)]
                ),
            ]
        );
    }
}

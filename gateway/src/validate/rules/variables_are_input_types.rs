//! Variables are input types: <https://spec.graphql.org/September2025/#sec-Variables-Are-Input-Types>.

use crate::{
    parse::ast::VariableDefinition,
    schema::TypeRef,
    validate::{context::Context, rule::Rule},
};

pub(super) struct VariablesAreInputTypes;

impl<'v> Rule<'v> for VariablesAreInputTypes {
    fn variable(&mut self, context: &mut Context<'v>, definition: &'v VariableDefinition<'v>, type_ref: &'v TypeRef) {
        if context.schema.get(type_ref.named()).is_some() && !context.is_input(type_ref) {
            let name = definition.name.text;
            let message = format!("Variable \"${name}\" cannot be non-input type \"{type_ref}\".");
            context.report(message, &[definition.type_node.at()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn variables_take_what_can_be_given() {
        let errors = |query| errors_of(Box::new(VariablesAreInputTypes), query);
        assert_eq!(errors("query($a: Int, $b: [Box!]!, $c: Furcolor, $d: Nothing) { a }"), []);
        assert_eq!(
            errors("query($a: Dog, $b: [[CatOrDog!]]!, $c: Pet) { a }"),
            [
                at("Variable \"$a\" cannot be non-input type \"Dog\".", &[(1, 11)]),
                at("Variable \"$b\" cannot be non-input type \"[[CatOrDog!]]!\".", &[(1, 20)]),
                at("Variable \"$c\" cannot be non-input type \"Pet\".", &[(1, 40)]),
            ]
        );
    }
}

//! All variable usages are allowed: <https://spec.graphql.org/September2025/#sec-All-Variable-Usages-Are-Allowed>.

use ahash::AHashMap;

use crate::{
    parse::ast::{ValueKind, VariableDefinition},
    schema::TypeRef,
    validate::{
        context::{Context, TypedOperation, Usage},
        rule::Rule,
    },
};

pub(super) struct VariablesInAllowedPosition;

impl<'v> Rule<'v> for VariablesInAllowedPosition {
    fn usages(
        &mut self,
        context: &mut Context<'v>,
        TypedOperation { operation, types }: TypedOperation<'v>,
        usages: &[Usage<'v>],
    ) {
        let defined: AHashMap<&str, (&VariableDefinition<'_>, &TypeRef)> = operation
            .variables
            .iter()
            .zip(types)
            .filter(|(_, type_ref)| context.schema.get(type_ref.named()).is_some())
            .map(|(definition, type_ref)| (definition.name.text, (definition, type_ref)))
            .collect();
        for usage in usages {
            let name = usage.name.text;
            let (Some(&(definition, type_ref)), Some(expected)) = (defined.get(name), usage.expected.type_ref) else {
                continue;
            };
            let places = [definition.at, usage.name.at];
            if !is_allowed(definition, type_ref, usage) {
                let message = format!(
                    "Variable \"${name}\" of type \"{type_ref}\" used in position expecting type \"{expected}\"."
                );
                context.report(message, &places);
            }
            let one_of = usage.expected.object.filter(|object| object.is_one_of);
            if let (Some(object), true) = (one_of, definition.type_node.is_nullable()) {
                let message = format!(
                    "Variable \"${name}\" is of type \"{type_ref}\" but must be non-nullable to be used for OneOf Input Object \"{}\".",
                    object.name
                );
                context.report(message, &places);
            }
        }
    }
}

/// A nullable variable may stand where null may not, when a default takes the place of its absence.
fn is_allowed(definition: &VariableDefinition<'_>, type_ref: &TypeRef, usage: &Usage<'_>) -> bool {
    match (usage.expected.type_ref, type_ref) {
        (Some(TypeRef::NonNull(expected)), TypeRef::Named(_) | TypeRef::List(_)) => {
            let has_default =
                definition.default.as_ref().is_some_and(|default| !matches!(default.kind, ValueKind::Null));
            (has_default || usage.expected.has_default) && fits(type_ref, expected)
        }
        (Some(expected), _) => fits(type_ref, expected),
        (None, _) => true,
    }
}

/// Whether every value of `given` is one of `expected`.
fn fits(given: &TypeRef, expected: &TypeRef) -> bool {
    match (given, expected) {
        (TypeRef::NonNull(given), TypeRef::NonNull(expected)) => fits(given, expected),
        (_, TypeRef::NonNull(_)) => false,
        (TypeRef::NonNull(given), _) => fits(given, expected),
        (TypeRef::List(given), TypeRef::List(expected)) => fits(given, expected),
        (TypeRef::Named(given), TypeRef::Named(expected)) => given == expected,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    fn errors(query: &str) -> Vec<(String, Vec<(usize, usize)>)> {
        errors_of(Box::new(VariablesInAllowedPosition), query)
    }

    #[test]
    fn a_variable_is_at_least_as_strict_as_its_place() {
        for query in [
            "query($a: Int) { takes(number: $a) }",
            "query($a: Int!) { takes(number: $a) }",
            "query($a: Int = 1) { needs(a: $a) }",
            "query($a: Int) { needs(b: $a) }",
            "query($a: [Int!]!) { takes(numbers: $a) }",
            "query($a: Int!) { takes(numbers: [$a]) }",
            "query($a: Boolean = false) { a @skip(if: $a) }",
            "query($a: Nothing) { takes(number: $a) nothing(x: $a) }",
            "query($a: Int) { takes(any: { deep: $a }) }",
            "query($a: String!) { one(of: { text: $a }) }",
        ] {
            assert_eq!(errors(query), [], "{query}");
        }
    }

    #[test]
    fn other_uses_are_refused() {
        for (query, message, first, second) in [
            (
                "query($a: Int) { needs(a: $a) }",
                r#"Variable "$a" of type "Int" used in position expecting type "Int!"."#,
                7,
                27,
            ),
            (
                "query($a: Int = null) { needs(a: $a) }",
                r#"Variable "$a" of type "Int" used in position expecting type "Int!"."#,
                7,
                34,
            ),
            (
                "query($a: String) { takes(number: $a) }",
                r#"Variable "$a" of type "String" used in position expecting type "Int"."#,
                7,
                35,
            ),
            (
                "query($a: Int) { takes(numbers: $a) }",
                r#"Variable "$a" of type "Int" used in position expecting type "[Int!]"."#,
                7,
                33,
            ),
            (
                "query($a: Int) { takes(numbers: [$a]) }",
                r#"Variable "$a" of type "Int" used in position expecting type "Int!"."#,
                7,
                34,
            ),
            (
                "query($a: [Int]) { takes(numbers: $a) }",
                r#"Variable "$a" of type "[Int]" used in position expecting type "[Int!]"."#,
                7,
                35,
            ),
            (
                "query($a: String) { one(of: { text: $a }) }",
                r#"Variable "$a" is of type "String" but must be non-nullable to be used for OneOf Input Object "OneOf"."#,
                7,
                37,
            ),
        ] {
            assert_eq!(errors(query), [at(message, &[(1, first), (1, second)])], "{query}");
        }
    }

    #[test]
    fn fragments_are_looked_into_for_each_operation() {
        let query = "query A($x: Int!) { ...F } query B($x: Int) { ...F } fragment F on Query { needs(a: $x) }";
        let message = r#"Variable "$x" of type "Int" used in position expecting type "Int!"."#;
        assert_eq!(errors(query), [at(message, &[(1, 36), (1, 85)])]);
    }
}

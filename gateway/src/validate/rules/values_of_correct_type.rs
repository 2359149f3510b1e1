//! Values of correct type: <https://spec.graphql.org/September2025/#sec-Values-of-Correct-Type>.

use crate::{
    parse::ast::{Argument, Value, ValueKind},
    schema::{ApiType, TypeKind, TypeRef},
    validate::{
        context::{Context, Expected, is_leaf},
        rule::Rule,
        suggest::did_you_mean,
    },
};

pub(super) struct ValuesOfCorrectType;

impl<'v> Rule<'v> for ValuesOfCorrectType {
    fn value(&mut self, context: &mut Context<'v>, value: &'v Value<'v>, expected: Expected<'v>) {
        let Some(type_ref) = expected.type_ref.filter(|_| !expected.is_judged) else { return };
        let nullable = match type_ref {
            TypeRef::NonNull(inner) => inner,
            other => other,
        };
        match (&value.kind, nullable) {
            (ValueKind::Variable(_), _) => {}
            (ValueKind::Null, _) => {
                if matches!(type_ref, TypeRef::NonNull(_)) {
                    context.report(format!("Expected value of type \"{type_ref}\", found null."), &[value.at]);
                }
            }
            (ValueKind::List(_), TypeRef::List(_)) => {}
            (ValueKind::List(_), _) => named_value(context, value, nullable),
            _ => named_value(context, value, type_ref),
        }
    }
}

/// A value that is no list, or a list where none is expected.
fn named_value<'v>(context: &mut Context<'v>, value: &'v Value<'v>, type_ref: &'v TypeRef) {
    let Some(ty) = context.schema.get(type_ref.named()) else { return };
    match &value.kind {
        ValueKind::Object(fields) if ty.kind == TypeKind::InputObject => object(context, value, fields, ty),
        _ if !is_leaf(ty) => {
            context.report(format!("Expected value of type \"{type_ref}\", found {value}."), &[value.at]);
        }
        _ => {
            let wrong = match ty.kind {
                TypeKind::Enum => wrong_enum_value(context, value, ty),
                _ => wrong_scalar(value, &ty.name),
            };
            if let Some(message) = wrong {
                context.report(message, &[value.at]);
            }
        }
    }
}

fn object<'v>(context: &mut Context<'v>, value: &'v Value<'v>, fields: &'v [Argument<'v>], ty: &'v ApiType) {
    let name = &ty.name;
    for field in ty.input_fields.values() {
        let is_required = matches!(field.type_ref, TypeRef::NonNull(_)) && field.default.is_none();
        if is_required && fields.iter().all(|given| given.name.text != field.name) {
            let message =
                format!("Field \"{name}.{}\" of required type \"{}\" was not provided.", field.name, field.type_ref);
            context.report(message, &[value.at]);
        }
    }
    if ty.is_one_of {
        one_of(context, value, fields, ty);
    }
    for field in fields {
        let given = field.name.text;
        if !ty.input_fields.contains_key(given) {
            let known = ty.input_fields.keys().map(String::as_str).filter(|_| context.hints);
            let hint = did_you_mean("", given, known);
            context.report(format!("Field \"{given}\" is not defined by type \"{name}\".{hint}"), &[field.name.at]);
        }
    }
}

fn one_of<'v>(context: &mut Context<'v>, value: &'v Value<'v>, fields: &'v [Argument<'v>], ty: &'v ApiType) {
    let is_one = fields.first().is_some_and(|first| fields.iter().all(|field| field.name.text == first.name.text));
    match fields.last() {
        Some(only) if is_one => {
            if matches!(only.value.kind, ValueKind::Null) {
                context.report(format!("Field \"{}.{}\" must be non-null.", ty.name, only.name.text), &[value.at]);
            }
        }
        _ => {
            let message = format!("OneOf Input Object \"{}\" must specify exactly one key.", ty.name);
            context.report(message, &[value.at]);
        }
    }
}

fn wrong_enum_value(context: &Context<'_>, value: &Value<'_>, ty: &ApiType) -> Option<String> {
    let written = value.to_string();
    let hint = || {
        let known = ty.enum_values.keys().map(String::as_str).filter(|_| context.hints);
        did_you_mean("the enum value", &written, known)
    };
    match value.kind {
        ValueKind::Enum(name) if ty.enum_values.contains_key(name) => None,
        ValueKind::Enum(_) => Some(format!("Value \"{written}\" does not exist in \"{}\" enum.{}", ty.name, hint())),
        _ => Some(format!("Enum \"{}\" cannot represent non-enum value: {written}.{}", ty.name, hint())),
    }
}

fn wrong_scalar(value: &Value<'_>, name: &str) -> Option<String> {
    let is_right = match (name, &value.kind) {
        ("Int", ValueKind::Int(digits)) => {
            let is_wide = digits.parse::<i32>().is_err();
            return is_wide.then(|| format!("Int cannot represent non 32-bit signed integer value: {digits}"));
        }
        ("Float", ValueKind::Int(digits) | ValueKind::Float(digits)) => digits.parse::<f64>().is_ok_and(f64::is_finite),
        ("String", ValueKind::String { .. })
        | ("Boolean", ValueKind::Boolean(_))
        | ("ID", ValueKind::String { .. } | ValueKind::Int(_)) => true,
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
        // What a custom scalar takes is for its subgraph to say.
        _ => true,
    };
    let expected = match name {
        "Int" => "non-integer",
        "Float" => "non numeric",
        "String" => "a non string",
        "Boolean" => "a non boolean",
        _ => "a non-string and non-integer",
    };
    (!is_right).then(|| format!("{name} cannot represent {expected} value: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    fn errors(query: &str) -> Vec<(String, Vec<(usize, usize)>)> {
        errors_of(Box::new(ValuesOfCorrectType), query)
    }

    #[test]
    fn values_that_fit_are_taken() {
        for arguments in [
            "number: 2147483647, float: 1, id: 1, id2: \"a\", text: \"\"\"a\"\"\", truth: true, furColor: BROWN",
            "number: null, numbers: null, numbers2: [1, 2], numbers3: 1, float: -1.5e300",
            "any: { a: [1, \"b\", C, null, { d: 1.5 }] }, any2: [1], any3: 1, any4: ENUM",
            "box: { needed: 1 }, box2: { needed: 1, boxes: { needed: 2 }, depth: 3 }",
            "box: { needed: 1, boxes: [{ needed: 2 }, null] }, unknown: { a: [1] }",
        ] {
            let query = arguments.split(", ").map(|it| it.to_owned()).collect::<Vec<_>>().join(" ");
            let query = query.replace("id2", "id").replace("numbers2", "numbers").replace("numbers3", "numbers");
            let query =
                query.replace("any2", "any").replace("any3", "any").replace("any4", "any").replace("box2", "box");
            assert_eq!(errors(&format!("{{ takes({query}) }}")), [], "{query}");
        }
        assert_eq!(errors("{ one(of: { text: \"a\" }) two: one(of: { number: $x }) none: one }"), []);
        assert_eq!(errors("query($a: Int = 1, $b: [Int!] = [1], $c: Box = { needed: 1 }, $d: Nothing = 1) { a }"), []);
    }

    #[test]
    fn values_that_do_not_fit_are_named() {
        for (argument, message, column) in [
            ("number: 2147483648", "Int cannot represent non 32-bit signed integer value: 2147483648", 17),
            ("number: 1.0", "Int cannot represent non-integer value: 1.0", 17),
            ("number: \"1\"", "Int cannot represent non-integer value: \"1\"", 17),
            ("number: [1]", "Int cannot represent non-integer value: [1]", 17),
            (
                "number: [1, null, \"a\", [{ b: 1 }]]",
                "Int cannot represent non-integer value: [1, null, \"a\", [{b: 1}]]",
                17,
            ),
            ("float: \"1\"", "Float cannot represent non numeric value: \"1\"", 16),
            ("float: 1e400", "Float cannot represent non numeric value: 1e400", 16),
            ("id: 1.0", "ID cannot represent a non-string and non-integer value: 1.0", 13),
            ("text: A", "String cannot represent a non string value: A", 15),
            ("truth: 1", "Boolean cannot represent a non boolean value: 1", 16),
            (
                "furColor: \"BROWN\"",
                "Enum \"Furcolor\" cannot represent non-enum value: \"BROWN\". Did you mean the enum value \"BROWN\"?",
                19,
            ),
            (
                "furColor: BRWN",
                "Value \"BRWN\" does not exist in \"Furcolor\" enum. Did you mean the enum value \"BROWN\"?",
                19,
            ),
            ("numbers: [1, null]", "Expected value of type \"Int!\", found null.", 22),
            ("box: 1", "Expected value of type \"Box\", found 1.", 14),
            ("box: {}", "Field \"Box.needed\" of required type \"Int!\" was not provided.", 14),
            ("box: { needed: null }", "Expected value of type \"Int!\", found null.", 24),
            (
                "box: { needed: 1, deph: 1 }",
                "Field \"deph\" is not defined by type \"Box\". Did you mean \"depth\"?",
                27,
            ),
            ("box: { needed: 1, boxes: [1] }", "Expected value of type \"Box\", found 1.", 35),
        ] {
            assert_eq!(errors(&format!("{{ takes({argument}) }}")), [at(message, &[(1, column)])], "{argument}");
        }
    }

    #[test]
    fn one_of_takes_exactly_one_that_is_not_null() {
        let message = "OneOf Input Object \"OneOf\" must specify exactly one key.";
        assert_eq!(errors("{ one(of: {}) }"), [at(message, &[(1, 11)])]);
        assert_eq!(errors("{ one(of: { text: \"a\", number: 1 }) }"), [at(message, &[(1, 11)])]);
        assert_eq!(errors("{ one(of: { text: null }) }"), [at("Field \"OneOf.text\" must be non-null.", &[(1, 11)])]);
    }

    #[test]
    fn defaults_and_directives_have_values_too() {
        assert_eq!(
            errors("query($a: Int! = null, $b: [Int] = [\"x\"], $c: Box = {}) { a @skip(if: 1) }"),
            [
                at("Expected value of type \"Int!\", found null.", &[(1, 18)]),
                at("Int cannot represent non-integer value: \"x\"", &[(1, 37)]),
                at("Field \"Box.needed\" of required type \"Int!\" was not provided.", &[(1, 53)]),
                at("Boolean cannot represent a non boolean value: 1", &[(1, 71)]),
            ]
        );
        assert_eq!(
            errors("query($a: Box! = [1]) { a }"),
            [at("Expected value of type \"Box\", found [1].", &[(1, 18)])]
        );
    }
}

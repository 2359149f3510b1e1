//! Variables, coerced as the specification says, with errors in the words of graphql-js.

use serde_json::{Map, Value};

use super::{inspect::inspected, suggest::did_you_mean};
use crate::{
    error::{GraphqlError, code},
    schema::{ApiSchema, ApiType, TypeKind, TypeRef},
};

/// One variable of an operation.
#[derive(Debug, Clone)]
pub struct VariableDefinition {
    /// Its name, without `$`.
    pub name: String,
    /// What it takes.
    pub type_ref: TypeRef,
    /// What it is when absent, coerced.
    pub default: Option<Value>,
    /// Whether `@skip` or `@include` asks it, so that it cannot be null.
    pub is_condition: bool,
    /// Whether it stands for a literal of the document, so that clients do not set it.
    pub is_literal: bool,
    /// Line and column of its definition.
    pub position: (usize, usize),
}

/// How many errors are listed before the rest is left out.
const MAX_ERRORS: usize = 50;

/// Coerces the variables that a client sent; those that the operation does not define are dropped. With `hints`, messages
/// suggest names of the schema.
///
/// # Errors
///
/// One error for each value that does not fit.
pub fn coerce_variables(
    (api, hints): (&ApiSchema, bool),
    definitions: &[VariableDefinition],
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<GraphqlError>> {
    let mut coerced = Map::new();
    let mut errors = Vec::new();
    for definition in definitions {
        let VariableDefinition { name, type_ref, default, is_condition, is_literal, position: (line, column) } =
            definition;
        let mut fail = |message: String| {
            errors.push(GraphqlError::new(code::BAD_USER_INPUT, message).at(*line, *column));
        };
        let is_required = matches!(type_ref, TypeRef::NonNull(_));
        match (given.remove(name).filter(|_| !is_literal), default) {
            (None, Some(default)) => {
                coerced.insert(name.clone(), default.clone());
            }
            (None, None) if is_required => {
                fail(format!("Variable \"${name}\" of required type \"{type_ref}\" was not provided."));
            }
            (None, None) => {}
            (Some(Value::Null), _) if is_required => {
                fail(format!("Variable \"${name}\" of non-null type \"{type_ref}\" must not be null."));
            }
            // With a default its type may be nullable; still a selection is either there or not.
            (Some(Value::Null), _) if *is_condition => {
                fail("Argument \"if\" of non-null type \"Boolean!\" must not be null.".to_owned());
            }
            (Some(value), _) => {
                let mut problems = Vec::new();
                let mut coercion = Coercion { api, hints, path: Vec::new(), problems: &mut problems };
                let value = coercion.value(value, type_ref);
                for (value, path, problem) in problems {
                    let at = if path.is_empty() { String::new() } else { format!(" at \"{name}{path}\"") };
                    fail(format!("Variable \"${name}\" got invalid value {value}{at}; {problem}"));
                }
                coerced.insert(name.clone(), value);
            }
        }
    }
    if errors.is_empty() {
        return Ok(coerced);
    }
    if errors.len() > MAX_ERRORS {
        errors.truncate(MAX_ERRORS);
        let message = "Too many errors processing variables, error limit reached. Execution aborted.";
        errors.push(GraphqlError::new(code::BAD_USER_INPUT, message));
    }
    Err(errors)
}

type Problem = (String, String, String);

struct Coercion<'a> {
    api: &'a ApiSchema,
    /// Whether names of the schema are suggested.
    hints: bool,
    path: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl Coercion<'_> {
    fn value(&mut self, value: Value, type_ref: &TypeRef) -> Value {
        match (type_ref, value) {
            (TypeRef::NonNull(inner), Value::Null) => {
                self.fail(&Value::Null, format!("Expected non-nullable type \"{inner}!\" not to be null."))
            }
            (TypeRef::NonNull(inner), value) => self.value(value, inner),
            (_, Value::Null) => Value::Null,
            (TypeRef::List(inner), Value::Array(items)) => {
                let coerce = |(index, item)| self.inside(format!("[{index}]"), item, inner);
                Value::Array(items.into_iter().enumerate().map(coerce).collect())
            }
            // A single value stands for a list of it.
            (TypeRef::List(inner), value) => Value::Array(vec![self.value(value, inner)]),
            (TypeRef::Named(name), value) => self.named(value, name),
        }
    }

    fn inside(&mut self, step: String, value: Value, type_ref: &TypeRef) -> Value {
        self.path.push(step);
        let value = self.value(value, type_ref);
        self.path.pop();
        value
    }

    fn named(&mut self, value: Value, name: &str) -> Value {
        match name {
            "Int" => self.int(&value),
            "Float" if value.is_number() => value,
            "Float" => self.fail_with(&value, |value| format!("Float cannot represent non numeric value: {value}")),
            "String" if value.is_string() => value,
            "String" => self.fail_with(&value, |value| format!("String cannot represent a non string value: {value}")),
            "Boolean" if value.is_boolean() => value,
            "Boolean" => {
                self.fail_with(&value, |value| format!("Boolean cannot represent a non boolean value: {value}"))
            }
            "ID" if value.is_string() => value,
            // A whole number is one however it is written.
            "ID" if value.as_f64().is_some_and(|number| number.fract() == 0.0) => Value::String(inspected(&value)),
            "ID" => self.fail_with(&value, |value| format!("ID cannot represent value: {value}")),
            _ => match self.api.get(name) {
                Some(ty) if ty.kind == TypeKind::InputObject => self.input_object(value, ty),
                Some(ty) if ty.kind == TypeKind::Enum => self.enum_value(value, ty),
                _ => value,
            },
        }
    }

    fn int(&mut self, value: &Value) -> Value {
        let is_whole = value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0);
        match value.as_i64().or_else(|| whole_number(value)).and_then(|number| i32::try_from(number).ok()) {
            Some(number) => Value::from(number),
            None if is_whole => {
                self.fail_with(value, |value| format!("Int cannot represent non 32-bit signed integer value: {value}"))
            }
            None => self.fail_with(value, |value| format!("Int cannot represent non-integer value: {value}")),
        }
    }

    fn enum_value(&mut self, value: Value, ty: &ApiType) -> Value {
        let name = &ty.name;
        match value.as_str() {
            Some(text) if ty.enum_values.contains_key(text) => value,
            Some(text) => {
                let hint = self.hint("the enum value", text, ty.enum_values.keys());
                self.fail_with(&value, |_| format!("Value \"{text}\" does not exist in \"{name}\" enum.{hint}"))
            }
            None => {
                let shown = inspected(&value);
                let hint = self.hint("the enum value", &shown, ty.enum_values.keys());
                self.fail(&value, format!("Enum \"{name}\" cannot represent non-string value: {shown}.{hint}"))
            }
        }
    }

    fn input_object(&mut self, value: Value, ty: &ApiType) -> Value {
        let Value::Object(mut given) = value else {
            return self.fail_with(&value, |_| format!("Expected type \"{}\" to be an object.", ty.name));
        };
        let whole = Value::Object(given.clone());
        let mut coerced = Map::new();
        for field in ty.input_fields.values() {
            match given.remove(&field.name) {
                Some(value) => {
                    let value = self.inside(format!(".{}", field.name), value, &field.type_ref);
                    coerced.insert(field.name.clone(), value);
                }
                None if field.default.is_none() && matches!(field.type_ref, TypeRef::NonNull(_)) => {
                    let problem =
                        format!("Field \"{}\" of required type \"{}\" was not provided.", field.name, field.type_ref);
                    self.fail(&whole, problem);
                }
                // Left out: the subgraph applies the default, the same in all subgraphs that have the field.
                None => {}
            }
        }
        for unknown in given.keys() {
            if self.problems.len() > MAX_ERRORS {
                break;
            }
            let hint = self.hint("", unknown, ty.input_fields.keys());
            self.fail(&whole, format!("Field \"{unknown}\" is not defined by type \"{}\".{hint}", ty.name));
        }
        if ty.is_one_of {
            self.one_of(&whole, &coerced, ty);
        }
        Value::Object(coerced)
    }

    fn one_of(&mut self, whole: &Value, coerced: &Map<String, Value>, ty: &ApiType) {
        if coerced.len() != 1 {
            self.fail(whole, format!("Exactly one key must be specified for OneOf type \"{}\".", ty.name));
        }
        // What was coerced may be null because it did not fit.
        let first = coerced.keys().next().filter(|name| whole.get(name.as_str()).is_some_and(Value::is_null));
        if let Some(name) = first {
            self.path.push(format!(".{name}"));
            self.fail(&Value::Null, format!("Field \"{name}\" must be non-null."));
            self.path.pop();
        }
    }

    fn hint<'k>(&self, subject: &str, written: &str, known: impl Iterator<Item = &'k String>) -> String {
        did_you_mean(subject, written, known.map(String::as_str).filter(|_| self.hints))
    }

    fn fail_with(&mut self, value: &Value, problem: impl FnOnce(&str) -> String) -> Value {
        let problem = problem(&inspected(value));
        self.fail(value, problem)
    }

    fn fail(&mut self, value: &Value, problem: String) -> Value {
        if self.problems.len() <= MAX_ERRORS {
            self.problems.push((inspected(value), self.path.concat(), problem));
        }
        Value::Null
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the number is whole and within 53 bits")]
fn whole_number(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

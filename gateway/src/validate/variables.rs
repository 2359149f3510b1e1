//! Variables, coerced as the specification says, with errors in the words of graphql-js.

use graphql_tools::parser::query::Value as AstValue;
use serde_json::{Map, Value};

use crate::{
    error::{GraphqlError, code},
    schema::{ApiSchema, ApiType, Literal, TypeKind, TypeRef},
};

/// One variable of an operation.
#[derive(Debug, Clone)]
pub struct VariableDefinition {
    /// Its name, without `$`.
    pub name: String,
    /// What it takes.
    pub type_ref: TypeRef,
    /// What it is when absent.
    pub default: Option<Literal>,
    /// Line and column of its definition.
    pub position: (usize, usize),
}

/// How many errors are listed before the rest is left out.
const MAX_ERRORS: usize = 50;

/// Coerces the variables that a client sent; those that the operation does not define are dropped.
///
/// # Errors
///
/// One error for each value that does not fit.
pub fn coerce_variables(
    api: &ApiSchema,
    definitions: &[VariableDefinition],
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<GraphqlError>> {
    let mut coerced = Map::new();
    let mut errors = Vec::new();
    for definition in definitions {
        let VariableDefinition { name, type_ref, default, position: (line, column) } = definition;
        let mut fail = |message: String| {
            errors.push(GraphqlError::new(code::BAD_USER_INPUT, message).at(*line, *column));
        };
        let is_required = matches!(type_ref, TypeRef::NonNull(_));
        match (given.remove(name), default) {
            (None, Some(default)) => {
                coerced.insert(name.clone(), literal_to_json(default));
            }
            (None, None) if is_required => {
                fail(format!("Variable \"${name}\" of required type \"{type_ref}\" was not provided."));
            }
            (None, None) => {}
            (Some(Value::Null), _) if is_required => {
                fail(format!("Variable \"${name}\" of non-null type \"{type_ref}\" must not be null."));
            }
            (Some(value), _) => {
                let mut problems = Vec::new();
                let mut coercion = Coercion { api, path: Vec::new(), problems: &mut problems };
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

/// A literal without variables as JSON; enum values become text.
#[must_use]
pub(crate) fn literal_to_json(literal: &Literal) -> Value {
    match literal {
        AstValue::Variable(_) | AstValue::Null => Value::Null,
        AstValue::Int(number) => number.as_i64().map_or(Value::Null, Value::from),
        AstValue::Float(number) => Value::from(*number),
        AstValue::String(text) | AstValue::Enum(text) => Value::String(text.clone()),
        AstValue::Boolean(truth) => Value::Bool(*truth),
        AstValue::List(items) => Value::Array(items.iter().map(literal_to_json).collect()),
        AstValue::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), literal_to_json(value))).collect())
        }
    }
}

type Problem = (String, String, String);

struct Coercion<'a> {
    api: &'a ApiSchema,
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
            "ID" if value.is_i64() || value.is_u64() => Value::String(value.to_string()),
            "ID" => self.fail_with(&value, |value| format!("ID cannot represent value: {value}")),
            _ => match self.api.get(name) {
                Some(ty) if ty.kind == TypeKind::InputObject => self.input_object(value, ty),
                Some(ty) if ty.kind == TypeKind::Enum => self.enum_value(value, ty),
                _ => value,
            },
        }
    }

    fn int(&mut self, value: &Value) -> Value {
        let whole = value.as_i64().or_else(|| whole_number(value));
        match whole {
            Some(number) if i32::try_from(number).is_ok() => Value::from(number),
            Some(_) => {
                self.fail_with(value, |value| format!("Int cannot represent non 32-bit signed integer value: {value}"))
            }
            None if value.is_u64() => {
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
                let hint = did_you_mean(text, ty.enum_values.keys());
                self.fail_with(&value, |_| format!("Value \"{text}\" does not exist in \"{name}\" enum.{hint}"))
            }
            None => {
                self.fail_with(&value, |value| format!("Enum \"{name}\" cannot represent non-string value: {value}."))
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
            let hint = did_you_mean(unknown, ty.input_fields.keys());
            self.fail(&whole, format!("Field \"{unknown}\" is not defined by type \"{}\".{hint}", ty.name));
        }
        if ty.is_one_of {
            self.one_of(&whole, &coerced, ty);
        }
        Value::Object(coerced)
    }

    fn one_of(&mut self, whole: &Value, coerced: &Map<String, Value>, ty: &ApiType) {
        let mut fields = coerced.iter();
        match (fields.next(), fields.next()) {
            (Some((name, Value::Null)), None) => {
                self.path.push(format!(".{name}"));
                self.fail(&Value::Null, format!("Field \"{name}\" must be non-null."));
                self.path.pop();
            }
            (Some(_), None) => {}
            _ => {
                let problem = format!("Exactly one key must be specified for OneOf type \"{}\".", ty.name);
                self.fail(whole, problem);
            }
        }
    }

    fn fail_with(&mut self, value: &Value, problem: impl FnOnce(&Value) -> String) -> Value {
        let problem = problem(value);
        self.fail(value, problem)
    }

    fn fail(&mut self, value: &Value, problem: String) -> Value {
        if self.problems.len() <= MAX_ERRORS {
            self.problems.push((shown(value), self.path.concat(), problem));
        }
        Value::Null
    }
}

/// The first 200 characters of a value's JSON; the rest is not even written.
fn shown(value: &Value) -> String {
    struct Start(Vec<u8>);
    impl std::io::Write for Start {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.extend_from_slice(bytes);
            // No character has more than four bytes.
            if self.0.len() < 4 * 200 { Ok(bytes.len()) } else { Err(std::io::ErrorKind::WriteZero.into()) }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut start = Start(Vec::new());
    // An error says that there is more than enough.
    let _ = serde_json::to_writer(&mut start, value);
    String::from_utf8_lossy(&start.0).chars().take(200).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the number is whole and within 53 bits")]
fn whole_number(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn did_you_mean<'a>(text: &str, known: impl Iterator<Item = &'a String>) -> String {
    let nearest = known.map(|name| (strsim::levenshtein(text, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= text.len() / 2 => format!(" Did you mean \"{name}\"?"),
        _ => String::new(),
    }
}

//! Literals without variables as JSON, coerced to the type that they are for.

use serde_json::{Map, Value as Json};

use crate::{
    parse::ast::{Value, ValueKind},
    schema::{ApiSchema, TypeKind, TypeRef},
};

/// A valid literal as the JSON of a variable; enum values become text, and single values lists where those are wanted.
///
/// Fields that are left out of objects stay so: the subgraph applies the default, the same in all subgraphs that have
/// the field.
pub(crate) fn literal_to_json(api: &ApiSchema, value: &Value<'_>, type_ref: &TypeRef) -> Json {
    match (type_ref, &value.kind) {
        (TypeRef::NonNull(inner), _) => literal_to_json(api, value, inner),
        (_, ValueKind::Null) => Json::Null,
        (TypeRef::List(inner), ValueKind::List(items)) => {
            Json::Array(items.iter().map(|item| literal_to_json(api, item, inner)).collect())
        }
        (TypeRef::List(inner), _) => Json::Array(vec![literal_to_json(api, value, inner)]),
        (TypeRef::Named(name), kind) => match (name.as_str(), kind) {
            ("ID", ValueKind::Int(digits)) => Json::from(*digits),
            (_, ValueKind::Object(fields)) => {
                let ty = api.get(name).filter(|ty| ty.kind == TypeKind::InputObject);
                let field = |field: &crate::parse::ast::Argument<'_>| {
                    let definition = ty.and_then(|ty| ty.input_fields.get(field.name.text));
                    let value = match definition {
                        Some(definition) => literal_to_json(api, &field.value, &definition.type_ref),
                        None => untyped(&field.value),
                    };
                    (field.name.text.to_owned(), value)
                };
                Json::Object(fields.iter().map(field).collect())
            }
            _ => untyped(value),
        },
    }
}

/// A literal for a custom scalar.
fn untyped(value: &Value<'_>) -> Json {
    match &value.kind {
        ValueKind::Variable(_) | ValueKind::Null => Json::Null,
        ValueKind::Int(digits) | ValueKind::Float(digits) => number(digits),
        ValueKind::String { text, .. } => Json::from(text.as_ref()),
        ValueKind::Enum(name) => Json::from(*name),
        ValueKind::Boolean(truth) => Json::Bool(*truth),
        ValueKind::List(items) => Json::Array(items.iter().map(untyped).collect()),
        ValueKind::Object(fields) => {
            let fields = fields.iter().map(|field| (field.name.text.to_owned(), untyped(&field.value)));
            Json::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// A number as it is written, as far as 64 bits hold it.
fn number(digits: &str) -> Json {
    let whole = digits.parse::<i64>().map(Json::from).or_else(|_| digits.parse::<u64>().map(Json::from));
    whole.unwrap_or_else(|_| digits.parse::<f64>().map_or(Json::Null, Json::from))
}

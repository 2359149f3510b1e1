//! What `@key`, `@requires` and `@provides` name.

use std::fmt::Write;

use ahash::AHashSet;
use graphql_tools::{
    parser::query::{Definition, OperationDefinition, Selection, SelectionSet, TypeCondition, Value},
    static_graphql::schema::Directive,
};

use crate::schema::{TypeId, TypeNames};

/// A set of fields.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FieldSet(pub Vec<FieldSetItem>);

/// A part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSetItem {
    /// A field.
    Field {
        /// Its name.
        name: Box<str>,
        /// Its arguments as they are written, with parentheses; empty without any.
        arguments: Box<str>,
        /// What of it is named; empty for leaves.
        below: FieldSet,
    },
    /// Fields of objects of a type.
    On(TypeId, FieldSet),
}

impl FieldSet {
    /// Reads one without its braces; `None` when it is none.
    pub(super) fn parse(text: &str, types: &TypeNames) -> Option<Self> {
        let text = format!("{{{text}}}");
        let document = graphql_tools::parser::parse_query::<String>(&text).ok()?;
        match document.definitions.first() {
            Some(Definition::Operation(OperationDefinition::SelectionSet(set))) => Some(Self::of(set, types)),
            _ => None,
        }
    }

    fn of(set: &SelectionSet<'_, String>, types: &TypeNames) -> Self {
        let item = |item: &Selection<'_, String>| match item {
            Selection::Field(field) => Some(FieldSetItem::Field {
                name: field.name.as_str().into(),
                arguments: written(&field.arguments).into(),
                below: Self::of(&field.selection_set, types),
            }),
            Selection::InlineFragment(fragment) => {
                let below = Self::of(&fragment.selection_set, types);
                let TypeCondition::On(on) = fragment.type_condition.as_ref()?;
                Some(FieldSetItem::On(types.id(on)?, below))
            }
            Selection::FragmentSpread(_) => None,
        };
        Self(set.items.iter().filter_map(item).collect())
    }

    /// What it names below a field of objects of type `ty`, if it names the field.
    pub(crate) fn below(&self, ty: TypeId, field: &str, types: &TypeNames) -> Option<&Self> {
        self.0.iter().find_map(|item| match item {
            FieldSetItem::Field { name, below, .. } => (**name == *field).then_some(below),
            FieldSetItem::On(on, set) => types.fits(ty, *on).then(|| set.below(ty, field, types)).flatten(),
        })
    }

    /// Whether one representation can hold both sets: they name no field with different arguments.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.0.iter().all(|one| {
            other.0.iter().all(|other| match (one, other) {
                (
                    FieldSetItem::Field { name, arguments, below },
                    FieldSetItem::Field { name: their_name, arguments: theirs, below: their_below },
                ) => name != their_name || (arguments == theirs && below.agrees(their_below)),
                (FieldSetItem::On(_, set), other) => set.agrees(&Self(vec![other.clone()])),
                (one, FieldSetItem::On(_, set)) => Self(vec![one.clone()]).agrees(set),
            })
        })
    }

    /// Adds the names of all its fields.
    pub(super) fn add_names(&self, names: &mut AHashSet<Box<str>>) {
        for item in &self.0 {
            match item {
                FieldSetItem::Field { name, below, .. } => {
                    names.insert(name.clone());
                    below.add_names(names);
                }
                FieldSetItem::On(_, set) => set.add_names(names),
            }
        }
    }

    /// Whether it names nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Arguments as they are written in an operation, with parentheses; nothing without any. The same arguments are written
/// the same, in whatever order they were given.
pub(crate) fn written(arguments: &[(String, Value<'_, String>)]) -> String {
    let mut text = String::new();
    for (number, (name, value)) in by_name(arguments).into_iter().enumerate() {
        text.push_str(if number == 0 { "(" } else { ", " });
        text.push_str(name);
        text.push_str(": ");
        write_value(value, &mut text);
    }
    if !arguments.is_empty() {
        text.push(')');
    }
    text
}

fn by_name<'v, 'a>(fields: &'v [(String, Value<'a, String>)]) -> Vec<&'v (String, Value<'a, String>)> {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    sorted
}

/// Writes a value on one line.
pub(crate) fn write_value(value: &Value<'_, String>, into: &mut String) {
    match value {
        // The escapes of JSON are those of GraphQL; a block would change what stands at the start of its lines.
        Value::String(text) => into.push_str(&serde_json::to_string(text).unwrap_or_default()),
        Value::List(items) => {
            into.push('[');
            for (number, item) in items.iter().enumerate() {
                into.push_str(if number == 0 { "" } else { ", " });
                write_value(item, into);
            }
            into.push(']');
        }
        Value::Object(fields) => {
            into.push('{');
            for (number, (name, value)) in by_name(fields).into_iter().enumerate() {
                into.push_str(if number == 0 { "" } else { ", " });
                into.push_str(name);
                into.push_str(": ");
                write_value(value, into);
            }
            into.push('}');
        }
        _ => {
            let _ = write!(into, "{value}");
        }
    }
}

/// The text of a directive's argument.
pub(super) fn text<'d>(directive: &'d Directive, argument: &str) -> Option<&'d str> {
    directive.arguments.iter().find_map(|(key, value)| match value {
        Value::String(text) | Value::Enum(text) if key == argument => Some(text.as_str()),
        _ => None,
    })
}

/// Whether an argument is `true`; `None` when it is not given.
pub(super) fn truth(directive: &Directive, argument: &str) -> Option<bool> {
    directive.arguments.iter().find_map(|(key, value)| match value {
        Value::Boolean(truth) if key == argument => Some(*truth),
        _ => None,
    })
}

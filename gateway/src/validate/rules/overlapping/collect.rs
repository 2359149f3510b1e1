//! The fields of selection sets, fragments included.

use ahash::AHashSet;
use indexmap::IndexMap;

use crate::{
    parse::ast::{Argument, Field, Offset, Selection, SelectionSet, Value, ValueKind},
    schema::{ApiField, ApiSchema, ApiType, TypeKind, TypeRef},
    validate::context::{Context, is_leaf},
};

/// A selection set and the type that it is on, where that is known.
pub(super) type TypedSet<'v> = (&'v SelectionSet<'v>, Option<&'v ApiType>);

/// One field, with the type that it is selected on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'v> {
    pub(super) parent: Option<&'v ApiType>,
    pub(super) field: &'v Field<'v>,
    pub(super) definition: Option<&'v ApiField>,
}

impl<'v> Entry<'v> {
    /// The object type that it is selected on.
    pub(super) fn object(&self) -> Option<&'v str> {
        self.parent.filter(|parent| parent.kind == TypeKind::Object).map(|parent| parent.name.as_str())
    }

    /// What is selected below.
    pub(super) fn below(&self, context: &Context<'v>) -> Option<TypedSet<'v>> {
        let set = self.field.selection_set.as_ref()?;
        Some((set, self.definition.and_then(|definition| context.composite(definition.type_ref.named()))))
    }
}

/// By response key, in order.
pub(super) type Groups<'v> = IndexMap<&'v str, Vec<Entry<'v>>, ahash::RandomState>;

/// The fields of all sets, each fragment taken once.
pub(super) fn collect<'v>(context: &Context<'v>, sets: &[TypedSet<'v>]) -> Groups<'v> {
    let mut groups = Groups::default();
    let mut seen = AHashSet::new();
    for &set in sets {
        add(context, set, &mut seen, &mut groups);
    }
    groups
}

fn add<'v>(context: &Context<'v>, (set, parent): TypedSet<'v>, seen: &mut AHashSet<&'v str>, groups: &mut Groups<'v>) {
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                let definition = parent.and_then(|parent| context.schema.field(parent, field.name.text));
                groups.entry(field.response_key()).or_default().push(Entry { parent, field, definition });
            }
            Selection::Inline(fragment) => {
                let on = fragment.type_condition.map_or(parent, |condition| context.composite(condition.text));
                add(context, (&fragment.selection_set, on), seen, groups);
            }
            Selection::Spread(spread) => {
                if let (Some(fragment), true) = (context.fragments.get(spread.name.text), seen.insert(spread.name.text))
                {
                    let on = context.composite(fragment.type_condition.text);
                    add(context, (&fragment.selection_set, on), seen, groups);
                }
            }
        }
    }
}

/// Why two fields of one key cannot both be selected.
#[derive(Debug)]
pub(super) struct Conflict<'v> {
    pub(super) response_key: &'v str,
    pub(super) reason: String,
    /// The first of the two, with what conflicts below it.
    pub(super) left: Vec<Offset>,
    pub(super) right: Vec<Offset>,
}

impl Conflict<'_> {
    pub(super) fn message(&self) -> String {
        let Self { response_key, reason, .. } = self;
        format!(
            "Fields \"{response_key}\" conflict because {reason}. Use different aliases on the fields to fetch both if this was intentional."
        )
    }

    pub(super) fn places(&self) -> Vec<Offset> {
        [self.left.as_slice(), self.right.as_slice()].concat()
    }
}

/// Why two fields do not select the same.
pub(super) fn different_selection(left: &Field<'_>, right: &Field<'_>) -> Option<String> {
    if left.name.text != right.name.text {
        return Some(format!("\"{}\" and \"{}\" are different fields", left.name.text, right.name.text));
    }
    (!same_arguments(&left.arguments, &right.arguments)).then(|| "they have differing arguments".to_owned())
}

/// Why two fields do not have values of one shape.
pub(super) fn different_shape(schema: &ApiSchema, left: &Entry<'_>, right: &Entry<'_>) -> Option<String> {
    let (left, right) = (&left.definition?.type_ref, &right.definition?.type_ref);
    (!same_shape(schema, left, right)).then(|| format!("they return conflicting types \"{left}\" and \"{right}\""))
}

fn same_shape(schema: &ApiSchema, left: &TypeRef, right: &TypeRef) -> bool {
    match (left, right) {
        (TypeRef::List(left), TypeRef::List(right)) | (TypeRef::NonNull(left), TypeRef::NonNull(right)) => {
            same_shape(schema, left, right)
        }
        (TypeRef::Named(left), TypeRef::Named(right)) => {
            let is_leaf = |name: &str| schema.get(name).is_none_or(is_leaf);
            left == right || (!is_leaf(left) && !is_leaf(right))
        }
        _ => false,
    }
}

fn same_arguments(left: &[Argument<'_>], right: &[Argument<'_>]) -> bool {
    left.len() == right.len()
        && left.iter().all(|argument| {
            let other = right.iter().find(|other| other.name.text == argument.name.text);
            other.is_some_and(|other| same_value(&argument.value, &other.value))
        })
}

fn same_value(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (&left.kind, &right.kind) {
        (ValueKind::Variable(left), ValueKind::Variable(right)) => left.text == right.text,
        (ValueKind::Int(left), ValueKind::Int(right))
        | (ValueKind::Float(left), ValueKind::Float(right))
        | (ValueKind::Enum(left), ValueKind::Enum(right)) => left == right,
        (ValueKind::String { text: left, .. }, ValueKind::String { text: right, .. }) => left == right,
        (ValueKind::Boolean(left), ValueKind::Boolean(right)) => left == right,
        (ValueKind::Null, ValueKind::Null) => true,
        (ValueKind::List(left), ValueKind::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(left, right))
        }
        (ValueKind::Object(left), ValueKind::Object(right)) => same_arguments(left, right),
        _ => false,
    }
}

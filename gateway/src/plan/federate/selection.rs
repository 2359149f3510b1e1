//! From the client's selection, and from keys and `@requires`, to positions and leaves.

use ahash::{AHashMap, AHashSet};
use graphql_tools::{
    parser::query::Value,
    static_graphql::query::{
        Definition, Directive, Document, Field, FragmentDefinition, Selection, SelectionSet, TypeCondition,
    },
};

use super::{
    asked::{Asked, AskedId},
    draft::{Draft, Leaf, PositionId},
};
use crate::{
    schema::{
        TypeId,
        federation::{FieldSet, FieldSetItem, written},
    },
    value::Keys,
};

/// How many fields an operation may have over all types.
const MAX_LEAVES: usize = 50_000;

/// Reads the selections of one document.
pub(super) struct Reader<'d, 'k> {
    pub(super) fragments: AHashMap<&'d str, &'d FragmentDefinition>,
    pub(super) keys: &'k mut Keys,
    pub(super) leaves: Vec<Leaf>,
    pub(super) seen: AHashSet<Leaf>,
    /// How many selections may still be read.
    budget: usize,
    /// How many fields were read.
    fields: usize,
}

impl<'d, 'k> Reader<'d, 'k> {
    pub(super) fn new(document: &'d Document, keys: &'k mut Keys) -> Self {
        let fragment = |definition: &'d Definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        };
        let fragments = document.definitions.iter().filter_map(fragment).collect();
        Self { fragments, keys, leaves: Vec::new(), seen: AHashSet::new(), budget: MAX_LEAVES, fields: 0 }
    }

    /// Reads a selection on objects of type `owner`.
    pub(super) fn read(
        &mut self,
        draft: &mut Draft<'d>,
        set: &'d SelectionSet,
        (at, owner): (PositionId, TypeId),
    ) -> Result<(), String> {
        for item in &set.items {
            self.budget = self.budget.checked_sub(1).ok_or("the operation selects too many fields")?;
            let (condition, below, directives) = match item {
                Selection::Field(field) => {
                    if !is_skipped(&field.directives) {
                        self.field(draft, field, (at, owner))?;
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.type_condition.as_ref().map(|TypeCondition::On(on)| on.as_str());
                    (condition, &fragment.selection_set, &fragment.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let Some(&fragment) = self.fragments.get(spread.fragment_name.as_str()) else { continue };
                    let TypeCondition::On(on) = &fragment.type_condition;
                    (Some(on.as_str()), &fragment.selection_set, &spread.directives)
                }
            };
            if is_skipped(directives) {
                continue;
            }
            match condition.map(|name| draft.types.id(name)) {
                None => self.read(draft, below, (at, owner))?,
                // Introspection is not asked of subgraphs.
                Some(None) => {}
                Some(Some(condition)) => {
                    for owner in draft.narrowed(owner, condition) {
                        self.read(draft, below, (at, owner))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        draft: &mut Draft<'d>,
        field: &'d Field,
        (at, owner): (PositionId, TypeId),
    ) -> Result<(), String> {
        let asked = match field.name.as_str() {
            // The gateway answers these, and at the root the name of the type.
            "__schema" | "__type" => return Ok(()),
            "__typename" if at == PositionId(0) => return Ok(()),
            "__typename" => AskedId::TYPENAME,
            name => {
                let response_key = field.alias.as_deref().unwrap_or(name);
                let mut variables = Vec::new();
                field.arguments.iter().for_each(|(_, value)| variables_of(value, &mut variables));
                let arguments: Box<str> = written(&field.arguments).into();
                let key = self.keys.of_client(response_key, name, &arguments);
                draft.asked.of_client(Asked { name, arguments, key, response_key, variables })
            }
        };
        self.fields += 1;
        if field.selection_set.items.is_empty() {
            self.leaf(Leaf { at, owner, asked });
            return Ok(());
        }
        let below = draft.below(at, owner, asked).ok_or_else(|| format!("`{}` has no fields", field.name))?;
        let declared = draft.position(below).map_or(owner, |position| position.declared);
        let count = self.fields;
        self.read(draft, &field.selection_set, (below, declared))?;
        if self.fields == count {
            // All that is below may be skipped; whether there is an object is asked nevertheless.
            self.leaf(Leaf { at: below, owner: declared, asked: AskedId::TYPENAME });
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: Leaf) {
        if self.seen.insert(leaf) {
            self.leaves.push(leaf);
        }
    }
}

impl<'a> Draft<'a> {
    /// The types that stand together for the objects of both types.
    pub(super) fn narrowed(&self, owner: TypeId, condition: TypeId) -> Vec<TypeId> {
        // An abstract type may be the narrower one and still lack the fields of the other.
        if self.is_within(owner, condition) && self.federation.has_fields_of(owner, condition) {
            return vec![owner];
        }
        if self.is_within(condition, owner) {
            return vec![condition];
        }
        let possible = self.types.possible(owner).iter();
        possible.copied().filter(|&object| self.is_within(object, condition)).collect()
    }

    /// The fields that a set names on objects of type `owner`.
    pub(super) fn leaves_of(
        &mut self,
        set: &'a FieldSet,
        (at, owner): (PositionId, TypeId),
        keys: &mut Keys,
        leaves: &mut Vec<Leaf>,
    ) {
        for item in &set.0 {
            match item {
                FieldSetItem::Field { name, arguments, below } => {
                    let asked = self.internal(name, arguments, keys);
                    if below.is_empty() {
                        leaves.push(Leaf { at, owner, asked });
                    } else if let Some(position) = self.below(at, owner, asked) {
                        let declared = self.position(position).map_or(owner, |position| position.declared);
                        self.leaves_of(below, (position, declared), keys, leaves);
                    }
                }
                FieldSetItem::On(condition, below) => {
                    for owner in self.narrowed(owner, *condition) {
                        self.leaves_of(below, (at, owner), keys, leaves);
                    }
                }
            }
        }
    }
}

pub(super) fn is_skipped(directives: &[Directive]) -> bool {
    directives.iter().any(|directive| {
        let asked = directive.arguments.iter().find_map(|(name, value)| match value {
            Value::Boolean(truth) if name == "if" => Some(*truth),
            _ => None,
        });
        matches!((directive.name.as_str(), asked), ("skip", Some(true)) | ("include", Some(false)))
    })
}

fn variables_of<'d>(value: &'d Value<'static, String>, found: &mut Vec<&'d str>) {
    match value {
        Value::Variable(name) => found.push(name),
        Value::List(items) => items.iter().for_each(|item| variables_of(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| variables_of(value, found)),
        _ => {}
    }
}

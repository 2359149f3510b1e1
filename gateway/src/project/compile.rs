//! Compiles an operation's selection once, so that projection only walks and writes.

use ahash::AHashMap;
use graphql_tools::static_graphql::query::{
    Definition, Document, Field as AstField, FragmentDefinition, Selection, SelectionSet, TypeCondition,
};
use indexmap::IndexMap;

use super::{
    Alternative, Below, Condition, Field, Leaf, Output, SelectionId, Selections, Source, condition::conditions_of,
};
use crate::{
    schema::{ApiType, ServedSchema, TypeId, TypeKind},
    value::Keys,
};

/// How many fields a compiled selection may have over all types.
const MAX_FIELDS: usize = 50_000;

/// The selection is too large to compile: too many fields times too many types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operation selects more than {MAX_FIELDS} fields over all types")]
pub struct SelectionTooLarge;

/// A valid operation's selection, compiled.
#[derive(Debug)]
pub struct Projection {
    /// All selections.
    pub selections: Selections,
    /// That of the root.
    pub root: SelectionId,
}

impl Projection {
    /// Compiles the selection `set` on the root type `root_type`.
    ///
    /// # Errors
    ///
    /// When it has too many fields.
    pub fn compile(
        schema: &ServedSchema,
        document: &Document,
        (root_type, set): (&str, &SelectionSet),
        keys: &mut Keys,
    ) -> Result<Self, SelectionTooLarge> {
        let fragments = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
                Definition::Operation(_) => None,
            })
            .collect();
        let mut compiler = Compiler {
            schema,
            fragments,
            keys,
            selections: Selections::default(),
            known: AHashMap::new(),
            budget: MAX_FIELDS,
        };
        let root = compiler.selection(root_type, &[Part { set, conditions: Vec::new() }])?;
        Ok(Self { selections: compiler.selections, root })
    }

    /// Lets fields be found under the keys that planning gave them.
    pub fn apply_renames(&mut self, keys: &Keys) {
        for field in self.selections.fields_mut() {
            field.renamed_key = keys.renamed(field.key);
        }
    }
}

/// A selection set in the document, with the conditions under which it applies.
#[derive(Clone)]
struct Part<'a> {
    set: &'a SelectionSet,
    conditions: Vec<Condition>,
}

/// What is selected under one response key.
struct Group<'a> {
    field: &'a AstField,
    alternatives: Vec<Alternative>,
    parts: Vec<Part<'a>>,
}

type Groups<'a> = IndexMap<&'a str, Group<'a>, ahash::RandomState>;
type SelectionKey = (String, Vec<(usize, Vec<Condition>)>);

struct Compiler<'a, 'k> {
    schema: &'a ServedSchema,
    fragments: AHashMap<&'a str, &'a FragmentDefinition>,
    keys: &'k mut Keys,
    selections: Selections,
    /// The same parts on the same type are compiled once.
    known: AHashMap<SelectionKey, SelectionId>,
    budget: usize,
}

impl<'a> Compiler<'a, '_> {
    fn selection(&mut self, type_name: &str, parts: &[Part<'a>]) -> Result<SelectionId, SelectionTooLarge> {
        let key = (
            type_name.to_owned(),
            parts.iter().map(|part| (std::ptr::from_ref(part.set) as usize, part.conditions.clone())).collect(),
        );
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let schema = self.schema;
        let mut fields = Vec::new();
        if let Some(ty) = schema.api().get(type_name) {
            let mut groups = Groups::default();
            for part in parts {
                self.collect(part.set, &part.conditions, type_name, &mut groups)?;
            }
            for (response_key, group) in groups {
                fields.extend(self.field(ty, response_key, group)?);
            }
        }
        let id = self.selections.add(fields);
        self.known.insert(key, id);
        Ok(id)
    }

    fn collect(
        &mut self,
        set: &'a SelectionSet,
        outer: &[Condition],
        type_name: &str,
        groups: &mut Groups<'a>,
    ) -> Result<(), SelectionTooLarge> {
        for item in &set.items {
            self.budget = self.budget.checked_sub(1).ok_or(SelectionTooLarge)?;
            match item {
                Selection::Field(field) => {
                    let Some(conditions) = conditions_of(outer, &field.directives) else { continue };
                    let response_key = field.alias.as_deref().unwrap_or(&field.name);
                    let group = groups.entry(response_key).or_insert_with(|| Group {
                        field,
                        alternatives: Vec::new(),
                        parts: Vec::new(),
                    });
                    group.parts.push(Part { set: &field.selection_set, conditions: conditions.clone() });
                    let place = u32::try_from(MAX_FIELDS - self.budget).unwrap_or(u32::MAX);
                    group.alternatives.push(Alternative { place, conditions });
                }
                Selection::InlineFragment(fragment) => {
                    let Some(conditions) = conditions_of(outer, &fragment.directives) else { continue };
                    let applies = fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|TypeCondition::On(condition)| self.fits(type_name, condition));
                    if applies {
                        self.collect(&fragment.selection_set, &conditions, type_name, groups)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(conditions) = conditions_of(outer, &spread.directives) else { continue };
                    let Some(&fragment) = self.fragments.get(spread.fragment_name.as_str()) else { continue };
                    let TypeCondition::On(condition) = &fragment.type_condition;
                    if self.fits(type_name, condition) {
                        self.collect(&fragment.selection_set, &conditions, type_name, groups)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn fits(&self, type_name: &str, condition: &str) -> bool {
        let types = self.schema.types();
        match (types.id(type_name), types.id(condition)) {
            (Some(id), Some(condition)) => types.fits(id, condition),
            _ => type_name == condition,
        }
    }

    fn field(
        &mut self,
        parent: &'a ApiType,
        response_key: &str,
        group: Group<'a>,
    ) -> Result<Option<Field>, SelectionTooLarge> {
        let Group { field, mut alternatives, parts } = group;
        let Some(definition) = self.schema.api().field(parent, &field.name) else { return Ok(None) };
        let place = alternatives.first().map_or(0, |first| first.place);
        // Behind the first alternative that always counts, none does.
        match alternatives.iter().position(|alternative| alternative.conditions.is_empty()) {
            Some(0) => alternatives.clear(),
            Some(always) => alternatives.truncate(always + 1),
            None => {}
        }
        let named = self.schema.api().get(definition.type_ref.named());
        let leaf = leaf_of(definition.type_ref.named(), named);
        let below = match named {
            Some(ty) if leaf.is_none() => self.below(ty, &parts)?,
            _ => Below::Leaf,
        };
        let mut prefix = serde_json::to_vec(response_key).unwrap_or_default();
        prefix.push(b':');
        let is_meta = parent.name.starts_with("__") || field.name.starts_with("__");
        Ok(Some(Field {
            prefix: prefix.into(),
            response_key: response_key.into(),
            key: self.keys.intern(response_key),
            renamed_key: None,
            coordinate: format!("{}.{}", parent.name, field.name).into(),
            source: match field.name.as_str() {
                "__typename" => Source::Typename,
                "__schema" => Source::Schema,
                "__type" => Source::Type,
                _ => Source::Tree,
            },
            place,
            alternatives,
            output: Output::new(&definition.type_ref, leaf.as_ref()),
            below,
            arguments: if is_meta { field.arguments.clone() } else { Vec::new() },
        }))
    }

    fn below(&mut self, ty: &ApiType, parts: &[Part<'a>]) -> Result<Below, SelectionTooLarge> {
        let types = self.schema.types();
        let Some(id) = types.id(&ty.name) else {
            return Ok(Below::Introspection(self.selection(&ty.name, parts)?));
        };
        let mut by_type: Vec<(TypeId, SelectionId)> = Vec::new();
        for &object in types.possible(id) {
            let name = types.name(object);
            // An inaccessible type has no selection: an object of it is not for clients.
            if object != id && self.schema.api().get(name).is_some() {
                by_type.push((object, self.selection(name, parts)?));
            }
        }
        by_type.push((id, self.selection(&ty.name, parts)?));
        Ok(Below::Objects(by_type))
    }
}

fn leaf_of(name: &str, ty: Option<&ApiType>) -> Option<Leaf> {
    Some(match name {
        "Int" => Leaf::Int,
        "Float" => Leaf::Float,
        "String" => Leaf::String,
        "Boolean" => Leaf::Boolean,
        "ID" => Leaf::Id,
        _ => match ty?.kind {
            TypeKind::Scalar => Leaf::Custom,
            TypeKind::Enum => Leaf::Enum(name.into()),
            _ => return None,
        },
    })
}

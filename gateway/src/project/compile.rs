//! Compiles an operation's selection once, so that projection only walks and writes.

use ahash::AHashMap;
use graphql_tools::static_graphql::query::{
    Definition, Document, Field as AstField, FragmentDefinition, Selection, SelectionSet, TypeCondition,
};
use indexmap::IndexMap;

use super::{
    Alternative, Below, Condition, DeferId, DeferStart, Defers, Field, Leaf, Occurrence, Output, SelectionId,
    Selections, Source, condition::conditions_of, defer::DeferNumbers,
};
use crate::{
    schema::{ApiType, ServedSchema, TypeId, TypeKind, federation::written},
    value::Keys,
    weight::owns,
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
    /// What is deferred.
    pub defers: Defers,
}

owns!(Projection: selections, defers);

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
            defers: DeferNumbers::default(),
            budget: MAX_FIELDS,
        };
        let root = compiler.selection(root_type, &[Part { set, conditions: Vec::new(), defer: None }])?;
        Ok(Self { selections: compiler.selections, root, defers: compiler.defers.defers })
    }
}

/// A selection set in the document, with the conditions under which it applies and the `@defer` around it.
#[derive(Clone)]
struct Part<'a> {
    set: &'a SelectionSet,
    conditions: Vec<Condition>,
    defer: Option<DeferId>,
}

impl Part<'_> {
    fn address(&self) -> usize {
        std::ptr::from_ref(self.set) as usize
    }
}

/// What is selected under one response key.
struct Group<'a> {
    field: &'a AstField,
    occurrences: Vec<Occurrence>,
    parts: Vec<Part<'a>>,
}

/// What is selected on the objects of one selection.
struct Groups<'a> {
    by_key: IndexMap<&'a str, Group<'a>, ahash::RandomState>,
    starts: Vec<DeferStart>,
    /// The selection sets that the objects were reached with.
    sets: Vec<usize>,
}

type SelectionKey = (String, Vec<(usize, Vec<Condition>, Option<DeferId>)>);

struct Compiler<'a, 'k> {
    schema: &'a ServedSchema,
    fragments: AHashMap<&'a str, &'a FragmentDefinition>,
    keys: &'k mut Keys,
    selections: Selections,
    /// The same parts on the same type are compiled once.
    known: AHashMap<SelectionKey, SelectionId>,
    defers: DeferNumbers,
    budget: usize,
}

impl<'a> Compiler<'a, '_> {
    fn selection(&mut self, type_name: &str, parts: &[Part<'a>]) -> Result<SelectionId, SelectionTooLarge> {
        let key = (
            type_name.to_owned(),
            parts.iter().map(|part| (part.address(), part.conditions.clone(), part.defer)).collect(),
        );
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let schema = self.schema;
        let mut fields = Vec::new();
        let sets = parts.iter().map(Part::address).collect();
        let mut groups = Groups { by_key: IndexMap::default(), starts: Vec::new(), sets };
        if let Some(ty) = schema.api().get(type_name) {
            for part in parts {
                self.collect(part, type_name, &mut groups)?;
            }
            for (response_key, group) in groups.by_key {
                fields.extend(self.field(ty, response_key, group)?);
            }
        }
        let id = self.selections.add(fields);
        self.defers.defers.set_starts(id, groups.starts);
        self.known.insert(key, id);
        Ok(id)
    }

    fn collect(&mut self, part: &Part<'a>, type_name: &str, groups: &mut Groups<'a>) -> Result<(), SelectionTooLarge> {
        let Part { set, conditions: outer, defer } = part;
        for item in &set.items {
            self.budget = self.budget.checked_sub(1).ok_or(SelectionTooLarge)?;
            let (set, directives) = match item {
                Selection::Field(field) => {
                    let Some(conditions) = conditions_of(outer, &field.directives) else { continue };
                    let response_key = field.alias.as_deref().unwrap_or(&field.name);
                    let group = groups.by_key.entry(response_key).or_insert_with(|| Group {
                        field,
                        occurrences: Vec::new(),
                        parts: Vec::new(),
                    });
                    let place = u32::try_from(MAX_FIELDS - self.budget).unwrap_or(u32::MAX);
                    group.parts.push(Part { set: &field.selection_set, conditions: conditions.clone(), defer: *defer });
                    group
                        .occurrences
                        .push(Occurrence { alternative: Alternative { place, conditions }, defer: *defer });
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let applies = fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|TypeCondition::On(condition)| self.fits(type_name, condition));
                    (applies.then_some(&fragment.selection_set), &fragment.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.fragments.get(spread.fragment_name.as_str()).copied();
                    let applies = |fragment: &&FragmentDefinition| {
                        let TypeCondition::On(condition) = &fragment.type_condition;
                        self.fits(type_name, condition)
                    };
                    (fragment.filter(applies).map(|fragment| &fragment.selection_set), &spread.directives)
                }
            };
            let (Some(set), Some(conditions)) = (set, conditions_of(outer, directives)) else { continue };
            let begin = (groups.sets.as_slice(), conditions.as_slice(), &mut groups.starts);
            let defer = self.defers.enter(directives, *defer, begin);
            self.collect(&Part { set, conditions, defer }, type_name, groups)?;
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
        let Group { field, occurrences, parts } = group;
        let Some(definition) = self.schema.api().field(parent, &field.name) else { return Ok(None) };
        let mut alternatives: Vec<Alternative> = occurrences.iter().map(|it| it.alternative.clone()).collect();
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
        let key = self.keys.of_client(response_key, &field.name, &written(&field.arguments));
        let mut prefix = serde_json::to_vec(response_key).unwrap_or_default();
        prefix.push(b':');
        let is_meta = parent.name.starts_with("__") || field.name.starts_with("__");
        Ok(Some(Field {
            prefix: prefix.into(),
            response_key: response_key.into(),
            key,
            coordinate: format!("{}.{}", parent.name, field.name).into(),
            source: match field.name.as_str() {
                "__typename" => Source::Typename,
                "__schema" => Source::Schema,
                "__type" => Source::Type,
                _ => Source::Tree,
            },
            place,
            alternatives,
            deferred: if occurrences.iter().any(|it| it.defer.is_some()) { occurrences } else { Vec::new() },
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

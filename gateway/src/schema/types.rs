//! The types of a supergraph, numbered, with what can stand for what.

use ahash::{AHashMap, AHashSet};
use graphql_tools::static_graphql::schema::{Document, TypeDefinition};

/// A definition of a schema document that owns its text.
pub(super) type Definition = graphql_tools::parser::schema::Definition<'static, String>;

/// The number of a composite type within one supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// All object, interface and union types of a supergraph, hidden ones included.
#[derive(Debug, Default)]
pub struct TypeNames {
    names: Vec<String>,
    by_name: AHashMap<String, TypeId>,
    /// Of all types together.
    field_names: AHashSet<String>,
    /// For each type the object types it can be at run time.
    possible: Vec<Vec<TypeId>>,
    /// For each type whether it is an interface or a union.
    is_abstract: Vec<bool>,
    /// For each type as a condition, which types fit it: a bit for each.
    fitting: Vec<Box<[u64]>>,
}

impl TypeNames {
    /// Numbers the composite types of a schema document.
    #[must_use]
    pub fn from_document(document: &Document) -> Self {
        let mut types = Self::default();
        for definition in &document.definitions {
            if let Definition::TypeDefinition(definition) = definition {
                match definition {
                    TypeDefinition::Object(object) => {
                        types.add(&object.name);
                    }
                    TypeDefinition::Interface(interface) => {
                        types.add_abstract(&interface.name);
                    }
                    TypeDefinition::Union(union) => {
                        types.add_abstract(&union.name);
                    }
                    _ => {}
                }
            }
        }
        types.field_names = field_names(document);
        types.possible = vec![Vec::new(); types.names.len()];
        for definition in &document.definitions {
            match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    types.add_possible(&object.name, &object.name);
                    for interface in &object.implements_interfaces {
                        types.add_possible(interface, &object.name);
                    }
                }
                Definition::TypeDefinition(TypeDefinition::Union(union)) => {
                    for member in &union.types {
                        types.add_possible(&union.name, member);
                    }
                }
                _ => {}
            }
        }
        types.fitting = types.ids().map(|condition| types.fitting(condition)).collect();
        types
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.names.len()
    }

    /// All numbers.
    pub(crate) fn ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..u32::try_from(self.names.len()).unwrap_or(u32::MAX)).map(TypeId)
    }

    /// The types that fit a condition. It is asked for each object of each answer, so it is found out once.
    fn fitting(&self, condition: TypeId) -> Box<[u64]> {
        let mut bits = vec![0_u64; self.names.len().div_ceil(64)];
        let mut add = |TypeId(id)| {
            if let Some(bits) = bits.get_mut(id as usize / 64) {
                *bits |= 1 << (id % 64);
            }
        };
        add(condition);
        let possible = self.possible(condition);
        possible.iter().copied().for_each(&mut add);
        // An interface fits another when all it can be fits; a subgraph with an interface object says this.
        let fits = |&id: &TypeId| {
            let can_be = self.possible(id);
            !can_be.is_empty() && can_be.iter().all(|object| possible.contains(object))
        };
        self.ids().filter(|&id| self.is_abstract(id)).filter(fits).for_each(add);
        bits.into()
    }

    fn add(&mut self, name: &str) -> TypeId {
        let id = TypeId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), id);
        self.is_abstract.push(false);
        id
    }

    fn add_abstract(&mut self, name: &str) {
        self.add(name);
        if let Some(is_abstract) = self.is_abstract.last_mut() {
            *is_abstract = true;
        }
    }

    fn add_possible(&mut self, of: &str, name: &str) {
        let (Some(of), Some(object)) = (self.id(of), self.id(name)) else { return };
        if let Some(possible) = self.possible.get_mut(of.0 as usize)
            && !possible.contains(&object)
        {
            possible.push(object);
        }
    }

    /// Whether some type has a field of this name; every type has `__typename`.
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        name == "__typename" || self.field_names.contains(name)
    }

    /// The number of a type.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// The name of a type.
    #[must_use]
    pub fn name(&self, id: TypeId) -> &str {
        self.names.get(id.0 as usize).map_or("", String::as_str)
    }

    /// Whether this is an interface or a union.
    #[must_use]
    pub fn is_abstract(&self, id: TypeId) -> bool {
        self.is_abstract.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// The object types that `id` can be at run time; an object type is itself alone.
    #[must_use]
    pub fn possible(&self, id: TypeId) -> &[TypeId] {
        self.possible.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether something of type `id` fits the type condition `condition`.
    #[must_use]
    pub fn fits(&self, id: TypeId, condition: TypeId) -> bool {
        let bits = self.fitting.get(condition.0 as usize).and_then(|fitting| fitting.get(id.0 as usize / 64));
        bits.is_some_and(|bits| bits & (1 << (id.0 % 64)) != 0)
    }
}

fn field_names(document: &Document) -> AHashSet<String> {
    let fields = document.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(&object.fields),
        Definition::TypeDefinition(TypeDefinition::Interface(interface)) => Some(&interface.fields),
        _ => None,
    });
    fields.flatten().map(|field| field.name.clone()).collect()
}

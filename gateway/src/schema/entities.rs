//! Which types are entities, by what they are known, and what leads to them.

use ahash::{AHashMap, AHashSet};
use graphql_tools::{
    parser::query::Value,
    static_graphql::schema::{Directive, Document, Field, TypeDefinition},
};

use super::{TypeNames, TypeRef, cache_hints::CacheHints, types::Definition};

/// How long a field's value stays true, as `@cacheControl` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheHint {
    /// In seconds.
    pub max_age_s: Option<u64>,
    /// Whether it is the caller's alone; `None` where nothing is said.
    pub is_private: Option<bool>,
    /// Whether it stays true as long as what it belongs to.
    pub inherits: bool,
}

/// One composite type.
#[derive(Debug, Default)]
struct Facts {
    /// Fields, with the named type of each.
    fields: AHashMap<String, (String, Option<CacheHint>)>,
    /// The names of the scalar fields of its keys; empty for what is no entity.
    key_fields: Vec<String>,
    is_entity: bool,
    hint: Option<CacheHint>,
    /// Fields, or all of them by no name, that depend on who asks.
    guarded: AHashSet<String>,
    /// What it goes by in tags and events: itself, the entity interfaces that it implements, and, for an abstract type,
    /// what it can be.
    names: Vec<String>,
}

/// The types of a supergraph as a cache sees them.
#[derive(Debug, Default)]
pub struct EntityTypes {
    types: AHashMap<String, Facts>,
    /// What each subgraph says in its own schema, where that is known; else the supergraph speaks for all of them.
    hints: Option<CacheHints>,
}

impl EntityTypes {
    /// Reads a supergraph in the Apollo join form.
    #[must_use]
    pub(super) fn from_document(document: &Document, types: &TypeNames) -> Self {
        let mut all = Self::default();
        let mut interfaces: AHashMap<&str, &[String]> = AHashMap::new();
        for definition in &document.definitions {
            let Definition::TypeDefinition(definition) = definition else { continue };
            match definition {
                TypeDefinition::Object(it) => {
                    interfaces.insert(&it.name, &it.implements_interfaces);
                    all.add(&it.name, &it.directives, &it.fields);
                }
                TypeDefinition::Interface(it) => all.add(&it.name, &it.directives, &it.fields),
                TypeDefinition::Union(it) => all.add(&it.name, &it.directives, &[]),
                _ => {}
            }
        }
        let names: Vec<(String, Vec<String>)> =
            all.types.keys().map(|name| (name.clone(), all.all_names(name, &interfaces, types))).collect();
        for (name, names) in names {
            if let Some(facts) = all.types.get_mut(&name) {
                facts.names = names;
            }
        }
        all
    }

    fn add(&mut self, name: &str, directives: &[Directive], fields: &[Field]) {
        let mut facts = Facts { hint: hint_of(directives), ..Facts::default() };
        for directive in directives.iter().filter(|directive| directive.name == "join__type") {
            let Some(key) = text(directive, "key") else { continue };
            facts.is_entity = true;
            for field in top_level_fields(key) {
                if !facts.key_fields.iter().any(|known| known == field) {
                    facts.key_fields.push(field.to_owned());
                }
            }
        }
        if is_guarded(directives) {
            facts.guarded.insert(String::new());
        }
        for field in fields {
            if is_guarded(&field.directives) {
                facts.guarded.insert(field.name.clone());
            }
            let named = TypeRef::from(&field.field_type).named().to_owned();
            facts.fields.insert(field.name.clone(), (named, hint_of(&field.directives)));
        }
        self.types.insert(name.to_owned(), facts);
    }

    fn all_names(&self, name: &str, interfaces: &AHashMap<&str, &[String]>, types: &TypeNames) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        for interface in interfaces.get(name).copied().unwrap_or_default() {
            if self.is_entity(interface) {
                names.push(interface.clone());
            }
        }
        if let Some(id) = types.id(name)
            && types.is_abstract(id)
        {
            names.extend(types.possible(id).iter().map(|&object| types.name(object).to_owned()));
        }
        names
    }

    /// The names of all types with fields, and of the abstract ones.
    pub fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// Whether it has a key in any subgraph.
    #[must_use]
    pub fn is_entity(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|facts| facts.is_entity)
    }

    /// The scalar fields among its keys.
    #[must_use]
    pub fn key_fields(&self, name: &str) -> &[String] {
        self.types.get(name).map_or(&[], |facts| &facts.key_fields)
    }

    /// What a type goes by where entities are named: its own name first.
    #[must_use]
    pub fn names(&self, name: &str) -> &[String] {
        self.types.get(name).map_or(&[], |facts| &facts.names)
    }

    /// Whether this is a type with fields, or an abstract one.
    #[must_use]
    pub fn is_composite(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// The named type of a field.
    #[must_use]
    pub fn field_type(&self, of: &str, field: &str) -> Option<&str> {
        self.types.get(of)?.fields.get(field).map(|(named, _)| named.as_str())
    }

    /// Lets each subgraph speak for itself.
    pub(super) fn hear(&mut self, hints: CacheHints) {
        self.hints = Some(hints);
    }

    /// What is said of a field that a subgraph answers: by itself, else by its type. In the supergraph it is said for
    /// all subgraphs.
    #[must_use]
    pub fn hint(&self, subgraph: &str, of: &str, field: &str) -> Option<CacheHint> {
        let (named, own) = self.types.get(of)?.fields.get(field)?;
        let of_subgraph = self.hints.as_ref().and_then(|hints| hints.of_field(subgraph, of, field));
        of_subgraph.or(*own).or_else(|| self.type_hint(subgraph, named))
    }

    /// Whether a field is refused to some callers.
    #[must_use]
    pub fn is_guarded(&self, of: &str, field: &str) -> bool {
        self.types.get(of).is_some_and(|facts| facts.guarded.contains("") || facts.guarded.contains(field))
    }

    /// What is said of a type.
    #[must_use]
    pub fn type_hint(&self, subgraph: &str, of: &str) -> Option<CacheHint> {
        let of_subgraph = self.hints.as_ref().and_then(|hints| hints.of_type(subgraph, of));
        of_subgraph.or_else(|| self.types.get(of)?.hint)
    }
}

fn is_guarded(directives: &[Directive]) -> bool {
    directives.iter().any(|it| matches!(it.name.as_str(), "authenticated" | "requiresScopes" | "policy"))
}

/// The fields of a key that are not in braces and have none.
fn top_level_fields(key: &str) -> Vec<&str> {
    let spaced: Vec<(usize, char)> = key.char_indices().collect();
    let mut fields: Vec<&str> = Vec::new();
    let (mut depth, mut start) = (0_usize, None);
    for (at, character) in spaced.into_iter().chain([(key.len(), ' ')]) {
        if character.is_alphanumeric() || character == '_' {
            start = start.or(Some(at));
            continue;
        }
        if let Some(from) = start.take()
            && depth == 0
        {
            fields.extend(key.get(from..at));
        }
        match character {
            '{' => {
                // What the brace belongs to is no scalar.
                if depth == 0 {
                    fields.pop();
                }
                depth += 1;
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    fields
}

fn text<'d>(directive: &'d Directive, argument: &str) -> Option<&'d str> {
    directive.arguments.iter().find_map(|(key, value)| match value {
        Value::String(text) if key == argument => Some(text.as_str()),
        _ => None,
    })
}

fn hint_of(directives: &[Directive]) -> Option<CacheHint> {
    let directive = directives.iter().find(|directive| directive.name == "cacheControl")?;
    let mut hint = CacheHint::default();
    for (key, value) in &directive.arguments {
        match (key.as_str(), value) {
            ("maxAge", Value::Int(seconds)) => {
                hint.max_age_s = seconds.as_i64().and_then(|seconds| u64::try_from(seconds).ok());
            }
            ("scope", Value::Enum(scope)) => hint.is_private = Some(scope == "PRIVATE"),
            ("inheritMaxAge", Value::Boolean(inherits)) => hint.inherits = *inherits,
            _ => {}
        }
    }
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalar_fields_of_keys() {
        assert_eq!(top_level_fields("id"), ["id"]);
        assert_eq!(top_level_fields("sku brand { id region { code } } season"), ["sku", "season"]);
        assert!(top_level_fields("brand{id}").is_empty());
    }
}

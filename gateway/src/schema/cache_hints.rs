//! What subgraphs say in their own schemas of how long answers stay true. Composition drops it.

use std::collections::BTreeMap;

use federation_composition::graphql_core::{
    self, Definition, Directive, Document, FieldDefinition, OperationType, Value,
};

use super::{SubgraphSdl, entities::CacheHint};

/// Of one type of one subgraph.
#[derive(Debug, Default, PartialEq, Eq)]
struct OfType {
    own: Option<CacheHint>,
    fields: BTreeMap<String, CacheHint>,
}

/// `@cacheControl`, by subgraph and type.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CacheHints(BTreeMap<String, BTreeMap<String, OfType>>);

impl CacheHints {
    /// Reads the schemas of subgraphs; one that cannot be read says nothing.
    pub(super) fn of(subgraphs: &[SubgraphSdl]) -> Self {
        let types_of = |subgraph: &SubgraphSdl| {
            let document = graphql_core::parse(&subgraph.sdl).ok()?;
            Some((subgraph.name.clone(), read(&document)))
        };
        Self(subgraphs.iter().filter_map(types_of).collect())
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }

    /// What a subgraph says of a field.
    pub(super) fn of_field(&self, subgraph: &str, of: &str, field: &str) -> Option<CacheHint> {
        self.0.get(subgraph)?.get(of)?.fields.get(field).copied()
    }

    /// What a subgraph says of a type.
    pub(super) fn of_type(&self, subgraph: &str, of: &str) -> Option<CacheHint> {
        self.0.get(subgraph)?.get(of)?.own
    }
}

fn read(document: &Document) -> BTreeMap<String, OfType> {
    let roots = roots(document);
    let mut all: BTreeMap<String, OfType> = BTreeMap::new();
    for definition in &document.definitions {
        let Some(name) = definition.name() else { continue };
        let (directives, fields): (&[Directive], &[FieldDefinition]) = match definition {
            Definition::ObjectTypeDefinition(it) => (&it.directives, &it.fields),
            Definition::ObjectTypeExtension(it) => (&it.directives, &it.fields),
            Definition::InterfaceTypeDefinition(it) => (&it.directives, &it.fields),
            Definition::InterfaceTypeExtension(it) => (&it.directives, &it.fields),
            Definition::UnionTypeDefinition(it) => (&it.directives, &[]),
            Definition::UnionTypeExtension(it) => (&it.directives, &[]),
            _ => continue,
        };
        let own = hint_of(directives);
        let fields = fields.iter().filter_map(|field| Some((field.name.value.clone(), hint_of(&field.directives)?)));
        let fields: BTreeMap<String, CacheHint> = fields.collect();
        if own.is_none() && fields.is_empty() {
            continue;
        }
        let name = roots.get(&*name.value).copied().unwrap_or(&name.value);
        let of_type = all.entry(name.to_owned()).or_default();
        of_type.own = own.or(of_type.own);
        of_type.fields.extend(fields);
    }
    all
}

/// What root types are called in this subgraph → in the supergraph.
fn roots(document: &Document) -> BTreeMap<&str, &'static str> {
    let operation_types = document.definitions.iter().flat_map(|definition| match definition {
        Definition::SchemaDefinition(schema) => &schema.operation_types[..],
        Definition::SchemaExtension(schema) => &schema.operation_types[..],
        _ => &[],
    });
    let renamed = |operation| match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    operation_types.map(|root| (root.ty.name.value.as_str(), renamed(root.operation))).collect()
}

fn hint_of(directives: &[Directive]) -> Option<CacheHint> {
    let directive = directives.iter().find(|directive| directive.name.value == "cacheControl")?;
    let mut hint = CacheHint::default();
    for argument in &directive.arguments {
        match (argument.name.value.as_str(), &argument.value) {
            ("maxAge", Value::Int(seconds)) => hint.max_age_s = seconds.value.parse().ok(),
            ("scope", Value::Enum(scope)) => hint.is_private = Some(scope.value == "PRIVATE"),
            ("inheritMaxAge", Value::Boolean(inherits)) => hint.inherits = inherits.value,
            _ => {}
        }
    }
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subgraph_speaks_for_itself() {
        let subgraph =
            |name: &str, sdl: &str| SubgraphSdl { name: name.to_owned(), url: String::new(), sdl: sdl.to_owned() };
        let hints = CacheHints::of(&[
            subgraph(
                "a",
                "extend schema @link(url: \"x\") schema { query: Root } type Root { p: Product @cacheControl(maxAge: 5) }
                extend type Product @cacheControl(maxAge: 30, scope: PRIVATE) { id: ID! }",
            ),
            subgraph("b", "type Product { id: ID! note: String @cacheControl(inheritMaxAge: true) }"),
            subgraph("c", "type {"),
        ]);
        assert_eq!(hints.of_field("a", "Query", "p").unwrap().max_age_s, Some(5));
        assert_eq!(hints.of_type("a", "Product").unwrap().is_private, Some(true));
        assert_eq!(hints.of_type("b", "Product"), None);
        assert!(hints.of_field("b", "Product", "note").unwrap().inherits);
        assert!(!hints.is_empty() && CacheHints::of(&[subgraph("a", "type Query { a: Int }")]).is_empty());
    }
}

//! What keys, `@requires` and `@provides` of a supergraph name.

use ahash::AHashSet;
use graphql_tools::{
    parser::{
        query::{Definition as QueryDefinition, OperationDefinition, Selection, SelectionSet, Value},
        schema::Definition,
    },
    static_graphql::schema::{Directive, Document, TypeDefinition},
};

/// The fields that they name with arguments, whatever types have them.
pub(super) fn named_with_arguments(supergraph: &Document) -> AHashSet<String> {
    let mut named = AHashSet::new();
    for definition in &supergraph.definitions {
        let fields = match definition {
            Definition::TypeDefinition(TypeDefinition::Object(it)) => &it.fields,
            Definition::TypeDefinition(TypeDefinition::Interface(it)) => &it.fields,
            _ => continue,
        };
        for set in fields.iter().flat_map(|field| &field.directives).flat_map(field_sets) {
            let text = format!("{{{set}}}");
            // What is no field set, the planner refuses.
            let Ok(document) = graphql_tools::parser::parse_query::<String>(&text) else { continue };
            for definition in &document.definitions {
                if let QueryDefinition::Operation(OperationDefinition::SelectionSet(set)) = definition {
                    collect(set, &mut named);
                }
            }
        }
    }
    named
}

fn field_sets(directive: &Directive) -> impl Iterator<Item = &str> {
    directive.arguments.iter().filter_map(|(name, value)| match value {
        Value::String(text) if matches!(name.as_str(), "requires" | "provides") => Some(text.as_str()),
        _ => None,
    })
}

fn collect(set: &SelectionSet<'_, String>, named: &mut AHashSet<String>) {
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                if !field.arguments.is_empty() {
                    named.insert(field.name.clone());
                }
                collect(&field.selection_set, named);
            }
            Selection::InlineFragment(fragment) => collect(&fragment.selection_set, named),
            Selection::FragmentSpread(_) => {}
        }
    }
}

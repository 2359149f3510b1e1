//! Who may share a stream.

use crate::{
    parse::{
        Document, Limits,
        ast::{Field, Selection, SelectionSet},
        parse,
    },
    plan::PreparedOperation,
    schema::{EntityTypes, ServedSchema},
};

/// Who may share a stream, from the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    /// Everyone; subgraphs are asked as nobody.
    Everyone,
    /// Those whose requests have the same headers for subgraphs, which are asked as nobody: what they add may be in the
    /// client's language.
    SameHeaders,
    /// What is the same caller to subgraphs.
    SameCaller,
}

impl Sharing {
    /// Who may share the stream of an operation, whose root field may be the same for everyone.
    ///
    /// What other subgraphs add is known to be so only where the schema says it: `@cacheControl(scope: PUBLIC)`.
    pub(super) fn of(is_root_public: bool, operation: &PreparedOperation, schema: &ServedSchema) -> Self {
        let steps = &operation.plan().steps;
        let adds = |subgraph: &str, text: &str| is_public(text, (subgraph, schema.entities()));
        match is_root_public {
            true if steps.is_empty() => Self::Everyone,
            true if steps.iter().all(|step| adds(&step.fetch.subgraph, &step.fetch.operation)) => Self::SameHeaders,
            _ => Self::SameCaller,
        }
    }

    /// Whether everyone who shares it gets the same whoever asks.
    pub(super) const fn is_public(self) -> bool {
        !matches!(self, Self::SameCaller)
    }
}

/// Whether the schema says of all that a query of a subgraph selects that it is the same for everyone.
fn is_public(text: &str, (subgraph, entities): (&str, &EntityTypes)) -> bool {
    let Ok(document) = parse(text, &Limits { max_tokens: usize::MAX, ..Limits::default() }) else { return false };
    let reader = Reader { document: &document, subgraph, entities };
    document.operations().all(|operation| reader.set(&operation.selection_set, ("Query", false)))
}

struct Reader<'a> {
    document: &'a Document<'a>,
    subgraph: &'a str,
    entities: &'a EntityTypes,
}

impl Reader<'_> {
    /// What a type says of its values.
    fn said_of(&self, of: &str) -> Option<bool> {
        self.entities.type_hint(self.subgraph, of)?.is_private.map(|is_private| !is_private)
    }

    /// Whether a selection from `of` is public; `is_known` is whether that is known of the object itself.
    fn set(&self, set: &SelectionSet<'_>, (of, is_known): (&str, bool)) -> bool {
        set.items.iter().all(|item| match item {
            Selection::Field(field) => self.field(field, (of, is_known)),
            Selection::Inline(fragment) => {
                let narrowed = fragment.type_condition.map_or(of, |condition| condition.text);
                self.narrowed(&fragment.selection_set, narrowed, is_known)
            }
            Selection::Spread(spread) => {
                let named = self.document.fragments().find(|fragment| fragment.name.text == spread.name.text);
                let read = |set, of| self.narrowed(set, of, is_known);
                named.is_some_and(|fragment| read(&fragment.selection_set, fragment.type_condition.text))
            }
        })
    }

    fn narrowed(&self, set: &SelectionSet<'_>, of: &str, is_known: bool) -> bool {
        match self.said_of(of) {
            Some(false) => false,
            said => self.set(set, (of, said.unwrap_or(is_known))),
        }
    }

    fn field(&self, field: &Field<'_>, (of, is_known): (&str, bool)) -> bool {
        let name = field.name.text;
        match (name, &field.selection_set) {
            ("__typename", _) => return true,
            // What it answers has its type from the fragments in it.
            ("_entities", Some(set)) => return self.set(set, ("_Entity", false)),
            _ => {}
        }
        let said = self.entities.hint(self.subgraph, of, name).and_then(|hint| hint.is_private);
        if said == Some(true) || self.entities.is_guarded(of, name) {
            return false;
        }
        let is_said = said == Some(false);
        match (&field.selection_set, self.entities.field_type(of, name)) {
            // A scalar belongs to its object.
            (None, _) => is_said || is_known,
            (Some(set), Some(named)) => is_said && self.narrowed(set, named, true),
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{SubgraphSdl, compose};

    fn schema() -> ServedSchema {
        let sdl = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@authenticated"])
            directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
            enum CacheControlScope { PUBLIC PRIVATE }
            type Query { motto: String @cacheControl(scope: PUBLIC) me: User }
            type Product @key(fields: "id") @cacheControl(scope: PUBLIC) {
                id: ID! title: String price: Int @cacheControl(scope: PRIVATE) age: Int @cacheControl(maxAge: 5)
                guarded: Int @authenticated brand: Brand open: Brand @cacheControl(scope: PUBLIC)
                owner: User @cacheControl(scope: PUBLIC)
            }
            type Brand { name: String secret: String @cacheControl(scope: PRIVATE) }
            type Badge @key(fields: "id") { id: ID! plain: Int open: Int @cacheControl(scope: PUBLIC) }
            type User @cacheControl(scope: PRIVATE) { name: String }"#;
        let subgraphs = [SubgraphSdl { name: "a".to_owned(), url: "http://a".to_owned(), sdl: sdl.to_owned() }];
        ServedSchema::from_supergraph_sdl(&compose(&subgraphs).unwrap()).unwrap().with_cache_hints(&subgraphs)
    }

    #[test]
    fn only_what_the_schema_says_to_be_public_is() {
        let schema = schema();
        let of = |text: &str| is_public(text, ("a", schema.entities()));
        let entities = |of: &str, fields: &str| {
            format!(
                "query($r: [_Any!]!) {{ _entities(representations: $r) {{ __typename ... on {of} {{ {fields} }} }} }}"
            )
        };
        for (of_type, fields, expected) in [
            ("Product", "__typename id title age", true),
            ("Product", "title price", false),
            ("Product", "guarded", false),
            ("Product", "brand { name }", false),
            ("Product", "open { name __typename }", true),
            ("Product", "open { name secret }", false),
            ("Product", "owner { name }", false),
            ("Badge", "open", true),
            ("Badge", "open plain", false),
        ] {
            assert_eq!(of(&entities(of_type, fields)), expected, "{of_type} {fields}");
        }
        assert!(of("{ motto }") && !of("{ motto me { name } }") && !of("{"));
        let other = |text: &str| is_public(text, ("b", schema.entities()));
        assert!(!other(&entities("Product", "title")), "each subgraph speaks for itself");
    }
}

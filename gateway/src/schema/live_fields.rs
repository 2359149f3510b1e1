//! Subscription fields that events of a bus feed, as `@fedBy` in the schema says.
//!
//! ```graphql
//! type Subscription {
//!   stockBadges(skus: [String!]!): StockBadge!
//!     @fedBy(event: "com.example.badge_changed.v1", key: "skus", field: "sku", revision: "revision",
//!       carries: "sku state available revision", snapshot: "stockBadges", public: true)
//! }
//! ```

use std::{collections::BTreeMap, sync::Arc};

use graphql_tools::{
    parser::query::Value,
    static_graphql::schema::{Directive, Document, Field, TypeDefinition},
};

use super::{TypeRef, types::Definition};

/// The name of the directive, as it is imported; with the prefix of its specification where it is not.
const NAMES: [&str; 2] = ["fedBy", "live__fedBy"];

/// A subscription field whose values come with events of a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveField {
    /// Its name.
    pub name: String,
    /// The type of the events.
    pub event: String,
    /// The argument that says which keys a client listens to: one, or a list of them.
    pub key: String,
    /// The field of the payload, and of the event's data, whose value is the key.
    pub field: String,
    /// The field of both that grows with every change of a key.
    pub revision: Option<String>,
    /// The fields of the payload that the event's data holds under the same names.
    pub carries: Vec<String>,
    /// The query field that answers what is true now of keys.
    pub snapshot: Snapshot,
    /// Whether everyone gets the same values.
    pub is_public: bool,
    /// The type of the payload.
    pub payload: String,
}

/// The query field that answers what is true now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub field: String,
    /// The type of its argument of the same name as the subscription's.
    pub key_type: TypeRef,
}

impl Snapshot {
    /// Whether it answers many keys at once.
    #[must_use]
    pub fn is_list(&self) -> bool {
        let of = |type_ref: &TypeRef| matches!(type_ref, TypeRef::List(_));
        match &self.key_type {
            TypeRef::NonNull(inner) => of(inner),
            other => of(other),
        }
    }
}

/// All of a schema, by name.
#[derive(Debug, Default, Clone)]
pub struct LiveFields(BTreeMap<String, Arc<LiveField>>);

impl LiveFields {
    /// The field of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<LiveField>> {
        self.0.get(name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<LiveField>> {
        self.0.values()
    }

    /// Reads a supergraph; what a directive says that does not fit the schema is an error that names it.
    pub(super) fn read(supergraph: &Document) -> Result<Self, String> {
        let roots = Roots::of(supergraph);
        let mut all = BTreeMap::new();
        for field in fields_of(supergraph, roots.subscription) {
            for directive in field.directives.iter().filter(|directive| NAMES.contains(&directive.name.as_str())) {
                let live = read(supergraph, &roots, field, directive)
                    .map_err(|reason| format!("`@fedBy` of `{}.{}`: {reason}", roots.subscription, field.name))?;
                all.insert(field.name.clone(), Arc::new(live));
            }
        }
        Ok(Self(all))
    }
}

struct Roots<'d> {
    query: &'d str,
    subscription: &'d str,
}

impl<'d> Roots<'d> {
    fn of(document: &'d Document) -> Self {
        let schema = document.definitions.iter().find_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(schema),
            _ => None,
        });
        Self {
            query: schema.and_then(|schema| schema.query.as_deref()).unwrap_or("Query"),
            subscription: schema.and_then(|schema| schema.subscription.as_deref()).unwrap_or("Subscription"),
        }
    }
}

fn fields_of<'d>(document: &'d Document, of: &str) -> &'d [Field] {
    let found = document.definitions.iter().find_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(it)) if it.name == of => Some(&it.fields[..]),
        Definition::TypeDefinition(TypeDefinition::Interface(it)) if it.name == of => Some(&it.fields[..]),
        _ => None,
    });
    found.unwrap_or_default()
}

fn read(document: &Document, roots: &Roots<'_>, field: &Field, directive: &Directive) -> Result<LiveField, String> {
    let text = |name: &str| {
        directive.arguments.iter().find_map(|(key, value)| match value {
            Value::String(text) if key == name && !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        })
    };
    let needed = |name: &str| text(name).ok_or_else(|| format!("it needs the text `{name}`"));
    let payload = TypeRef::from(&field.field_type).named().to_owned();
    let has_field = |argument: &str, name: &str| {
        let known = fields_of(document, &payload).iter().any(|field| field.name == name);
        if known { Ok(name.to_owned()) } else { Err(format!("{argument}: `{payload}` has no field `{name}`")) }
    };
    let key = needed("key")?;
    if !field.arguments.iter().any(|argument| argument.name == key) {
        return Err(format!("key: there is no argument `{key}`"));
    }
    let carries = text("carries").unwrap_or_default().split([' ', ',', '\n', '\t']).filter(|name| !name.is_empty());
    Ok(LiveField {
        name: field.name.clone(),
        event: needed("event")?.to_owned(),
        key: key.to_owned(),
        field: has_field("field", needed("field")?)?,
        revision: text("revision").map(|name| has_field("revision", name)).transpose()?,
        carries: carries.map(|name| has_field("carries", name)).collect::<Result<_, _>>()?,
        snapshot: snapshot(fields_of(document, roots.query), needed("snapshot")?, (key, &payload))?,
        is_public: directive.arguments.iter().any(|(key, value)| key == "public" && *value == Value::Boolean(true)),
        payload,
    })
}

fn snapshot(queries: &[Field], name: &str, (key, payload): (&str, &str)) -> Result<Snapshot, String> {
    let field = queries.iter().find(|field| field.name == name);
    let field = field.ok_or_else(|| format!("snapshot: there is no query field `{name}`"))?;
    let argument = field.arguments.iter().find(|argument| argument.name == key);
    let argument = argument.ok_or_else(|| format!("snapshot: the query field `{name}` has no argument `{key}`"))?;
    let answers = TypeRef::from(&field.field_type);
    if answers.named() != payload {
        return Err(format!("snapshot: the query field `{name}` answers `{answers}`, not `{payload}`"));
    }
    Ok(Snapshot { field: name.to_owned(), key_type: TypeRef::from(&argument.value_type) })
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_schema;

    use super::*;

    fn read(directive: &str) -> Result<LiveFields, String> {
        let sdl = format!(
            "type Query {{ badges(skus: [String!]!): [Badge!] other: Int }}
            type Badge {{ sku: String! state: String revision: Int! }}
            type Subscription {{ badges(skus: [String!]!): Badge! {directive} }}"
        );
        LiveFields::read(&parse_schema::<String>(&sdl).unwrap().into_static())
    }

    #[test]
    fn reads_what_feeds_a_field() {
        let fields = read(
            r#"@fedBy(event: "changed", key: "skus", field: "sku", revision: "revision", carries: "sku state", snapshot: "badges", public: true)"#,
        )
        .unwrap();
        let field = fields.get("badges").unwrap();
        assert_eq!((field.event.as_str(), field.payload.as_str(), field.is_public), ("changed", "Badge", true));
        assert_eq!(field.carries, ["sku", "state"]);
        assert!(field.snapshot.is_list());
        assert!(read("").unwrap().get("badges").is_none());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (arguments, expected) in [
            (r#"key: "skus""#, "it needs the text `event`"),
            (r#"event: "e", key: "sku", field: "sku", snapshot: "badges""#, "there is no argument `sku`"),
            (r#"event: "e", key: "skus", field: "id", snapshot: "badges""#, "`Badge` has no field `id`"),
            (r#"event: "e", key: "skus", field: "sku", snapshot: "none""#, "there is no query field `none`"),
            (r#"event: "e", key: "skus", field: "sku", snapshot: "other""#, "has no argument `skus`"),
        ] {
            let error = read(&format!("@fedBy({arguments})")).unwrap_err();
            assert!(error.contains(expected) && error.contains("Subscription.badges"), "{error}");
        }
    }
}

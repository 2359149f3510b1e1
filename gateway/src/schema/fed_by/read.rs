//! Reads `@fedBy`, and says what does not fit the schema when it is loaded: a feed that cannot ask its subgraph would
//! fail in front of every client.

use graphql_tools::{
    parser::{parse_schema, query::Value},
    static_graphql::schema::{Directive, Document, Field, InputValue, TypeDefinition},
};

use super::{
    super::{
        LiveField, LiveFields, Snapshot, TypeId, TypeNames, TypeRef,
        federation::{Federation, SubgraphId},
        types::Definition,
    },
    arguments::{check_other_arguments, depth},
};
use crate::operation::OperationKind;

/// The name of the directive, as it is imported; with the prefix of its specification where it is not.
const NAMES: [&str; 2] = ["fedBy", "live__fedBy"];

/// What is wrong with a `@fedBy`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct FedByProblem {
    /// Stable, such as `FED_BY_SNAPSHOT_UNKNOWN`.
    pub code: &'static str,
    /// Names the field, and what does not fit.
    pub message: String,
}

/// What is wrong with the `@fedBy` of a supergraph that has just been composed.
pub(in crate::schema) fn problems(supergraph: &str) -> Vec<FedByProblem> {
    // Most schemas have none, and to read one takes long.
    if !supergraph.contains("fedBy") {
        return Vec::new();
    }
    let Ok(document) = parse_schema::<String>(supergraph).map(graphql_tools::parser::schema::Document::into_static)
    else {
        return Vec::new();
    };
    let types = TypeNames::from_document(&document);
    // What is wrong beside is found when it is loaded.
    let Ok(federation) = Federation::read(&document, &types) else { return Vec::new() };
    LiveFields::read(&document, (&types, &federation)).err().unwrap_or_default()
}

/// Code and reason.
pub(super) type Wrong = (&'static str, String);

/// Reads the directives of a supergraph.
pub(in crate::schema) struct Reader<'d> {
    document: &'d Document,
    types: &'d TypeNames,
    federation: &'d Federation,
}

/// A subscription field with the directive.
struct Fed<'d> {
    root: TypeId,
    field: &'d Field,
    directive: &'d Directive,
}

impl Fed<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.directive.arguments.iter().find_map(|(key, value)| match value {
            Value::String(text) if key == name && !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        })
    }

    fn needed(&self, name: &str) -> Result<&str, Wrong> {
        self.text(name).ok_or_else(|| ("FED_BY_ARGUMENT_MISSING", format!("it needs the text `{name}`")))
    }
}

impl<'d> Reader<'d> {
    pub(in crate::schema) const fn new(
        document: &'d Document,
        types: &'d TypeNames,
        federation: &'d Federation,
    ) -> Self {
        Self { document, types, federation }
    }

    /// The fields whose directives fit, and what is wrong with the others.
    pub(in crate::schema) fn read(&self) -> (Vec<LiveField>, Vec<FedByProblem>) {
        let (mut fields, mut problems) = (Vec::new(), Vec::new());
        let subscription = self.federation.root(OperationKind::Subscription);
        for (of, field, directive) in self.directives() {
            let root = self.types.id(of).filter(|id| Some(*id) == subscription);
            let read = match root {
                Some(root) => self.read_one(&Fed { root, field, directive }),
                None => Err(("FED_BY_MISPLACED", "it is of subscription fields alone".to_owned())),
            };
            match read {
                Ok(live) => fields.push(live),
                Err((code, reason)) => {
                    let message = format!("`@fedBy` of `{of}.{}`: {reason}", field.name);
                    problems.push(FedByProblem { code, message });
                }
            }
        }
        (fields, problems)
    }

    /// All of them, with the type and the field that they stand at.
    fn directives(&self) -> impl Iterator<Item = (&'d str, &'d Field, &'d Directive)> + use<'d> {
        let of_type = self.document.definitions.iter().filter_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Object(it)) => Some((it.name.as_str(), &it.fields)),
            Definition::TypeDefinition(TypeDefinition::Interface(it)) => Some((it.name.as_str(), &it.fields)),
            _ => None,
        });
        let of_field = of_type.flat_map(|(of, fields)| fields.iter().map(move |field| (of, field)));
        of_field.flat_map(|(of, field)| {
            let named = field.directives.iter().filter(|directive| NAMES.contains(&directive.name.as_str()));
            named.map(move |directive| (of, field, directive))
        })
    }

    fn fields_of(&self, of: &str) -> &'d [Field] {
        let found = self.document.definitions.iter().find_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Object(it)) if it.name == of => Some(&it.fields[..]),
            Definition::TypeDefinition(TypeDefinition::Interface(it)) if it.name == of => Some(&it.fields[..]),
            _ => None,
        });
        found.unwrap_or_default()
    }

    fn read_one(&self, fed: &Fed<'d>) -> Result<LiveField, Wrong> {
        let payload = TypeRef::from(&fed.field.field_type).named().to_owned();
        let (event, key) = (fed.needed("event")?, fed.needed("key")?);
        let argument = fed.field.arguments.iter().find(|argument| argument.name == key);
        let argument = argument.ok_or_else(|| ("FED_BY_KEY_UNKNOWN", format!("key: there is no argument `{key}`")))?;
        self.check_key(argument)?;
        let name = fed.needed("snapshot")?;
        let snapshot = self.snapshot(name, (argument, &payload))?;
        check_other_arguments(fed.field, (name, self.query(name)), key)?;
        let field = self.has_field(&payload, ("field", fed.needed("field")?))?;
        let revision = fed.text("revision").map(|name| self.has_field(&payload, ("revision", name))).transpose()?;
        let carries = fed.text("carries").unwrap_or_default().split([' ', ',', '\n', '\t']);
        let carries = carries.filter(|name| !name.is_empty()).map(|name| self.has_field(&payload, ("carries", name)));
        let live = LiveField {
            name: fed.field.name.clone(),
            event: event.to_owned(),
            key: key.to_owned(),
            field,
            revision,
            carries: carries.collect::<Result<_, _>>()?,
            snapshot,
            is_public: fed.directive.arguments.contains(&("public".to_owned(), Value::Boolean(true))),
            payload,
        };
        self.check_subgraphs(fed.root, &live)?;
        Ok(live)
    }

    /// A key is one text or number, or there is a list of them.
    fn check_key(&self, argument: &InputValue) -> Result<(), Wrong> {
        let given = TypeRef::from(&argument.value_type);
        if depth(&given) <= 1 && self.is_key(given.named()) {
            return Ok(());
        }
        let reason = format!("key: `{}: {given}` is neither a key nor a list of keys", argument.name);
        Err(("FED_BY_KEY_TYPE_MISMATCH", reason))
    }

    /// Whether values of a type are texts or numbers.
    fn is_key(&self, of: &str) -> bool {
        matches!(of, "String" | "ID" | "Int") || self.is_custom_scalar(of) || self.is_enum(of)
    }

    fn is_custom_scalar(&self, of: &str) -> bool {
        let is_it = |definition: &Definition| matches!(definition, Definition::TypeDefinition(TypeDefinition::Scalar(it)) if it.name == of);
        !matches!(of, "String" | "ID" | "Int" | "Float" | "Boolean") && self.document.definitions.iter().any(is_it)
    }

    fn is_enum(&self, of: &str) -> bool {
        let is_it = |definition: &Definition| matches!(definition, Definition::TypeDefinition(TypeDefinition::Enum(it)) if it.name == of);
        self.document.definitions.iter().any(is_it)
    }

    fn query(&self, name: &str) -> Option<&'d Field> {
        let query = self.federation.root(OperationKind::Query)?;
        self.fields_of(self.types.name(query)).iter().find(|field| field.name == name)
    }

    fn snapshot(&self, name: &str, (key, payload): (&InputValue, &str)) -> Result<Snapshot, Wrong> {
        let unknown = || ("FED_BY_SNAPSHOT_UNKNOWN", format!("snapshot: there is no query field `{name}`"));
        let field = self.query(name).ok_or_else(unknown)?;
        let argument = field.arguments.iter().find(|argument| argument.name == key.name);
        let argument = argument.ok_or_else(|| {
            let reason = format!("snapshot: the query field `{name}` has no argument `{}`", key.name);
            ("FED_BY_SNAPSHOT_KEY_UNKNOWN", reason)
        })?;
        let (given, wanted) = (TypeRef::from(&key.value_type), TypeRef::from(&argument.value_type));
        if depth(&wanted) > 1 || given.named() != wanted.named() {
            let reason = format!("snapshot: `{name}({}: {wanted})` does not take the keys of `{given}`", key.name);
            return Err(("FED_BY_SNAPSHOT_KEY_TYPE_MISMATCH", reason));
        }
        let answers = TypeRef::from(&field.field_type);
        let snapshot = Snapshot { field: name.to_owned(), key_type: wanted };
        // To many keys belong many answers.
        let fits = depth(&answers) == 1 || (depth(&answers) == 0 && !snapshot.is_list());
        if answers.named() != payload || !fits {
            let list = if snapshot.is_list() { "a list of " } else { "" };
            let reason = format!("snapshot: the query field `{name}` answers `{answers}`, not {list}`{payload}`");
            return Err(("FED_BY_SNAPSHOT_TYPE_MISMATCH", reason));
        }
        Ok(snapshot)
    }

    fn has_field(&self, payload: &str, (argument, name): (&str, &str)) -> Result<String, Wrong> {
        if self.fields_of(payload).iter().any(|field| field.name == name) {
            return Ok(name.to_owned());
        }
        Err(("FED_BY_FIELD_UNKNOWN", format!("{argument}: `{payload}` has no field `{name}`")))
    }

    /// The subgraph that would be asked for a stream is asked for the snapshot, and for key and revision with it.
    fn check_subgraphs(&self, root: TypeId, live: &LiveField) -> Result<(), Wrong> {
        let query = self.federation.root(OperationKind::Query);
        let payload = self.types.id(&live.payload);
        for subgraph in self.resolvers(root, &live.name) {
            let by = self.federation.name(subgraph);
            let snapshot = &live.snapshot.field;
            if !query.is_some_and(|query| self.resolvers(query, snapshot).any(|other| other == subgraph)) {
                let reason = format!("snapshot: subgraph `{by}` does not resolve the query field `{snapshot}`");
                return Err(("FED_BY_SNAPSHOT_ELSEWHERE", reason));
            }
            let type_there = |argument: &str, name: &str| {
                let there = payload.and_then(|payload| self.federation.field_in(payload, name, subgraph));
                there.map(|there| there.written_type.to_string()).ok_or_else(|| {
                    let reason = format!("{argument}: subgraph `{by}` has no field `{}.{name}`", live.payload);
                    ("FED_BY_FIELD_ELSEWHERE", reason)
                })
            };
            let key = type_there("field", &live.field)?;
            if !self.is_key(key.trim_end_matches('!')) {
                let reason =
                    format!("field: `{}.{}: {key}` is no key: neither text nor number", live.payload, live.field);
                return Err(("FED_BY_FIELD_TYPE_MISMATCH", reason));
            }
            let Some(name) = &live.revision else { continue };
            let revision = type_there("revision", name)?;
            let is_integer = |named: &str| named == "Int" || self.is_custom_scalar(named);
            if !revision.strip_suffix('!').is_some_and(is_integer) {
                let reason = format!("revision: `{}.{name}: {revision}` is not a non-null integer", live.payload);
                return Err(("FED_BY_REVISION_TYPE_MISMATCH", reason));
            }
        }
        Ok(())
    }

    fn resolvers(&self, of: TypeId, name: &str) -> impl Iterator<Item = SubgraphId> + use<'d> {
        let (federation, name) = (self.federation, name.to_owned());
        let there = move |&it: &SubgraphId| federation.field_in(of, &name, it).is_some_and(|it| it.is_resolved_there());
        federation.subgraphs().filter(there)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{CompositionError, ServedSchema, SubgraphSdl, compose};

    const GOOD: &str = r#"event: "changed", key: "skus", field: "sku", revision: "revision", carries: "sku, state", snapshot: "badges""#;

    fn subgraph(name: &str, sdl: &str) -> SubgraphSdl {
        let sdl = format!(
            r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@composeDirective", "@shareable", "@external"])
            @link(url: "https://selvedge.dev/live/v1.0", import: ["@fedBy"]) @composeDirective(name: "@fedBy")
            directive @fedBy(event: String, key: String, field: String, revision: String, carries: String, snapshot: String, public: Boolean) on FIELD_DEFINITION
            {sdl}"#
        );
        SubgraphSdl { name: name.to_owned(), url: format!("http://{name}"), sdl }
    }

    /// A subgraph whose subscription field says `arguments`, and another one.
    fn subgraphs(arguments: &str) -> [SubgraphSdl; 2] {
        let stock = format!(
            r#"type Query {{
                badges(skus: [String!]!): [Badge!] other: Int badge(skus: String!): Badge one(skus: [String!]!): Badge
                ids(skus: [ID!]!): [Badge!] in(skus: [String!]!, region: String!): [Badge!]
            }}
            scalar Long
            enum Size {{ S M }}
            type Badge @key(fields: "sku") {{
                sku: String! state: Boolean revision: Int! long: Long! maybe: Int text: String! many: [String] size: Size
            }}
            type Subscription {{
                badges(skus: [String!]!): Badge! @fedBy({arguments}, public: true)
                ofRegion(skus: [String!]!, region: String): Badge!
                ofSure(skus: [String!]!, region: String!): Badge!
            }}"#
        );
        let titles = r#"type Query { titled(skus: [String!]!): [Badge!] } type Badge @key(fields: "sku") { sku: String! title: String }"#;
        [subgraph("stock", &stock), subgraph("titles", titles)]
    }

    /// The codes that composition refuses the directive with.
    fn codes(arguments: &str) -> Vec<(String, String)> {
        match compose(&subgraphs(arguments)) {
            Ok(_) => Vec::new(),
            Err(CompositionError::Problems { problems }) => {
                problems.into_iter().map(|problem| (problem.code.unwrap_or_default(), problem.message)).collect()
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn reads_what_feeds_a_field() {
        let supergraph = compose(&subgraphs(GOOD)).unwrap();
        let schema = ServedSchema::from_supergraph_sdl(&supergraph).unwrap();
        let field = schema.live_fields().get("badges").unwrap();
        assert_eq!((field.event.as_str(), field.payload.as_str(), field.is_public), ("changed", "Badge", true));
        assert_eq!(field.carries, ["sku", "state"]);
        assert!(field.snapshot.is_list());
        assert!(schema.live_fields().get("ofRegion").is_none());
    }

    #[test]
    fn what_fits_is_taken() {
        for (from, to) in [
            ("revision: \"revision\"", "revision: \"long\""),
            ("revision: \"revision\", ", ""),
            ("snapshot: \"badges\"", "snapshot: \"badge\""),
            ("field: \"sku\"", "field: \"size\""),
            ("carries: \"sku, state\", ", ""),
        ] {
            assert!(GOOD.contains(from));
            assert_eq!(codes(&GOOD.replace(from, to)), [], "{to}");
        }
    }

    #[test]
    fn what_does_not_fit_has_a_code_and_is_named() {
        for (from, to, code, named) in [
            ("event: \"changed\", ", "", "FED_BY_ARGUMENT_MISSING", "`event`"),
            ("key: \"skus\"", "key: \"sku\"", "FED_BY_KEY_UNKNOWN", "no argument `sku`"),
            ("field: \"sku\"", "field: \"id\"", "FED_BY_FIELD_UNKNOWN", "field: `Badge` has no field `id`"),
            ("field: \"sku\"", "field: \"title\"", "FED_BY_FIELD_ELSEWHERE", "subgraph `stock`"),
            ("field: \"sku\"", "field: \"many\"", "FED_BY_FIELD_TYPE_MISMATCH", "`Badge.many: [String]`"),
            ("field: \"sku\"", "field: \"state\"", "FED_BY_FIELD_TYPE_MISMATCH", "`Badge.state: Boolean`"),
            ("sku, state", "sku, nothing", "FED_BY_FIELD_UNKNOWN", "carries: `Badge` has no field `nothing`"),
            ("\"revision\", c", "\"nothing\", c", "FED_BY_FIELD_UNKNOWN", "revision: `Badge` has no field"),
            ("\"revision\", c", "\"maybe\", c", "FED_BY_REVISION_TYPE_MISMATCH", "`Badge.maybe: Int`"),
            ("\"revision\", c", "\"text\", c", "FED_BY_REVISION_TYPE_MISMATCH", "`Badge.text: String!`"),
            ("snapshot: \"badges\"", "snapshot: \"none\"", "FED_BY_SNAPSHOT_UNKNOWN", "query field `none`"),
            ("snapshot: \"badges\"", "snapshot: \"other\"", "FED_BY_SNAPSHOT_KEY_UNKNOWN", "no argument `skus`"),
            ("snapshot: \"badges\"", "snapshot: \"ids\"", "FED_BY_SNAPSHOT_KEY_TYPE_MISMATCH", "`ids(skus: [ID!]!)`"),
            ("snapshot: \"badges\"", "snapshot: \"one\"", "FED_BY_SNAPSHOT_TYPE_MISMATCH", "a list of `Badge`"),
            ("snapshot: \"badges\"", "snapshot: \"titled\"", "FED_BY_SNAPSHOT_ELSEWHERE", "subgraph `stock`"),
            ("snapshot: \"badges\"", "snapshot: \"in\"", "FED_BY_SNAPSHOT_ARGUMENT_MISMATCH", "`region`"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let found = codes(&GOOD.replace(from, to));
            let [(found, message)] = &found[..] else { panic!("{to}: {found:?}") };
            assert!(found == code && message.contains(named), "{to}: {found}: {message}");
            assert!(message.starts_with("`@fedBy` of `Subscription.badges`: "), "{message}");
        }
    }

    #[test]
    fn what_else_a_client_says_goes_along() {
        let moved = |to: &str| {
            let all = subgraphs("").map(|mut subgraph| {
                subgraph.sdl = subgraph.sdl.replace("@fedBy(, public: true)", "");
                let directive = format!("): Badge! @fedBy({}, public: true)", GOOD.replace("\"badges\"", "\"in\""));
                subgraph.sdl = subgraph.sdl.replace(&format!("{to}): Badge!"), &format!("{to}{directive}"));
                subgraph
            });
            compose(&all).map_err(|error| error.to_string())
        };
        assert!(moved("region: String!").is_ok());
        let error = moved("region: String").unwrap_err();
        assert!(
            error.contains("FED_BY_SNAPSHOT_ARGUMENT_MISMATCH") && error.contains("`in(region: String!)`"),
            "{error}"
        );
    }

    #[test]
    fn a_supergraph_that_is_loaded_is_checked_as_well_and_the_directive_belongs_to_subscriptions() {
        let supergraph = compose(&subgraphs(GOOD)).unwrap();
        let wrong = supergraph.replace("snapshot: \"badges\"", "snapshot: \"none\"");
        let error = ServedSchema::from_supergraph_sdl(&wrong).err().unwrap().to_string();
        assert!(error.contains("FED_BY_SNAPSHOT_UNKNOWN: `@fedBy` of `Subscription.badges`"), "{error}");
        let all = subgraphs(GOOD).map(|mut subgraph| {
            subgraph.sdl = subgraph.sdl.replace("other: Int", &format!("other: Int @fedBy({GOOD})"));
            subgraph
        });
        let error = compose(&all).unwrap_err().to_string();
        assert!(error.contains("FED_BY_MISPLACED: `@fedBy` of `Query.other`"), "{error}");
    }
}

//! Introspection, answered from the schema that clients see (September 2025 edition).

use graphql_tools::parser::query::Value as AstValue;
use serde_json::Value as Json;

use super::{Below, Field, SelectionId, Source, response::ProjectInput};
use crate::schema::{ApiDirective, ApiEnumValue, ApiField, ApiInputValue, ApiSchema, ApiType, TypeKind, TypeRef};

/// Something of the schema that can be selected on.
#[derive(Clone, Copy)]
enum Node<'a> {
    Schema,
    Type(&'a ApiType),
    /// A list or non-null type.
    Wrapped(&'a TypeRef),
    Field(&'a ApiField),
    Input(&'a ApiInputValue),
    EnumValue(&'a ApiEnumValue),
    Directive(&'a ApiDirective),
}

/// The value of one introspection field.
enum Datum<'a> {
    Null,
    Text(&'a str),
    OwnedText(String),
    Texts(Vec<&'a str>),
    Truth(bool),
    Node(Node<'a>),
    Nodes(Vec<Node<'a>>),
}

/// Writes the value of `__schema` or `__type`.
pub(super) fn write_root(out: &mut Vec<u8>, input: ProjectInput<'_>, field: &Field) {
    let mut writer = Introspection { input, api: input.schema.api(), out };
    let Below::Introspection(selection) = field.below else {
        writer.out.extend_from_slice(b"null");
        return;
    };
    let datum = match field.source {
        Source::Schema => Datum::Node(Node::Schema),
        _ => writer
            .text_argument(field, "name")
            .and_then(|name| writer.api.get(name))
            .map_or(Datum::Null, |ty| Datum::Node(Node::Type(ty))),
    };
    writer.datum(&datum, Some(selection));
}

struct Introspection<'a, 'o> {
    input: ProjectInput<'a>,
    api: &'a ApiSchema,
    out: &'o mut Vec<u8>,
}

impl<'a> Introspection<'a, '_> {
    fn datum(&mut self, datum: &Datum<'a>, selection: Option<SelectionId>) {
        match datum {
            Datum::Null => self.out.extend_from_slice(b"null"),
            Datum::Text(text) => self.json(text),
            Datum::OwnedText(text) => self.json(text),
            Datum::Texts(texts) => self.json(texts),
            Datum::Truth(truth) => self.json(truth),
            Datum::Node(node) => self.node(*node, selection),
            Datum::Nodes(nodes) => {
                self.out.push(b'[');
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.node(*node, selection);
                }
                self.out.push(b']');
            }
        }
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        // Text and truth values always encode.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }

    fn node(&mut self, node: Node<'a>, selection: Option<SelectionId>) {
        let ProjectInput { projection, variables, .. } = self.input;
        let fields = selection.into_iter().flat_map(|selection| projection.selections.selected(selection, variables));
        self.out.push(b'{');
        let mut is_first = true;
        for field in fields {
            if !std::mem::take(&mut is_first) {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.prefix);
            let (parent, name) = field.coordinate.split_once('.').unwrap_or_default();
            if field.source == Source::Typename {
                self.json(&parent);
                continue;
            }
            let below = match field.below {
                Below::Introspection(selection) => Some(selection),
                _ => None,
            };
            let datum = self.resolve(node, name, field);
            self.datum(&datum, below);
        }
        self.out.push(b'}');
    }

    fn resolve(&self, node: Node<'a>, name: &str, field: &Field) -> Datum<'a> {
        match node {
            Node::Schema => self.schema_field(name),
            Node::Type(ty) => self.type_field(ty, name, field),
            Node::Wrapped(type_ref) => self.wrapped_field(type_ref, name),
            Node::Field(it) => match name {
                "args" => self.inputs(it.arguments.values(), field),
                "type" => self.type_of(&it.type_ref),
                _ => described(&it.name, it.description.as_deref(), it.deprecation.as_deref(), name),
            },
            Node::Input(it) => match name {
                "type" => self.type_of(&it.type_ref),
                "defaultValue" => it.default.as_ref().map_or(Datum::Null, |value| Datum::OwnedText(value.to_string())),
                _ => described(&it.name, it.description.as_deref(), it.deprecation.as_deref(), name),
            },
            Node::EnumValue(it) => described(&it.name, it.description.as_deref(), it.deprecation.as_deref(), name),
            Node::Directive(it) => match name {
                "isRepeatable" => Datum::Truth(it.is_repeatable),
                "locations" => Datum::Texts(it.locations.iter().map(String::as_str).collect()),
                "args" => self.inputs(it.arguments.values(), field),
                _ => described(&it.name, it.description.as_deref(), None, name),
            },
        }
    }

    fn schema_field(&self, name: &str) -> Datum<'a> {
        let by_name = |name: Option<&str>| {
            name.and_then(|name| self.api.get(name)).map_or(Datum::Null, |ty| Datum::Node(Node::Type(ty)))
        };
        match name {
            "types" => Datum::Nodes(self.api.types().map(Node::Type).collect()),
            "queryType" => by_name(Some(&self.api.query_type)),
            "mutationType" => by_name(self.api.mutation_type.as_deref()),
            "subscriptionType" => by_name(self.api.subscription_type.as_deref()),
            "directives" => Datum::Nodes(self.api.directives.iter().map(Node::Directive).collect()),
            _ => Datum::Null,
        }
    }

    fn type_field(&self, ty: &'a ApiType, name: &str, field: &Field) -> Datum<'a> {
        let with_deprecated = self.wants_deprecated(field);
        let has_fields = matches!(ty.kind, TypeKind::Object | TypeKind::Interface);
        let named = |names: &'a [String]| {
            Datum::Nodes(names.iter().filter_map(|name| self.api.get(name)).map(Node::Type).collect())
        };
        match name {
            "kind" => Datum::Text(match ty.kind {
                TypeKind::Scalar => "SCALAR",
                TypeKind::Object => "OBJECT",
                TypeKind::Interface => "INTERFACE",
                TypeKind::Union => "UNION",
                TypeKind::Enum => "ENUM",
                TypeKind::InputObject => "INPUT_OBJECT",
            }),
            "specifiedByURL" => text(ty.specified_by_url.as_deref()),
            "fields" if has_fields => Datum::Nodes(
                ty.fields
                    .values()
                    .filter(|field| with_deprecated || field.deprecation.is_none())
                    .map(Node::Field)
                    .collect(),
            ),
            "interfaces" if has_fields => named(&ty.interfaces),
            "possibleTypes" if matches!(ty.kind, TypeKind::Interface | TypeKind::Union) => named(&ty.possible_types),
            "enumValues" if ty.kind == TypeKind::Enum => Datum::Nodes(
                ty.enum_values
                    .values()
                    .filter(|value| with_deprecated || value.deprecation.is_none())
                    .map(Node::EnumValue)
                    .collect(),
            ),
            "inputFields" if ty.kind == TypeKind::InputObject => self.inputs(ty.input_fields.values(), field),
            "isOneOf" if ty.kind == TypeKind::InputObject => Datum::Truth(ty.is_one_of),
            "name" => Datum::Text(&ty.name),
            "description" => text(ty.description.as_deref()),
            _ => Datum::Null,
        }
    }

    fn wrapped_field(&self, type_ref: &'a TypeRef, name: &str) -> Datum<'a> {
        match (type_ref, name) {
            (TypeRef::List(_), "kind") => Datum::Text("LIST"),
            (TypeRef::NonNull(_), "kind") => Datum::Text("NON_NULL"),
            (TypeRef::List(inner) | TypeRef::NonNull(inner), "ofType") => self.type_of(inner),
            _ => Datum::Null,
        }
    }

    fn type_of(&self, type_ref: &'a TypeRef) -> Datum<'a> {
        match type_ref {
            TypeRef::Named(name) => self.api.get(name).map_or(Datum::Null, |ty| Datum::Node(Node::Type(ty))),
            TypeRef::List(_) | TypeRef::NonNull(_) => Datum::Node(Node::Wrapped(type_ref)),
        }
    }

    fn inputs(&self, inputs: impl Iterator<Item = &'a ApiInputValue>, field: &Field) -> Datum<'a> {
        let with_deprecated = self.wants_deprecated(field);
        Datum::Nodes(inputs.filter(|input| with_deprecated || input.deprecation.is_none()).map(Node::Input).collect())
    }

    fn wants_deprecated(&self, field: &Field) -> bool {
        field.arguments.iter().any(|(name, value)| {
            name == "includeDeprecated"
                && match value {
                    AstValue::Boolean(given) => *given,
                    AstValue::Variable(name) => {
                        self.input.variables.get(name).and_then(Json::as_bool).unwrap_or_default()
                    }
                    _ => false,
                }
        })
    }

    fn text_argument<'f>(&self, field: &'f Field, name: &str) -> Option<&'f str>
    where
        'a: 'f,
    {
        field.arguments.iter().filter(|(candidate, _)| candidate == name).find_map(|(_, value)| match value {
            AstValue::String(text) => Some(text.as_str()),
            AstValue::Variable(name) => self.input.variables.get(name).and_then(Json::as_str),
            _ => None,
        })
    }
}

fn text(text: Option<&str>) -> Datum<'_> {
    text.map_or(Datum::Null, Datum::Text)
}

fn described<'a>(
    own_name: &'a str,
    description: Option<&'a str>,
    deprecation: Option<&'a str>,
    name: &str,
) -> Datum<'a> {
    match name {
        "name" => Datum::Text(own_name),
        "description" => text(description),
        "isDeprecated" => Datum::Truth(deprecation.is_some()),
        "deprecationReason" => text(deprecation),
        _ => Datum::Null,
    }
}

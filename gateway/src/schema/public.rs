//! What of a supergraph is for clients: everything but federation's machinery and inaccessible elements.

use ahash::AHashSet;
use graphql_tools::{
    parser::query::Value,
    static_graphql::schema::{Directive, Document, EnumType, Field, InputValue, SchemaDefinition, TypeDefinition},
};

use super::types::Definition;

/// The directive of the gateway itself that tools have to know of: no specification says that every server has it.
const OWN_DIRECTIVE: &str = "live";

/// The public part of a supergraph document, with the directive of `own` that clients may use beyond those of the
/// specification.
pub(super) fn public_document(supergraph: &Document, own: &Document) -> Document {
    let machinery = Machinery::of(supergraph);
    let hidden = hidden_types(supergraph, &machinery);
    let mut definitions: Vec<Definition> =
        supergraph.definitions.iter().filter_map(|definition| keep(definition, &machinery, &hidden)).collect();
    let is_own = |definition: &&Definition| match definition {
        Definition::DirectiveDefinition(directive) => directive.name == OWN_DIRECTIVE,
        _ => false,
    };
    // A supergraph may have one of its own.
    if !definitions.iter().any(|definition| is_own(&definition)) {
        let first_type = definitions.iter().position(|it| matches!(it, Definition::TypeDefinition(_)));
        let at = first_type.unwrap_or(definitions.len());
        definitions.splice(at..at, own.definitions.iter().filter(is_own).cloned());
    }
    Document { definitions }
}

/// The names that linked specifications bring into a supergraph.
struct Machinery {
    names: AHashSet<String>,
    inaccessible: String,
}

const KNOWN: [&str; 15] = [
    "link",
    "core",
    "join",
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
    "cost",
    "listSize",
    "context",
    "fromContext",
    "interfaceObject",
    "composeDirective",
    "fedBy",
];

impl Machinery {
    fn of(document: &Document) -> Self {
        let mut machinery = Self {
            names: KNOWN.iter().map(|&name| name.to_owned()).collect(),
            inaccessible: "inaccessible".to_owned(),
        };
        for definition in &document.definitions {
            if let Definition::SchemaDefinition(schema) = definition {
                for directive in &schema.directives {
                    machinery.link(directive);
                }
            }
        }
        machinery
    }

    fn link(&mut self, directive: &Directive) {
        let text = |name: &str| {
            directive.arguments.iter().find_map(|(key, value)| match value {
                Value::String(text) if key == name => Some(text.as_str()),
                _ => None,
            })
        };
        let Some(url) = text("url").or_else(|| text("feature")) else { return };
        let mut segments = url.rsplit('/').filter(|segment| !segment.is_empty());
        let last = segments.next().unwrap_or_default();
        let is_version = last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let spec = if is_version { segments.next().unwrap_or_default() } else { last };
        let name = text("as").unwrap_or(spec);
        if spec == "inaccessible" {
            name.clone_into(&mut self.inaccessible);
        }
        self.names.insert(name.to_owned());
        for (key, value) in &directive.arguments {
            if let (true, Value::List(imports)) = (key == "import", value) {
                imports.iter().for_each(|import| self.import(import));
            }
        }
    }

    fn import(&mut self, import: &Value<'static, String>) {
        let name = match import {
            Value::String(name) => Some(name),
            Value::Object(fields) => {
                let find = |wanted: &str| {
                    fields.iter().find_map(|(key, value)| match value {
                        Value::String(text) if key == wanted => Some(text),
                        _ => None,
                    })
                };
                find("as").or_else(|| find("name"))
            }
            _ => None,
        };
        if let Some(name) = name {
            self.names.insert(name.trim_start_matches('@').to_owned());
        }
    }

    fn owns_type(&self, name: &str) -> bool {
        name.split_once("__").is_some_and(|(prefix, _)| !prefix.is_empty() && self.names.contains(prefix))
    }

    fn owns_directive(&self, name: &str) -> bool {
        self.names.contains(name) || self.owns_type(name)
    }

    fn hides(&self, directives: &[Directive]) -> bool {
        directives.iter().any(|directive| directive.name == self.inaccessible)
    }

    fn strip(&self, directives: &mut Vec<Directive>) {
        directives.retain(|directive| !self.owns_directive(&directive.name));
    }
}

fn hidden_types(document: &Document, machinery: &Machinery) -> AHashSet<String> {
    let mut hidden = AHashSet::new();
    for definition in &document.definitions {
        if let Definition::TypeDefinition(definition) = definition {
            let (name, directives) = match definition {
                TypeDefinition::Scalar(it) => (&it.name, &it.directives),
                TypeDefinition::Object(it) => (&it.name, &it.directives),
                TypeDefinition::Interface(it) => (&it.name, &it.directives),
                TypeDefinition::Union(it) => (&it.name, &it.directives),
                TypeDefinition::Enum(it) => (&it.name, &it.directives),
                TypeDefinition::InputObject(it) => (&it.name, &it.directives),
            };
            if machinery.owns_type(name) || machinery.hides(directives) {
                hidden.insert(name.clone());
            }
        }
    }
    hidden
}

fn keep(definition: &Definition, machinery: &Machinery, hidden: &AHashSet<String>) -> Option<Definition> {
    match definition {
        Definition::SchemaDefinition(schema) => {
            let mut schema: SchemaDefinition = schema.clone();
            machinery.strip(&mut schema.directives);
            Some(Definition::SchemaDefinition(schema))
        }
        Definition::DirectiveDefinition(directive) => {
            (!machinery.owns_directive(&directive.name)).then(|| Definition::DirectiveDefinition(directive.clone()))
        }
        Definition::TypeExtension(_) => None,
        Definition::TypeDefinition(definition) => {
            keep_type(definition.clone(), machinery, hidden).map(Definition::TypeDefinition)
        }
    }
}

fn keep_type(
    mut definition: TypeDefinition,
    machinery: &Machinery,
    hidden: &AHashSet<String>,
) -> Option<TypeDefinition> {
    let name = match &mut definition {
        TypeDefinition::Scalar(it) => {
            machinery.strip(&mut it.directives);
            &it.name
        }
        TypeDefinition::Object(it) => {
            machinery.strip(&mut it.directives);
            it.implements_interfaces.retain(|name| !hidden.contains(name));
            keep_fields(&mut it.fields, machinery);
            &it.name
        }
        TypeDefinition::Interface(it) => {
            machinery.strip(&mut it.directives);
            it.implements_interfaces.retain(|name| !hidden.contains(name));
            keep_fields(&mut it.fields, machinery);
            &it.name
        }
        TypeDefinition::Union(it) => {
            machinery.strip(&mut it.directives);
            it.types.retain(|name| !hidden.contains(name));
            &it.name
        }
        TypeDefinition::Enum(it) => {
            keep_values(it, machinery);
            &it.name
        }
        TypeDefinition::InputObject(it) => {
            machinery.strip(&mut it.directives);
            keep_inputs(&mut it.fields, machinery);
            &it.name
        }
    };
    if hidden.contains(name) { None } else { Some(definition) }
}

fn keep_fields(fields: &mut Vec<Field>, machinery: &Machinery) {
    fields.retain(|field| !machinery.hides(&field.directives));
    for field in fields {
        machinery.strip(&mut field.directives);
        keep_inputs(&mut field.arguments, machinery);
    }
}

fn keep_inputs(inputs: &mut Vec<InputValue>, machinery: &Machinery) {
    inputs.retain(|input| !machinery.hides(&input.directives));
    inputs.iter_mut().for_each(|input| machinery.strip(&mut input.directives));
}

fn keep_values(it: &mut EnumType, machinery: &Machinery) {
    machinery.strip(&mut it.directives);
    it.values.retain(|value| !machinery.hides(&value.directives));
    it.values.iter_mut().for_each(|value| machinery.strip(&mut value.directives));
}

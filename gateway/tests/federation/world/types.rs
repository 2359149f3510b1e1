//! The types of a schema, extensions joined, as a structure to look things up in.

use std::collections::{BTreeMap, BTreeSet};

use graphql_tools::{
    parser::{
        parse_query, parse_schema,
        query::{OperationDefinition, SelectionSet},
        schema::{Definition, Directive, Type, TypeDefinition, TypeExtension, Value},
    },
    static_graphql::{query, schema},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Scalar,
    Enum,
    Object,
    Interface,
    Union,
    Input,
}

/// One field, or one input field.
#[derive(Clone, Debug)]
pub struct FieldDef {
    pub ty: Type<'static, String>,
    pub args: Vec<(String, Type<'static, String>)>,
    pub external: bool,
    pub requires: Option<SelectionSet<'static, String>>,
    pub provides: Option<SelectionSet<'static, String>>,
}

#[derive(Clone, Debug)]
pub struct TypeDef {
    pub kind: Kind,
    pub fields: BTreeMap<String, FieldDef>,
    /// Of objects and interfaces.
    pub interfaces: BTreeSet<String>,
    /// Of unions.
    pub members: BTreeSet<String>,
    /// Of enums.
    pub values: Vec<String>,
    pub keys: Vec<SelectionSet<'static, String>>,
    pub is_interface_object: bool,
    external: bool,
}

#[derive(Clone, Debug)]
pub struct Types {
    pub by_name: BTreeMap<String, TypeDef>,
    pub query: String,
    pub mutation: String,
    pub subscription: String,
}

impl Types {
    /// Reads the schema of a subgraph, or what clients see.
    pub fn read(sdl: &str) -> Self {
        let sdl = without_links(sdl);
        let document = parse_schema::<String>(&sdl).unwrap_or_else(|error| panic!("{error}\n{sdl}")).into_static();
        let mut types = Self {
            by_name: BTreeMap::new(),
            query: "Query".to_owned(),
            mutation: "Mutation".to_owned(),
            subscription: "Subscription".to_owned(),
        };
        for definition in document.definitions {
            match definition {
                Definition::SchemaDefinition(it) => {
                    types.query = it.query.unwrap_or(types.query);
                    types.mutation = it.mutation.unwrap_or(types.mutation);
                    types.subscription = it.subscription.unwrap_or(types.subscription);
                }
                Definition::TypeDefinition(it) => types.add(it),
                Definition::TypeExtension(it) => types.extend(it),
                Definition::DirectiveDefinition(_) => {}
            }
        }
        types
    }

    fn add(&mut self, definition: TypeDefinition<'static, String>) {
        match definition {
            TypeDefinition::Scalar(it) => drop(self.entry(&it.name, Kind::Scalar, &it.directives)),
            TypeDefinition::Object(it) => {
                self.with_fields(&it.name, Kind::Object, &it.directives, (it.fields, it.implements_interfaces));
            }
            TypeDefinition::Interface(it) => {
                self.with_fields(&it.name, Kind::Interface, &it.directives, (it.fields, it.implements_interfaces));
            }
            TypeDefinition::Union(it) => self.entry(&it.name, Kind::Union, &it.directives).members.extend(it.types),
            TypeDefinition::Enum(it) => {
                let names = it.values.into_iter().map(|value| value.name);
                self.entry(&it.name, Kind::Enum, &it.directives).values.extend(names);
            }
            TypeDefinition::InputObject(it) => self.with_inputs(&it.name, &it.directives, it.fields),
        }
    }

    fn extend(&mut self, extension: TypeExtension<'static, String>) {
        match extension {
            TypeExtension::Object(it) => {
                self.with_fields(&it.name, Kind::Object, &it.directives, (it.fields, it.implements_interfaces));
            }
            TypeExtension::Interface(it) => {
                self.with_fields(&it.name, Kind::Interface, &it.directives, (it.fields, it.implements_interfaces));
            }
            TypeExtension::Union(it) => self.entry(&it.name, Kind::Union, &it.directives).members.extend(it.types),
            other => panic!("an extension that these tests do not know: {other:?}"),
        }
    }

    fn entry(&mut self, name: &str, kind: Kind, directives: &[Directive<'static, String>]) -> &mut TypeDef {
        let entry = self.by_name.entry(name.to_owned()).or_insert_with(|| TypeDef {
            kind,
            fields: BTreeMap::new(),
            interfaces: BTreeSet::new(),
            members: BTreeSet::new(),
            values: Vec::new(),
            keys: Vec::new(),
            is_interface_object: false,
            external: false,
        });
        for directive in directives {
            match base(&directive.name) {
                "key" => entry.keys.extend(text(directive, "fields").map(|fields| selection(&fields))),
                "interfaceObject" => entry.is_interface_object = true,
                "external" => entry.external = true,
                _ => {}
            }
        }
        entry
    }

    fn with_fields(
        &mut self,
        name: &str,
        kind: Kind,
        directives: &[Directive<'static, String>],
        (fields, interfaces): (Vec<schema::Field>, Vec<String>),
    ) {
        let entry = self.entry(name, kind, directives);
        entry.interfaces.extend(interfaces);
        for field in fields {
            let mut definition = FieldDef {
                ty: field.field_type,
                args: field.arguments.into_iter().map(|it| (it.name, it.value_type)).collect(),
                external: entry.external,
                requires: None,
                provides: None,
            };
            for directive in &field.directives {
                match base(&directive.name) {
                    "external" => definition.external = true,
                    "requires" => definition.requires = text(directive, "fields").map(|it| selection(&it)),
                    "provides" => definition.provides = text(directive, "fields").map(|it| selection(&it)),
                    _ => {}
                }
            }
            entry.fields.insert(field.name, definition);
        }
    }

    fn with_inputs(&mut self, name: &str, directives: &[Directive<'static, String>], fields: Vec<schema::InputValue>) {
        let entry = self.entry(name, Kind::Input, directives);
        for field in fields {
            let ty = field.value_type;
            let definition = FieldDef { ty, args: Vec::new(), external: false, requires: None, provides: None };
            entry.fields.insert(field.name, definition);
        }
    }

    pub fn get(&self, name: &str) -> Option<&TypeDef> {
        self.by_name.get(name)
    }

    pub fn kind(&self, name: &str) -> Kind {
        self.get(name).map_or(Kind::Scalar, |ty| ty.kind)
    }

    /// Whether `object` can stand where `wanted` is asked for.
    pub fn fits(&self, object: &str, wanted: &str) -> bool {
        object == wanted
            || self.get(wanted).is_some_and(|ty| ty.members.contains(object))
            || self.get(object).is_some_and(|ty| ty.interfaces.contains(wanted))
    }

    /// The objects that `name` can be.
    pub fn possible(&self, name: &str) -> Vec<&str> {
        let objects = self.by_name.iter().filter(|(_, ty)| ty.kind == Kind::Object);
        objects.map(|(object, _)| object.as_str()).filter(|object| self.fits(object, name)).collect()
    }

    /// A field by its name; `__typename` is answered apart.
    pub fn field(&self, of: &str, name: &str) -> Option<&FieldDef> {
        self.get(of)?.fields.get(name)
    }
}

/// The text without `extend schema @link(…)…`, which the parser does not know; what it says of root types stays.
fn without_links(sdl: &str) -> String {
    let Some((before, mut rest)) = sdl.split_once("extend schema") else { return sdl.to_owned() };
    while let Some(directive) = rest.trim_start().strip_prefix('@') {
        let (_, arguments) = directive.split_once('(').unwrap();
        let end = arguments.find("\")").map(|at| at + 1).into_iter().chain(arguments.find("])").map(|at| at + 1)).min();
        rest = &arguments[end.unwrap() + 1..];
    }
    let roots = if rest.trim_start().starts_with('{') { "schema " } else { "" };
    format!("{before}{roots}{rest}")
}

/// A directive by the name that federation gives it, whatever the schema calls it.
fn base(name: &str) -> &str {
    name.strip_prefix("federation__").unwrap_or(name)
}

fn text(directive: &Directive<'static, String>, argument: &str) -> Option<String> {
    directive.arguments.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == argument => Some(text.clone()),
        _ => None,
    })
}

/// The selection of `fields`, as federation's directives write it.
pub fn selection(fields: &str) -> SelectionSet<'static, String> {
    let document: query::Document = parse_query::<String>(&format!("{{{fields}}}"))
        .unwrap_or_else(|error| panic!("{error}: {fields}"))
        .into_static();
    match document.definitions.into_iter().next() {
        Some(graphql_tools::parser::query::Definition::Operation(OperationDefinition::SelectionSet(set))) => set,
        other => panic!("{fields} is no selection: {other:?}"),
    }
}

/// The name inside lists and non-null marks.
pub fn named<'a>(ty: &'a Type<'static, String>) -> &'a str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}

impl Types {
    /// The schema that a subgraph executes, as SDL: without federation's directives, and with its machinery.
    pub fn executable_sdl(&self) -> String {
        use std::fmt::Write;
        let mut sdl = String::from(
            "directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT scalar _Any scalar Int scalar Float scalar String scalar Boolean scalar ID\n",
        );
        let entities: Vec<&str> = self
            .by_name
            .iter()
            .filter(|(_, ty)| ty.kind == Kind::Object && !ty.keys.is_empty())
            .map(|(name, _)| name.as_str())
            .collect();
        let has_query = self.by_name.contains_key(&self.query);
        let mut root_fields = String::new();
        if !entities.is_empty() {
            let _ = writeln!(sdl, "union _Entity = {}", entities.join(" | "));
            root_fields.push_str(" _entities(representations: [_Any!]!): [_Entity]!");
        }
        let root = |kind: &str, name: &String| {
            if self.by_name.contains_key(name) { format!(" {kind}: {name}") } else { String::new() }
        };
        let (mutation, subscription) = (root("mutation", &self.mutation), root("subscription", &self.subscription));
        let _ = writeln!(sdl, "schema {{ query: {}{mutation}{subscription} }}", self.query);
        if !has_query {
            let _ = writeln!(sdl, "type {} {{ _unused: String {root_fields} }}", self.query);
        }
        for (name, ty) in &self.by_name {
            let implements: Vec<&str> = ty.interfaces.iter().map(String::as_str).collect();
            let implements =
                if implements.is_empty() { String::new() } else { format!(" implements {}", implements.join(" & ")) };
            let mut fields = String::new();
            for (field, definition) in &ty.fields {
                let args: Vec<String> = definition.args.iter().map(|(arg, ty)| format!("{arg}: {ty}")).collect();
                let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
                let _ = write!(fields, " {field}{args}: {}", definition.ty);
            }
            if *name == self.query {
                fields.push_str(&root_fields);
            }
            let _ = match ty.kind {
                Kind::Scalar => writeln!(sdl, "scalar {name}"),
                Kind::Enum => writeln!(sdl, "enum {name} {{ {} }}", ty.values.join(" ")),
                Kind::Object => writeln!(sdl, "type {name}{implements} {{ {fields} }}"),
                Kind::Interface => writeln!(sdl, "interface {name}{implements} {{ {fields} }}"),
                Kind::Input => writeln!(sdl, "input {name} {{ {fields} }}"),
                Kind::Union => {
                    let members: Vec<&str> = ty.members.iter().map(String::as_str).collect();
                    writeln!(sdl, "union {name} = {}", members.join(" | "))
                }
            };
        }
        sdl
    }
}

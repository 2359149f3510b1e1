//! What clients see, as a structure to look things up in.

use graphql_tools::{
    parser::{query::Value as AstValue, schema::Type as AstType},
    static_graphql::schema::{Directive, DirectiveDefinition, Document, Field, InputValue, TypeDefinition},
};
use indexmap::IndexMap;

use super::types::Definition;
use crate::operation::OperationKind;

/// A value in a document or schema.
pub type Literal = AstValue<'static, String>;

/// Things by their names, in the order of the schema; looked up for each leaf of each answer.
pub type Named<T> = IndexMap<String, T, ahash::RandomState>;

/// The type of a field, argument or variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeRef {
    /// A type by its name.
    Named(String),
    /// A list.
    List(Box<Self>),
    /// Never null; never nested in itself.
    NonNull(Box<Self>),
}

impl TypeRef {
    /// The name inside lists and non-null marks.
    #[must_use]
    pub fn named(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.named(),
        }
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

impl From<&AstType<'static, String>> for TypeRef {
    fn from(value: &AstType<'static, String>) -> Self {
        match value {
            AstType::NamedType(name) => Self::Named(name.clone()),
            AstType::ListType(inner) => Self::List(Box::new((&**inner).into())),
            AstType::NonNullType(inner) => Self::NonNull(Box::new((&**inner).into())),
        }
    }
}

/// The kinds of named type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// A leaf with a meaning of its own.
    Scalar,
    /// Fields.
    Object,
    /// Fields that several objects have.
    Interface,
    /// One of several objects.
    Union,
    /// One of several names.
    Enum,
    /// Fields of an argument.
    InputObject,
}

/// One named type.
#[derive(Debug)]
pub struct ApiType {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What kind it is.
    pub kind: TypeKind,
    /// Of objects and interfaces.
    pub fields: Named<ApiField>,
    /// Of objects and interfaces.
    pub interfaces: Vec<String>,
    /// Of interfaces and unions: the objects that it can be.
    pub possible_types: Vec<String>,
    /// Of enums.
    pub enum_values: Named<ApiEnumValue>,
    /// Of input objects.
    pub input_fields: Named<ApiInputValue>,
    /// Of scalars.
    pub specified_by_url: Option<String>,
    /// Of input objects: whether exactly one field must be given.
    pub is_one_of: bool,
}

/// One field of an object or interface.
#[derive(Debug)]
pub struct ApiField {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its arguments.
    pub arguments: Named<ApiInputValue>,
    /// What it returns.
    pub type_ref: TypeRef,
    /// Why it should no longer be used.
    pub deprecation: Option<String>,
}

/// One argument or input field.
#[derive(Debug)]
pub struct ApiInputValue {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it takes.
    pub type_ref: TypeRef,
    /// What it is when absent.
    pub default: Option<Literal>,
    /// Why it should no longer be used.
    pub deprecation: Option<String>,
}

/// One value of an enum.
#[derive(Debug)]
pub struct ApiEnumValue {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: Option<String>,
    /// Why it should no longer be used.
    pub deprecation: Option<String>,
}

/// One directive.
#[derive(Debug)]
pub struct ApiDirective {
    /// Its name, without `@`.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// Where it may stand.
    pub locations: Vec<String>,
    /// Its arguments.
    pub arguments: Named<ApiInputValue>,
    /// Whether it may stand more than once in one place.
    pub is_repeatable: bool,
}

/// What clients see of a supergraph, introspection types included.
#[derive(Debug)]
pub struct ApiSchema {
    types: Named<ApiType>,
    /// The name of the query type.
    pub query_type: String,
    /// The name of the mutation type.
    pub mutation_type: Option<String>,
    /// The name of the subscription type.
    pub subscription_type: Option<String>,
    /// The directives.
    pub directives: Vec<ApiDirective>,
    schema_meta: [ApiField; 3],
}

const BUILT_IN_SCALARS: [&str; 5] = ["String", "Boolean", "Int", "Float", "ID"];

impl ApiSchema {
    /// Reads the public document and the document of the introspection types.
    ///
    /// Returns `None` when there is no query type.
    pub(super) fn from_documents(public: &Document, introspection: &Document) -> Option<Self> {
        let mut schema = Self {
            types: Named::default(),
            query_type: public.query_type_name()?.clone(),
            mutation_type: public.mutation_type_name().cloned(),
            subscription_type: public.subscription_type_name().cloned(),
            directives: Vec::new(),
            schema_meta: meta_fields(),
        };
        for definition in public.definitions.iter().chain(&introspection.definitions) {
            match definition {
                Definition::TypeDefinition(definition) => {
                    let read = read_type(definition);
                    schema.types.entry(read.name.clone()).or_insert(read);
                }
                Definition::DirectiveDefinition(directive)
                    if schema.directives.iter().all(|known| known.name != directive.name) =>
                {
                    schema.directives.push(read_directive(directive));
                }
                _ => {}
            }
        }
        schema.types.get(&schema.query_type)?;
        schema.drop_unused_scalars();
        schema.fill_possible_types();
        Some(schema)
    }

    /// The type of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ApiType> {
        self.types.get(name)
    }

    /// All types, introspection types last.
    pub fn types(&self) -> impl Iterator<Item = &ApiType> {
        self.types.values()
    }

    /// The directive of a name.
    #[must_use]
    pub fn directive(&self, name: &str) -> Option<&ApiDirective> {
        self.directives.iter().find(|directive| directive.name == name)
    }

    /// The name of the type that operations of a kind start from.
    #[must_use]
    pub fn root_type(&self, kind: OperationKind) -> Option<&str> {
        match kind {
            OperationKind::Query => Some(&self.query_type),
            OperationKind::Mutation => self.mutation_type.as_deref(),
            OperationKind::Subscription => self.subscription_type.as_deref(),
        }
    }

    /// The field `name` of a type, `__typename` and, on the query type, `__schema` and `__type` included.
    #[must_use]
    pub fn field<'a>(&'a self, of: &'a ApiType, name: &str) -> Option<&'a ApiField> {
        let [typename, schema, by_name] = &self.schema_meta;
        match name {
            "__typename" => Some(typename),
            "__schema" if of.name == self.query_type => Some(schema),
            "__type" if of.name == self.query_type => Some(by_name),
            _ => of.fields.get(name),
        }
    }

    fn drop_unused_scalars(&mut self) {
        let mut used: ahash::AHashSet<String> = ["String", "Boolean"].map(str::to_owned).into();
        for ty in self.types.values() {
            for field in ty.fields.values() {
                used.insert(field.type_ref.named().to_owned());
                used.extend(field.arguments.values().map(|input| input.type_ref.named().to_owned()));
            }
            used.extend(ty.input_fields.values().map(|input| input.type_ref.named().to_owned()));
        }
        self.types.retain(|name, _| !BUILT_IN_SCALARS.contains(&name.as_str()) || used.contains(name));
    }

    fn fill_possible_types(&mut self) {
        let implementations: Vec<(String, String)> = self
            .types
            .values()
            .filter(|ty| ty.kind == TypeKind::Object)
            .flat_map(|ty| ty.interfaces.iter().map(|interface| (interface.clone(), ty.name.clone())))
            .collect();
        for (interface, object) in implementations {
            if let Some(ty) = self.types.get_mut(&interface) {
                ty.possible_types.push(object);
            }
        }
    }
}

fn meta_fields() -> [ApiField; 3] {
    let field = |name: &str, type_ref: TypeRef| ApiField {
        name: name.to_owned(),
        description: None,
        arguments: Named::default(),
        type_ref,
        deprecation: None,
    };
    let named = |name: &str| TypeRef::Named(name.to_owned());
    let required = |name: &str| TypeRef::NonNull(Box::new(named(name)));
    let name = "name".to_owned();
    let argument = ApiInputValue {
        name: name.clone(),
        description: None,
        type_ref: required("String"),
        default: None,
        deprecation: None,
    };
    let by_name = ApiField { arguments: Named::from_iter([(name, argument)]), ..field("__type", named("__Type")) };
    [field("__typename", required("String")), field("__schema", required("__Schema")), by_name]
}

fn read_type(definition: &TypeDefinition) -> ApiType {
    let (name, description, kind) = match definition {
        TypeDefinition::Scalar(it) => (&it.name, &it.description, TypeKind::Scalar),
        TypeDefinition::Object(it) => (&it.name, &it.description, TypeKind::Object),
        TypeDefinition::Interface(it) => (&it.name, &it.description, TypeKind::Interface),
        TypeDefinition::Union(it) => (&it.name, &it.description, TypeKind::Union),
        TypeDefinition::Enum(it) => (&it.name, &it.description, TypeKind::Enum),
        TypeDefinition::InputObject(it) => (&it.name, &it.description, TypeKind::InputObject),
    };
    let mut ty = ApiType {
        name: name.clone(),
        description: description.clone(),
        kind,
        fields: Named::default(),
        interfaces: Vec::new(),
        possible_types: Vec::new(),
        enum_values: Named::default(),
        input_fields: Named::default(),
        specified_by_url: None,
        is_one_of: false,
    };
    match definition {
        TypeDefinition::Scalar(it) => ty.specified_by_url = argument(&it.directives, "specifiedBy", "url"),
        TypeDefinition::Object(it) => {
            ty.fields = read_fields(&it.fields);
            ty.interfaces.clone_from(&it.implements_interfaces);
        }
        TypeDefinition::Interface(it) => {
            ty.fields = read_fields(&it.fields);
            ty.interfaces.clone_from(&it.implements_interfaces);
        }
        TypeDefinition::Union(it) => ty.possible_types.clone_from(&it.types),
        TypeDefinition::Enum(it) => {
            ty.enum_values = it
                .values
                .iter()
                .map(|value| {
                    let read = ApiEnumValue {
                        name: value.name.clone(),
                        description: value.description.clone(),
                        deprecation: deprecation(&value.directives),
                    };
                    (value.name.clone(), read)
                })
                .collect();
        }
        TypeDefinition::InputObject(it) => {
            ty.input_fields = read_inputs(&it.fields);
            ty.is_one_of = it.directives.iter().any(|directive| directive.name == "oneOf");
        }
    }
    ty
}

fn read_fields(fields: &[Field]) -> Named<ApiField> {
    let read = |field: &Field| ApiField {
        name: field.name.clone(),
        description: field.description.clone(),
        arguments: read_inputs(&field.arguments),
        type_ref: (&field.field_type).into(),
        deprecation: deprecation(&field.directives),
    };
    fields.iter().map(|field| (field.name.clone(), read(field))).collect()
}

fn read_inputs(inputs: &[InputValue]) -> Named<ApiInputValue> {
    let read = |input: &InputValue| ApiInputValue {
        name: input.name.clone(),
        description: input.description.clone(),
        type_ref: (&input.value_type).into(),
        default: input.default_value.clone(),
        deprecation: deprecation(&input.directives),
    };
    inputs.iter().map(|input| (input.name.clone(), read(input))).collect()
}

fn read_directive(directive: &DirectiveDefinition) -> ApiDirective {
    ApiDirective {
        name: directive.name.clone(),
        description: directive.description.clone(),
        locations: directive.locations.iter().map(|location| location.as_str().to_owned()).collect(),
        arguments: read_inputs(&directive.arguments),
        is_repeatable: directive.repeatable,
    }
}

fn deprecation(directives: &[Directive]) -> Option<String> {
    directives
        .iter()
        .any(|directive| directive.name == "deprecated")
        .then(|| argument(directives, "deprecated", "reason").unwrap_or_else(|| "No longer supported".to_owned()))
}

fn argument(directives: &[Directive], directive: &str, argument: &str) -> Option<String> {
    let directive = directives.iter().find(|candidate| candidate.name == directive)?;
    directive.arguments.iter().find_map(|(name, value)| match value {
        AstValue::String(text) if name == argument => Some(text.clone()),
        _ => None,
    })
}

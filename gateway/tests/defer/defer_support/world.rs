//! Subgraphs that answer anything: every value follows from the type, the id and the field, so that all of them agree.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use graphql_tools::{
    parser::{parse_query, parse_schema, schema::Type},
    static_graphql::{
        query::{self, Definition, OperationDefinition, Selection, SelectionSet, TypeCondition},
        schema::{self, TypeDefinition, TypeExtension},
    },
};
use selvedge_gateway::schema::{ServedSchema, SubgraphSdl};
use serde_json::{Map, Value, json};

const USERS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { me: User users: [User!]! feed: [Item] nodes: [Node] }
  type Mutation { touch: User rename: User }
  interface Node { id: ID! }
  union Item = User | Post
  type User implements Node @key(fields: "id") {
    id: ID! name: String! age: Int best: User friends: [User!]! thing: Item near: Node
  }
  type Post implements Node @key(fields: "id") { id: ID! }
"#;
const POSTS: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires"])
  type Query { latest: [Post] }
  type User @key(fields: "id") {
    id: ID! age: Int @external posts: [Post!] bio: String greeting: String @requires(fields: "age")
  }
  type Post @key(fields: "id") { id: ID! title: String author: User readers: [[User]] }
"#;
const LIKES: &str = r#"
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { top: Post }
  type User @key(fields: "id") { id: ID! score: Float fan: Fan }
  type Post @key(fields: "id") { id: ID! likes: Int fans: [User] }
  type Fan { since: Int of: Post }
"#;

pub fn subgraphs() -> Vec<SubgraphSdl> {
    let subgraph = |name: &str, sdl: &str| SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: sdl.to_owned(),
    };
    vec![subgraph("users", USERS), subgraph("posts", POSTS), subgraph("likes", LIKES)]
}

pub fn served() -> ServedSchema {
    let supergraph = selvedge_gateway::schema::compose(&subgraphs()).unwrap_or_else(|error| panic!("{error}"));
    ServedSchema::from_supergraph_sdl(&supergraph).unwrap()
}

type Fields = BTreeMap<String, Type<'static, String>>;

/// What the subgraphs know, taken together.
#[derive(Default)]
pub struct World {
    pub types: BTreeMap<String, Fields>,
    pub possible: BTreeMap<String, Vec<String>>,
}

impl World {
    pub fn new() -> Self {
        let mut world = Self::default();
        for subgraph in subgraphs() {
            // The parser of documents knows no `extend schema`.
            let types = subgraph.sdl.lines().filter(|line| !line.contains("extend schema")).collect::<Vec<_>>();
            let document = parse_schema::<String>(&types.join("\n")).unwrap().into_static();
            for definition in document.definitions {
                match definition {
                    schema::Definition::TypeDefinition(TypeDefinition::Object(it)) => {
                        for interface in &it.implements_interfaces {
                            world.add_possible(interface, &it.name);
                        }
                        world.add(&it.name, it.fields);
                    }
                    schema::Definition::TypeDefinition(TypeDefinition::Interface(it)) => world.add(&it.name, it.fields),
                    schema::Definition::TypeDefinition(TypeDefinition::Union(it)) => {
                        it.types.iter().for_each(|ty| world.add_possible(&it.name, ty));
                        world.add(&it.name, Vec::new());
                    }
                    schema::Definition::TypeExtension(TypeExtension::Object(it)) => world.add(&it.name, it.fields),
                    _ => {}
                }
            }
        }
        world
    }

    fn add(&mut self, ty: &str, fields: Vec<schema::Field>) {
        let known = self.types.entry(ty.to_owned()).or_default();
        known.extend(fields.into_iter().map(|field| (field.name, field.field_type)));
    }

    fn add_possible(&mut self, of: &str, ty: &str) {
        let known = self.possible.entry(of.to_owned()).or_default();
        if !known.iter().any(|known| known == ty) {
            known.push(ty.to_owned());
        }
    }

    /// Answers a request body.
    pub fn answer(&self, body: &Value) -> Value {
        let document = parse_query::<String>(body["query"].as_str().unwrap()).unwrap().into_static();
        let (root, set) = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Operation(OperationDefinition::SelectionSet(set)) => Some(("Query", set)),
                Definition::Operation(OperationDefinition::Query(it)) => Some(("Query", &it.selection_set)),
                Definition::Operation(OperationDefinition::Mutation(it)) => Some(("Mutation", &it.selection_set)),
                _ => None,
            })
            .unwrap();
        let asked = Asked { world: self, document: &document, variables: &body["variables"] };
        let mut data = Map::new();
        asked.set(set, (root, ""), &mut data);
        json!({ "data": data })
    }
}

struct Asked<'a> {
    world: &'a World,
    document: &'a query::Document,
    variables: &'a Value,
}

impl Asked<'_> {
    fn set(&self, set: &SelectionSet, (ty, id): (&str, &str), into: &mut Map<String, Value>) {
        for item in &set.items {
            let directives = match item {
                Selection::Field(it) => &it.directives,
                Selection::InlineFragment(it) => &it.directives,
                Selection::FragmentSpread(it) => &it.directives,
            };
            if directives.iter().any(|directive| !self.holds(directive)) {
                continue;
            }
            match item {
                Selection::Field(field) => self.field(field, (ty, id), into),
                Selection::InlineFragment(it) => {
                    let fits = it.type_condition.as_ref().is_none_or(|TypeCondition::On(on)| self.fits(ty, on));
                    if fits {
                        self.set(&it.selection_set, (ty, id), into);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    for definition in &self.document.definitions {
                        let Definition::Fragment(it) = definition else { continue };
                        let TypeCondition::On(on) = &it.type_condition;
                        if it.name == spread.fragment_name && self.fits(ty, on) {
                            self.set(&it.selection_set, (ty, id), into);
                        }
                    }
                }
            }
        }
    }

    fn holds(&self, directive: &query::Directive) -> bool {
        let value = match &directive.arguments[0].1 {
            query::Value::Variable(name) => self.variables[name].as_bool().unwrap(),
            query::Value::Boolean(value) => *value,
            other => panic!("{other:?}"),
        };
        value == (directive.name == "include")
    }

    fn fits(&self, ty: &str, on: &str) -> bool {
        ty == on || self.world.possible.get(on).is_some_and(|possible| possible.iter().any(|it| it == ty))
    }

    fn field(&self, field: &query::Field, (ty, id): (&str, &str), into: &mut Map<String, Value>) {
        let key = field.alias.clone().unwrap_or_else(|| field.name.clone());
        let mut value = match field.name.as_str() {
            "__typename" => json!(ty),
            "id" => json!(id),
            "_entities" => {
                let query::Value::Variable(variable) = &field.arguments[0].1 else { panic!("no representations") };
                let entities = self.variables[variable].as_array().unwrap().iter().map(|entity| {
                    let mut object = Map::new();
                    let identity = (entity["__typename"].as_str().unwrap(), entity["id"].as_str().unwrap());
                    self.set(&field.selection_set, identity, &mut object);
                    Value::Object(object)
                });
                Value::Array(entities.collect())
            }
            name => {
                let field_type = &self.world.types[ty][name];
                self.value(field_type, hash(&(ty, id, name)), field)
            }
        };
        if let Some(known) = into.get_mut(&key) {
            join(known, &mut value);
        } else {
            into.insert(key, value);
        }
    }

    fn value(&self, ty: &Type<'static, String>, seed: u64, field: &query::Field) -> Value {
        match ty {
            Type::NonNullType(inner) => self.present(inner, seed, field),
            _ if seed.is_multiple_of(7) => Value::Null,
            _ => self.present(ty, seed, field),
        }
    }

    fn present(&self, ty: &Type<'static, String>, seed: u64, field: &query::Field) -> Value {
        match ty {
            Type::NonNullType(inner) => self.present(inner, seed, field),
            Type::ListType(item) => {
                Value::Array((0..seed % 3).map(|index| self.value(item, hash(&(seed, index)), field)).collect())
            }
            Type::NamedType(name) => match name.as_str() {
                "Int" => json!(seed % 1_000),
                "Float" => json!((seed % 1_000) as f64 / 8.0),
                "String" => json!(format!("{}-{}", field.name, seed % 1_000)),
                _ => {
                    let ty = self
                        .world
                        .possible
                        .get(name)
                        .map_or(name, |possible| &possible[usize::try_from(seed % possible.len() as u64).unwrap()]);
                    let mut object = Map::new();
                    self.set(&field.selection_set, (ty, &format!("{}", seed % 5)), &mut object);
                    Value::Object(object)
                }
            },
        }
    }
}

fn join(known: &mut Value, new: &mut Value) {
    match (known, new) {
        (Value::Object(known), Value::Object(new)) => {
            for (key, value) in new {
                match known.get_mut(key) {
                    Some(known) => join(known, value),
                    None => {
                        known.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(known), Value::Array(new)) => known.iter_mut().zip(new).for_each(|(known, new)| join(known, new)),
        _ => {}
    }
}

pub fn hash(of: &impl Hash) -> u64 {
    // Its keys are fixed, so that all runs see the same world.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

//! A small GraphQL executor over plain JSON: for a subgraph, and for the same data behind one schema.

use std::cell::RefCell;

use graphql_tools::{
    parser::{
        query::{Definition, Field, OperationDefinition, Selection, SelectionSet, TypeCondition},
        schema::{Type, Value as Literal},
    },
    static_graphql::query::{Directive, Document, FragmentDefinition},
};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{
    data::{Node, Universe, vary},
    requires,
    types::{FieldDef, Kind, Types, named},
};

type Set = SelectionSet<'static, String>;
type AstField = Field<'static, String>;

/// Who executes.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    /// The subgraph of this name: knows what its schema has, and what representations bring.
    Subgraph(&'a str),
    /// One schema with all data; what subgraphs compute from required fields it computes from the data.
    Monolith(&'a [Types]),
}

pub struct Executor<'a> {
    pub types: &'a Types,
    /// What clients see, for who implements what.
    pub whole: &'a Types,
    pub universe: &'a Universe,
    pub side: Side<'a>,
    pub document: &'a Document,
    pub variables: &'a Map<String, Value>,
    pub errors: RefCell<Vec<(Vec<Value>, String)>>,
}

/// A null where none may be.
struct Bubble;

impl<'a> Executor<'a> {
    /// The response to the document's only operation.
    pub fn run(&self) -> Value {
        let operation = self.document.definitions.iter().find_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        });
        let (kind, root, set) = match operation.unwrap() {
            OperationDefinition::SelectionSet(set) => ("Query", &self.types.query, set),
            OperationDefinition::Query(it) => ("Query", &self.types.query, &it.selection_set),
            OperationDefinition::Mutation(it) => ("Mutation", &self.types.mutation, &it.selection_set),
            OperationDefinition::Subscription(it) => ("Subscription", &self.types.subscription, &it.selection_set),
        };
        let data = self.object(&Node::new(self.universe.root(kind)), root, &[set], &mut Vec::new());
        let mut response = Map::new();
        let errors = self.errors.take();
        if !errors.is_empty() {
            let errors = errors.into_iter().map(|(path, message)| json!({ "message": message, "path": path }));
            response.insert("errors".to_owned(), errors.collect());
        }
        response.insert("data".to_owned(), data.unwrap_or(Value::Null));
        Value::Object(response)
    }

    fn object(&self, node: &Node<'a>, ty: &str, sets: &[&'a Set], path: &mut Vec<Value>) -> Result<Value, Bubble> {
        let mut fields = IndexMap::new();
        for set in sets {
            self.collect(set, ty, &mut fields);
        }
        let mut object = Map::new();
        for (key, group) in fields {
            path.push(Value::from(key));
            let value = self.field(node, ty, &group, path);
            path.pop();
            object.insert(key.to_owned(), value?);
        }
        Ok(Value::Object(object))
    }

    fn collect(&self, set: &'a Set, ty: &str, into: &mut IndexMap<&'a str, Vec<&'a AstField>>) {
        for item in &set.items {
            match item {
                Selection::Field(field) if self.applies(&field.directives) => {
                    into.entry(field.alias.as_ref().unwrap_or(&field.name)).or_default().push(field);
                }
                Selection::InlineFragment(it) if self.applies(&it.directives) => {
                    let condition = it.type_condition.as_ref().map(|TypeCondition::On(name)| name.as_str());
                    if condition.is_none_or(|condition| self.types.fits(ty, condition)) {
                        self.collect(&it.selection_set, ty, into);
                    }
                }
                Selection::FragmentSpread(it) if self.applies(&it.directives) => {
                    let fragment = self.fragment(&it.fragment_name);
                    let TypeCondition::On(condition) = &fragment.type_condition;
                    if self.types.fits(ty, condition) {
                        self.collect(&fragment.selection_set, ty, into);
                    }
                }
                _ => {}
            }
        }
    }

    fn fragment(&self, name: &str) -> &'a FragmentDefinition {
        let mut fragments = self.document.definitions.iter().filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some(fragment),
            Definition::Operation(_) => None,
        });
        fragments.find(|fragment| fragment.name == name).unwrap()
    }

    fn applies(&self, directives: &[Directive]) -> bool {
        directives.iter().all(|directive| {
            let wanted = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                _ => return true,
            };
            self.literal(&directive.arguments[0].1) == Some(Value::Bool(wanted))
        })
    }

    fn field(&self, node: &Node<'a>, ty: &str, group: &[&'a AstField], path: &mut Vec<Value>) -> Result<Value, Bubble> {
        let field = group[0];
        if field.name == "__typename" {
            return Ok(Value::from(ty));
        }
        if field.name == "_entities" {
            return Ok(self.entities(group, path));
        }
        let definition = self.types.field(ty, &field.name).unwrap_or_else(|| panic!("no field {ty}.{}", field.name));
        let args = self.arguments(field);
        let value = self.resolve(node, (ty, &field.name), definition, &args);
        let value = value.map_err(|message| self.fail(path, message));
        self.complete(&definition.ty, value.unwrap_or(Found::Failed), (node, definition, group), path)
    }

    /// The value of a field, before it is completed.
    fn resolve(
        &self,
        node: &Node<'a>,
        (ty, name): (&str, &str),
        definition: &FieldDef,
        args: &Map<String, Value>,
    ) -> Result<Found<'a>, String> {
        if let Some(set) = self.required(ty, name) {
            let digest = match (self.side, node.representation) {
                (Side::Subgraph(_), None) => Err("MISSING: no representation".to_owned()),
                (Side::Subgraph(_), Some(it)) => requires::of_representation(set, it, self.whole),
                (Side::Monolith(_), _) => requires::of_data(set, node.value, self.universe, self.whole),
            }?;
            if let Some(leaf) = requires::leaf(named(&definition.ty), &digest) {
                return Ok(Found::Own(vary(leaf, args)));
            }
        }
        if let Side::Subgraph(subgraph) = self.side
            && definition.external
            && self.required(ty, name).is_none()
            && !node.provides(name)
            && !self.is_in_key(ty, name)
        {
            return Err(format!("`{subgraph}` was asked for its external field {ty}.{name}"));
        }
        let value = self.universe.pick(node.value.get(name).unwrap_or(&Value::Null), args);
        match value.get("$error").and_then(Value::as_str) {
            Some(message) => Err(message.to_owned()),
            None if args.is_empty() || self.types.kind(named(&definition.ty)) != Kind::Scalar => Ok(Found::Data(value)),
            None => Ok(Found::Own(vary(value.clone(), args))),
        }
    }

    fn required(&self, ty: &str, name: &str) -> Option<&'a Set> {
        match self.side {
            Side::Subgraph(_) => self.types.field(ty, name)?.requires.as_ref(),
            Side::Monolith(subgraphs) => subgraphs.iter().find_map(|types| {
                let is_it = |of: &str| of == ty || self.whole.fits(ty, of);
                let of = types.by_name.iter().filter(|(of, _)| is_it(of));
                of.filter_map(|(_, definition)| definition.fields.get(name)?.requires.as_ref()).next()
            }),
        }
    }

    fn is_in_key(&self, ty: &str, name: &str) -> bool {
        let keys = self.types.get(ty).map_or(&[][..], |ty| &ty.keys);
        keys.iter().any(|key| sub_selection(key, name).is_some())
    }

    fn is_leaf(&self, name: &str) -> bool {
        matches!(self.types.kind(name), Kind::Scalar | Kind::Enum)
    }

    fn complete(
        &self,
        ty: &Type<'static, String>,
        found: Found<'a>,
        (parent, definition, group): (&Node<'a>, &FieldDef, &[&'a AstField]),
        path: &mut Vec<Value>,
    ) -> Result<Value, Bubble> {
        let rest = (parent, definition, group);
        let value = match (ty, &found) {
            (Type::NonNullType(inner), _) => {
                let errors = self.errors.borrow().len();
                let value = self.complete(inner, found, rest, path)?;
                if value.is_null() {
                    if self.errors.borrow().len() == errors && !self.is_explained(path) {
                        self.fail(path, "null where none may be".to_owned());
                    }
                    return Err(Bubble);
                }
                return Ok(value);
            }
            (_, Found::Failed) => return Ok(Value::Null),
            (_, Found::Data(value)) => *value,
            (_, Found::Own(value)) => value,
        };
        match (ty, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Type::ListType(inner), Value::Array(items)) => {
                let items = match &found {
                    Found::Data(Value::Array(items)) => items.iter().map(Found::Data).collect(),
                    _ => items.iter().cloned().map(Found::Own).collect::<Vec<_>>(),
                };
                let mut list = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    path.push(Value::from(index));
                    let item = self.complete(inner, item, rest, path);
                    path.pop();
                    match item {
                        Ok(item) => list.push(item),
                        Err(Bubble) => return Ok(Value::Null),
                    }
                }
                Ok(Value::Array(list))
            }
            (Type::NamedType(name), value) if self.is_leaf(name) => Ok(self.leaf(name, value, path)),
            (Type::NamedType(name), _) => {
                let Found::Data(value) = found else { panic!("{name} from a leaf") };
                let node = self.universe.node(value);
                let mut node = Node { provided: parent.below(group[0]), ..Node::new(node) };
                node.provided.extend(definition.provides.as_ref());
                Ok(self.composite(&node, name, group, path))
            }
            (_, value) => {
                self.fail(path, format!("{value} is no list"));
                Ok(Value::Null)
            }
        }
    }

    fn composite(&self, node: &Node<'a>, declared: &str, group: &[&'a AstField], path: &mut Vec<Value>) -> Value {
        let Some(ty) = self.type_of(node.value, declared) else {
            self.fail(path, format!("a {declared} of no known type: {}", node.value));
            return Value::Null;
        };
        let mut node = node.clone();
        if let Some(definition) = self.types.get(&ty) {
            node.provided.extend(definition.keys.iter().map(|key| self.kept(key)));
        }
        let sets: Vec<&Set> = group.iter().map(|field| &field.selection_set).collect();
        self.object(&node, &ty, &sets, path).unwrap_or(Value::Null)
    }

    /// The schema lives as long as the executor.
    fn kept(&self, set: &Set) -> &'a Set {
        let all = self.types.by_name.values().flat_map(|ty| &ty.keys);
        all.into_iter().find(|key| *key == set).unwrap()
    }

    /// What the executing schema calls the type of an object.
    fn type_of(&self, value: &Value, declared: &str) -> Option<String> {
        if self.types.kind(declared) == Kind::Object {
            return Some(declared.to_owned());
        }
        let own = value["__typename"].as_str()?;
        if self.types.kind(own) == Kind::Object && self.types.fits(own, declared) {
            return Some(own.to_owned());
        }
        let objects = self.types.by_name.iter().filter(|(_, ty)| ty.is_interface_object);
        objects.map(|(name, _)| name).find(|name| self.whole.fits(own, name)).cloned()
    }

    fn leaf(&self, name: &str, value: &Value, path: &[Value]) -> Value {
        match (name, value) {
            ("ID", Value::Number(number)) => return Value::from(number.to_string()),
            _ if self.types.kind(name) == Kind::Enum => {
                let known = self.types.get(name).is_some_and(|ty| ty.values.iter().any(|it| value == it.as_str()));
                if !known {
                    self.fail(path, format!("{value} is no {name}"));
                    return Value::Null;
                }
            }
            _ => {}
        }
        value.clone()
    }

    fn entities(&self, group: &[&'a AstField], path: &mut Vec<Value>) -> Value {
        let representations = match group[0].arguments.iter().find(|(name, _)| name == "representations") {
            Some((_, Literal::Variable(name))) => self.variables.get(name).and_then(Value::as_array),
            _ => None,
        };
        let mut list = Vec::new();
        for (index, representation) in representations.into_iter().flatten().enumerate() {
            path.push(Value::from(index));
            let entity = match self.universe.find(representation, (self.types, self.whole), self.subgraph()) {
                Ok(None) => Value::Null,
                Ok(Some((ty, value))) => {
                    let node = Node { representation: Some(representation), ..Node::new(value) };
                    self.composite(&node, &ty, group, path)
                }
                Err(message) => {
                    self.fail(path, message);
                    Value::Null
                }
            };
            path.pop();
            list.push(entity);
        }
        Value::Array(list)
    }

    fn subgraph(&self) -> &'a str {
        match self.side {
            Side::Subgraph(name) => name,
            Side::Monolith(_) => "",
        }
    }

    fn arguments(&self, field: &AstField) -> Map<String, Value> {
        let given = field.arguments.iter().filter_map(|(name, value)| Some((name.clone(), self.literal(value)?)));
        let mut given: Vec<_> = given.collect();
        given.sort_by(|left, right| left.0.cmp(&right.0));
        given.into_iter().collect()
    }

    fn literal(&self, value: &Literal<'static, String>) -> Option<Value> {
        Some(match value {
            Literal::Variable(name) => self.variables.get(name)?.clone(),
            Literal::List(items) => items.iter().filter_map(|item| self.literal(item)).collect(),
            Literal::Object(fields) => {
                fields.iter().filter_map(|(name, value)| Some((name.clone(), self.literal(value)?))).collect()
            }
            other => requires::constant(other),
        })
    }

    fn fail(&self, path: &[Value], message: String) {
        self.errors.borrow_mut().push((path.to_vec(), message));
    }

    fn is_explained(&self, path: &[Value]) -> bool {
        self.errors.borrow().iter().any(|(known, _)| known.starts_with(path))
    }
}

/// What resolving a field found.
enum Found<'a> {
    Data(&'a Value),
    Own(Value),
    Failed,
}

/// What a selection selects below a field; `None` when it does not select it.
pub fn sub_selection<'a>(set: &'a Set, name: &str) -> Option<&'a Set> {
    set.items.iter().find_map(|item| match item {
        Selection::Field(field) if field.name == name => Some(&field.selection_set),
        Selection::InlineFragment(fragment) => sub_selection(&fragment.selection_set, name),
        _ => None,
    })
}

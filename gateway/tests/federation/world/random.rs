//! Random operations over what clients see, compared with one schema that has the same data.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use graphql_tools::parser::schema::Type;
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use super::{
    World,
    types::{Kind, Types, named},
};

/// One item of a selection, as it will be written.
#[derive(Clone, Debug)]
enum Item {
    Field { key: Option<String>, name: String, args: String, directive: String, below: Vec<Self> },
    Fragment { on: Option<String>, is_named: bool, directive: String, below: Vec<Self> },
}

/// A random operation.
#[derive(Clone, Debug)]
pub struct Operation {
    kind: &'static str,
    items: Vec<Item>,
    variables: Vec<(String, String, Value)>,
}

/// Which response keys a selection has, and what each stands for; one for all selections that are merged.
#[derive(Default)]
struct Scope(BTreeMap<String, (String, Rc<RefCell<Self>>)>);

struct Generator<'a> {
    types: &'a Types,
    random: SmallRng,
    variables: Vec<(String, String, Value)>,
    left: usize,
}

impl Operation {
    /// The operation of `seed`.
    fn generate(types: &Types, seed: u64, fields: usize) -> Self {
        let mut generator =
            Generator { types, random: SmallRng::seed_from_u64(seed), variables: Vec::new(), left: fields };
        let is_mutation = types.get(&types.mutation).is_some() && generator.random.random_bool(0.1);
        let (kind, root) = if is_mutation { ("mutation", &types.mutation) } else { ("query", &types.query) };
        let items = generator.selection(root, 0, &Rc::default());
        Self { kind, items, variables: generator.variables }
    }

    /// Its text, and its variables' values.
    pub fn write(&self) -> (String, Value) {
        let mut fragments = Vec::new();
        let body = write(&self.items, &mut fragments);
        let whole = format!("{body} {}", fragments.join(" "));
        let used: Vec<_> = self.variables.iter().filter(|(name, ..)| whole.contains(&format!("${name}"))).collect();
        let definitions: Vec<String> = used.iter().map(|(name, ty, _)| format!("${name}: {ty}")).collect();
        let values: Map<String, Value> = used.iter().map(|(name, _, value)| (name.clone(), value.clone())).collect();
        let definitions = if definitions.is_empty() { String::new() } else { format!("({})", definitions.join(", ")) };
        (format!("{}{definitions} {whole}", self.kind), Value::Object(values))
    }

    /// Smaller operations: one item less, or a simpler one.
    fn smaller(&self) -> Vec<Self> {
        let variants = smaller(&self.items);
        variants.into_iter().filter(|items| !items.is_empty()).map(|items| Self { items, ..self.clone() }).collect()
    }
}

fn write(items: &[Item], fragments: &mut Vec<String>) -> String {
    let mut text = String::from("{");
    for item in items {
        match item {
            Item::Field { key, name, args, directive, below } => {
                let key = key.as_ref().map_or_else(String::new, |key| format!("{key}: "));
                let below = if below.is_empty() { String::new() } else { write(below, fragments) };
                text.push_str(&format!(" {key}{name}{args}{directive}{below}"));
            }
            Item::Fragment { on: Some(on), is_named: true, directive, below } => {
                let body = write(below, fragments);
                let name = format!("F{}", fragments.len());
                fragments.push(format!("fragment {name} on {on} {body}"));
                text.push_str(&format!(" ...{name}{directive}"));
            }
            Item::Fragment { on, directive, below, .. } => {
                let on = on.as_ref().map_or_else(String::new, |on| format!(" on {on}"));
                text.push_str(&format!(" ...{on}{directive} {}", write(below, fragments)));
            }
        }
    }
    text.push_str(" }");
    text
}

fn smaller(items: &[Item]) -> Vec<Vec<Item>> {
    let mut variants = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let with = |replacement: &[Item]| {
            let mut variant = items.to_vec();
            variant.splice(at..=at, replacement.iter().cloned());
            variant
        };
        variants.push(with(&[]));
        match item {
            Item::Field { key, name, args, directive, below } => {
                let of = |key: Option<&String>, directive: &str, below: &[Item]| Item::Field {
                    key: key.cloned(),
                    name: name.clone(),
                    args: args.clone(),
                    directive: directive.to_owned(),
                    below: below.to_vec(),
                };
                let inner = smaller(below).into_iter().filter(|below| !below.is_empty());
                variants.extend(inner.map(|below| with(&[of(key.as_ref(), directive, &below)])));
                if key.is_some() {
                    variants.push(with(&[of(None, directive, below)]));
                }
                if !directive.is_empty() {
                    variants.push(with(&[of(key.as_ref(), "", below)]));
                }
            }
            Item::Fragment { on, is_named, directive, below } => {
                let of = |is_named: bool, directive: &str, below: &[Item]| Item::Fragment {
                    on: on.clone(),
                    is_named,
                    directive: directive.to_owned(),
                    below: below.to_vec(),
                };
                variants.push(with(below));
                let inner = smaller(below).into_iter().filter(|below| !below.is_empty());
                variants.extend(inner.map(|below| with(&[of(*is_named, directive, &below)])));
                if *is_named {
                    variants.push(with(&[of(false, directive, below)]));
                }
                if !directive.is_empty() {
                    variants.push(with(&[of(*is_named, "", below)]));
                }
            }
        }
    }
    variants
}

impl Generator<'_> {
    fn selection(&mut self, ty: &str, depth: usize, scope: &Rc<RefCell<Scope>>) -> Vec<Item> {
        let wanted = self.random.random_range(1..=4);
        let mut items: Vec<Item> = (0..wanted).filter_map(|_| self.item(ty, depth, scope)).collect();
        if items.is_empty() {
            items.extend(self.field(ty, "__typename", depth, scope));
        }
        items
    }

    fn item(&mut self, ty: &str, depth: usize, scope: &Rc<RefCell<Scope>>) -> Option<Item> {
        self.left = self.left.checked_sub(1)?;
        let definition = self.types.get(ty)?;
        if depth < 8 && (definition.kind == Kind::Union || self.random.random_bool(0.2)) {
            return self.fragment(ty, depth, scope);
        }
        let names: Vec<&String> = definition.fields.keys().collect();
        let name = match names.choose(&mut self.random) {
            Some(name) if !self.random.random_bool(0.08) => (*name).clone(),
            _ => "__typename".to_owned(),
        };
        self.field(ty, &name, depth, scope)
    }

    fn fragment(&mut self, ty: &str, depth: usize, scope: &Rc<RefCell<Scope>>) -> Option<Item> {
        // Whatever shares an object with the type.
        let ours = self.types.possible(ty);
        let others = self
            .types
            .by_name
            .iter()
            .filter(|(_, other)| matches!(other.kind, Kind::Object | Kind::Interface | Kind::Union));
        let fitting: Vec<&String> = others
            .map(|(name, _)| name)
            .filter(|name| self.types.possible(name).iter().any(|object| ours.contains(object)))
            .collect();
        let on = (*fitting.choose(&mut self.random)?).clone();
        let directive = self.directive();
        let is_object = self.types.kind(&on) == Kind::Object;
        // Objects of different types may give the same key different meanings.
        let own = Rc::default();
        let scope = if is_object && on != ty && self.random.random_bool(0.3) { &own } else { scope };
        let below = self.selection(&on, depth + 1, scope);
        let is_named = self.random.random_bool(0.3);
        let on = if on == ty && !is_named && self.random.random_bool(0.5) { None } else { Some(on) };
        Some(Item::Fragment { on, is_named, directive, below })
    }

    fn field(&mut self, ty: &str, name: &str, depth: usize, scope: &Rc<RefCell<Scope>>) -> Option<Item> {
        let definition = self.types.field(ty, name);
        let args = definition.map_or_else(String::new, |definition| self.arguments(&definition.args));
        let key = self.key(ty, name, &args, scope)?;
        let target = definition.map(|definition| named(&definition.ty).to_owned());
        let target =
            target.filter(|target| matches!(self.types.kind(target), Kind::Object | Kind::Interface | Kind::Union));
        let directive = self.directive();
        let below = match target {
            Some(target) if depth < 7 => {
                let inner = Rc::clone(&scope.borrow().0[&key].1);
                self.selection(&target, depth + 1, &inner)
            }
            Some(_) => return None,
            None => Vec::new(),
        };
        let key = (key != name).then_some(key);
        Some(Item::Field { key, name: name.to_owned(), args, directive, below })
    }

    /// A response key that the scope does not have for something else.
    fn key(&mut self, ty: &str, name: &str, args: &str, scope: &Rc<RefCell<Scope>>) -> Option<String> {
        let meaning = format!("{name}{args}");
        let definition = self.types.get(ty)?;
        let mut candidates = vec![name.to_owned(); 4];
        candidates.extend(["a", "b", "_0", "__a", "id"].map(str::to_owned));
        candidates.extend(definition.fields.keys().cloned());
        let mut scope = scope.borrow_mut();
        for _ in 0..6 {
            let key = candidates.choose(&mut self.random)?.clone();
            let known = scope.0.entry(key.clone()).or_insert_with(|| (meaning.clone(), Rc::default()));
            if known.0 == meaning {
                return Some(key);
            }
        }
        None
    }

    fn directive(&mut self) -> String {
        let (name, variable) = match self.random.random_range(0..24) {
            0 => ("include", "on"),
            1 => ("skip", "off"),
            2 => ("include", "maybe"),
            3 => ("skip", "maybe"),
            _ => return String::new(),
        };
        let name = format!(" @{name}(if: ${variable})");
        if self.variables.iter().all(|(known, ..)| known != variable) {
            let value = match variable {
                "on" => true,
                "off" => false,
                _ => self.random.random(),
            };
            self.variables.push((variable.to_owned(), "Boolean!".to_owned(), Value::from(value)));
        }
        name
    }

    fn arguments(&mut self, arguments: &[(String, Type<'static, String>)]) -> String {
        let mut written = Vec::new();
        for (name, ty) in arguments {
            let is_required = matches!(ty, Type::NonNullType(_));
            if is_required || self.random.random_bool(0.5) {
                let (literal, value) = self.value(ty);
                if self.random.random_bool(0.3) {
                    let variable = format!("v{}", self.variables.len());
                    self.variables.push((variable.clone(), ty.to_string(), value));
                    written.push(format!("{name}: ${variable}"));
                } else {
                    written.push(format!("{name}: {literal}"));
                }
            }
        }
        if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) }
    }

    /// A value, as a literal and as JSON.
    fn value(&mut self, ty: &Type<'static, String>) -> (String, Value) {
        match ty {
            Type::NonNullType(inner) => self.value(inner),
            Type::ListType(inner) => {
                let (literal, value) = self.value(inner);
                (format!("[{literal}]"), json!([value]))
            }
            Type::NamedType(name) => match name.as_str() {
                "Int" => {
                    let number: u32 = self.random.random_range(0..3);
                    (number.to_string(), Value::from(number))
                }
                "Boolean" => {
                    let truth: bool = self.random.random();
                    (truth.to_string(), Value::from(truth))
                }
                _ if self.types.kind(name) == Kind::Enum => {
                    let values = &self.types.get(name).unwrap().values;
                    let value = values.choose(&mut self.random).unwrap();
                    (value.clone(), Value::from(value.as_str()))
                }
                _ if self.types.kind(name) == Kind::Input => {
                    let fields = &self.types.get(name).unwrap().fields;
                    let fields: Vec<_> = fields
                        .iter()
                        .map(|(field, definition)| {
                            let (literal, value) = self.value(&definition.ty);
                            (field.clone(), literal, value)
                        })
                        .collect();
                    let literals: Vec<String> =
                        fields.iter().map(|(name, text, _)| format!("{name}: {text}")).collect();
                    let values: Map<String, Value> = fields.into_iter().map(|(name, _, value)| (name, value)).collect();
                    (format!("{{{}}}", literals.join(", ")), Value::Object(values))
                }
                _ => {
                    let text = ["x", "y"].choose(&mut self.random).copied().unwrap();
                    (format!("\"{text}\""), Value::from(text))
                }
            },
        }
    }
}

/// What came of comparing.
#[derive(Debug, Default)]
pub struct Tally {
    pub valid: usize,
    pub invalid: usize,
    pub different: Vec<String>,
}

/// Runs the operations of `seeds`, each of about `fields` fields, and compares.
pub async fn compare_random(world: &World, seeds: std::ops::Range<u64>, fields: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let operation = Operation::generate(&world.shared.whole, seed, fields);
        match problem(world, &operation).await {
            None => tally.invalid += 1,
            Some(None) => tally.valid += 1,
            Some(Some(_)) => {
                let (operation, problem) = shrink(world, operation).await;
                tally.valid += 1;
                tally.different.push(format!("seed {seed}: {}\n{problem}\n", operation.write().0));
            }
        }
    }
    tally
}

/// `None` for an operation that is not valid, else what is wrong with its answer.
async fn problem(world: &World, operation: &Operation) -> Option<Option<String>> {
    let (query, variables) = operation.write();
    match world.ask(&query, &variables).await {
        Err(error) if error.contains("could not be planned") => Some(Some(error)),
        Err(_) => None,
        Ok(answer) => Some(world.difference(&query, &variables, &answer)),
    }
}

/// A smaller operation that is still answered wrongly.
async fn shrink(world: &World, mut operation: Operation) -> (Operation, String) {
    let mut found = String::new();
    'smaller: loop {
        for candidate in operation.smaller() {
            if let Some(Some(problem)) = problem(world, &candidate).await {
                operation = candidate;
                found = problem;
                continue 'smaller;
            }
        }
        if found.is_empty() {
            found = problem(world, &operation).await.flatten().unwrap_or_default();
        }
        return (operation, found);
    }
}

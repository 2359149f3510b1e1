//! Random graphs: who knows which entity by which key, who owns which field, what is shared, required and provided is
//! drawn anew for each seed, and random operations over it are compared with one schema that has the same data.

use rand::{Rng, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::world::{World, supergraph};

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides"])
"#;

/// How many instances an entity has.
const INSTANCES: usize = 3;

/// A key that is a field of an object.
const NESTED: &str = "tag { code }";

/// The parts of one type in one subgraph.
#[derive(Clone, Default)]
struct Part {
    keys: Vec<&'static str>,
    fields: Vec<String>,
    /// Declared for `@requires` and `@provides` alone.
    external: Vec<String>,
    implements: bool,
}

impl Part {
    fn is_there(&self) -> bool {
        !self.keys.is_empty()
    }

    fn declare_external(&mut self, field: &str) {
        if !self.external.iter().any(|known| known == field) {
            self.external.push(field.to_owned());
        }
    }
}

/// A field with a value of its own, and who owns it.
struct Plain {
    name: String,
    ty: &'static str,
    owners: Vec<usize>,
}

/// A graph that is being drawn.
struct Draw {
    random: SmallRng,
    /// By entity, then by subgraph.
    parts: Vec<Vec<Part>>,
    plain: Vec<Vec<Plain>>,
    /// By entity: name, entity that it leads to, whether it is a list.
    references: Vec<Vec<(String, usize, bool)>>,
    roots: Vec<Vec<String>>,
    /// By entity and subgraph: which fields of its value type are there.
    values: Vec<Vec<Vec<&'static str>>>,
    data: Map<String, Value>,
}

/// Names and schemas of the subgraphs of a seed, with data.
pub fn graph(seed: u64) -> (Vec<(String, String)>, Value) {
    let mut random = SmallRng::seed_from_u64(seed);
    let (subgraphs, entities) = (random.random_range(2..=4), random.random_range(2..=4));
    let mut draw = Draw {
        random,
        parts: vec![vec![Part::default(); subgraphs]; entities],
        plain: Vec::new(),
        references: vec![Vec::new(); entities],
        roots: vec![Vec::new(); subgraphs],
        values: vec![vec![Vec::new(); subgraphs]; entities],
        data: Map::new(),
    };
    (0..entities).for_each(|entity| draw.place(entity));
    (0..entities).for_each(|entity| draw.own(entity));
    (0..entities).for_each(|entity| draw.refer(entity));
    (0..entities).for_each(|entity| draw.require(entity));
    let root = draw.root();
    let mut universe: Map<String, Value> = draw.instances();
    universe.insert("Query".to_owned(), Value::Object(root));
    (draw.written(), Value::Object(universe))
}

impl Draw {
    /// Decides who knows an entity, and by which keys.
    fn place(&mut self, entity: usize) {
        let count = self.parts[entity].len();
        for subgraph in 0..count {
            let keys: &[&[&str]] = &[&["id"], &["id"], &["alt"], &[NESTED], &["id", "alt"], &["alt", NESTED], &[]];
            self.parts[entity][subgraph].keys = keys.choose(&mut self.random).unwrap().to_vec();
        }
        // Someone leads from each key to the others.
        let bridge = self.random.random_range(0..count);
        self.parts[entity][bridge].keys = vec!["id", "alt", NESTED];
    }

    fn knowing(&self, entity: usize) -> Vec<usize> {
        (0..self.parts[entity].len()).filter(|&subgraph| self.parts[entity][subgraph].is_there()).collect()
    }

    /// Plain fields, and a value type of which subgraphs know parts.
    fn own(&mut self, entity: usize) {
        let knowing = self.knowing(entity);
        let mut plain = Vec::new();
        for number in 0..self.random.random_range(1..=4) {
            let mut owners = vec![*knowing.choose(&mut self.random).unwrap()];
            if self.random.random_bool(0.3) {
                owners.push(*knowing.choose(&mut self.random).unwrap());
                owners.sort_unstable();
                owners.dedup();
            }
            let ty = ["Int", "String", "Int!"].choose(&mut self.random).unwrap();
            plain.push(Plain { name: format!("e{entity}f{number}"), ty, owners });
        }
        for Plain { name, ty, owners } in &plain {
            let shared = if owners.len() > 1 { " @shareable" } else { "" };
            for &owner in owners {
                self.parts[entity][owner].fields.push(format!("{name}: {ty}{shared}"));
            }
        }
        self.plain.push(plain);
        if self.random.random_bool(0.5) {
            for &subgraph in &knowing {
                let fields: &[&[&str]] = &[&["a"], &["b"], &["a", "b"], &["a", "c"], &[]];
                let fields = fields.choose(&mut self.random).unwrap().to_vec();
                if !fields.is_empty() {
                    self.parts[entity][subgraph].fields.push(format!("value: Value{entity} @shareable"));
                }
                self.values[entity][subgraph] = fields;
            }
        }
    }

    /// Fields that lead to other entities; some of them provide a field of those.
    fn refer(&mut self, entity: usize) {
        for number in 0..self.random.random_range(0..=2) {
            let target = self.random.random_range(0..self.parts.len());
            let both: Vec<usize> =
                self.knowing(entity).into_iter().filter(|&it| self.parts[target][it].is_there()).collect();
            let Some(&owner) = both.choose(&mut self.random) else { continue };
            let is_list = self.random.random_bool(0.5);
            let name = format!("e{entity}r{number}");
            let ty = if is_list { format!("[E{target}]") } else { format!("E{target}") };
            let foreign: Vec<(String, &str)> = self.plain[target]
                .iter()
                .filter(|field| !field.owners.contains(&owner))
                .map(|field| (field.name.clone(), field.ty))
                .collect();
            let mut provides = String::new();
            if let Some((field, ty)) = foreign.choose(&mut self.random)
                && self.random.random_bool(0.4)
            {
                provides = format!(" @provides(fields: \"{field}\")");
                self.parts[target][owner].declare_external(&format!("{field}: {ty} @external"));
            }
            self.parts[entity][owner].fields.push(format!("{name}: {ty}{provides}"));
            self.references[entity].push((name, target, is_list));
        }
    }

    fn require(&mut self, entity: usize) {
        for number in 0..self.random.random_range(0..=2) {
            let knowing = self.knowing(entity);
            let subgraph = *knowing.choose(&mut self.random).unwrap();
            let foreign: Vec<(String, &str)> = self.plain[entity]
                .iter()
                .filter(|field| !field.owners.contains(&subgraph))
                .map(|field| (field.name.clone(), field.ty))
                .collect();
            let some: Vec<(String, &str)> = foreign.into_iter().filter(|_| self.random.random_bool(0.6)).collect();
            if some.is_empty() {
                continue;
            }
            let names: Vec<&str> = some.iter().map(|(name, _)| name.as_str()).collect();
            let field = format!("e{entity}q{number}: String @requires(fields: \"{}\")", names.join(" "));
            let part = &mut self.parts[entity][subgraph];
            some.iter().for_each(|(name, ty)| part.declare_external(&format!("{name}: {ty} @external")));
            part.fields.push(field);
        }
    }

    /// Root fields: lists of an entity, of an interface, of a union; some of them shared.
    fn root(&mut self) -> Map<String, Value> {
        let mut root = Map::new();
        let count = self.roots.len();
        for entity in 0..self.parts.len() {
            let knowing = self.knowing(entity);
            let first = *knowing.choose(&mut self.random).unwrap();
            let second = *knowing.choose(&mut self.random).unwrap();
            let shared = if first == second { "" } else { " @shareable" };
            let field = format!("all{entity}: [E{entity}!]!{shared}");
            self.roots[first].push(field.clone());
            if first != second {
                self.roots[second].push(field);
            }
            let all: Vec<Value> = (0..INSTANCES).map(|number| reference(entity, number)).collect();
            root.insert(format!("all{entity}"), Value::Array(all));
        }
        for subgraph in 0..count {
            let there: Vec<usize> =
                (0..self.parts.len()).filter(|&entity| self.parts[entity][subgraph].keys.contains(&"id")).collect();
            if there.len() < 2 {
                continue;
            }
            there.iter().for_each(|&entity| self.parts[entity][subgraph].implements = true);
            let mixed: Vec<Value> = there.iter().map(|&entity| reference(entity, 1)).collect();
            self.roots[subgraph].push(format!("mixed{subgraph}: [Node]"));
            root.insert(format!("mixed{subgraph}"), Value::Array(mixed));
            if self.random.random_bool(0.5) {
                self.roots[subgraph].push(format!("any{subgraph}: [Any{subgraph}!]"));
                // Some of these are a `Node` elsewhere alone.
                let there = (0..self.parts.len()).filter(|&entity| self.parts[entity][subgraph].is_there());
                root.insert(format!("any{subgraph}"), there.map(|entity| reference(entity, 1)).collect());
            }
        }
        root
    }

    fn instances(&mut self) -> Map<String, Value> {
        for entity in 0..self.parts.len() {
            for number in 0..INSTANCES {
                let mut data = json!({ "__typename": format!("E{entity}"), "id": format!("E{entity}-{number}"),
                    "alt": format!("alt-{entity}-{number}"),
                    "tag": { "__typename": "Tag", "code": format!("tag-{entity}-{number}") },
                    "value": { "__typename": format!("Value{entity}"), "a": number, "b": "b", "c": null } });
                for Plain { name, ty, .. } in &self.plain[entity] {
                    data[name] = match *ty {
                        "String" => json!(format!("{name} of {number}")),
                        "Int" if number == 2 => Value::Null,
                        _ => json!(number * 10),
                    };
                }
                for (name, target, is_list) in &self.references[entity] {
                    let to = (number + 1) % INSTANCES;
                    data[name] = match is_list {
                        true => json!([reference(*target, to), null, reference(*target, number)]),
                        false if number == 2 => Value::Null,
                        false => reference(*target, to),
                    };
                }
                self.data.insert(label(entity, number), data);
            }
        }
        self.data.clone()
    }

    fn written(&self) -> Vec<(String, String)> {
        let all = (0..self.roots.len()).map(|subgraph| (format!("s{subgraph}"), self.sdl(subgraph)));
        all.filter(|(_, sdl)| sdl != LINK).collect()
    }

    fn sdl(&self, subgraph: usize) -> String {
        let mut sdl = LINK.to_owned();
        if !self.roots[subgraph].is_empty() {
            sdl.push_str(&format!("type Query {{ {} }}\n", self.roots[subgraph].join(" ")));
        }
        let (mut members, mut implementing) = (Vec::new(), false);
        for (entity, parts) in self.parts.iter().enumerate() {
            let part = &parts[subgraph];
            if !part.is_there() {
                continue;
            }
            let implements = if part.implements { " implements Node" } else { "" };
            let keys: Vec<String> = part.keys.iter().map(|key| format!("@key(fields: \"{key}\")")).collect();
            let own: Vec<String> = part.keys.iter().map(|key| declared(key)).collect();
            let fields: Vec<&str> = own.iter().chain(&part.fields).chain(&part.external).map(String::as_str).collect();
            sdl.push_str(&format!("type E{entity}{implements} {} {{ {} }}\n", keys.join(" "), fields.join(" ")));
            if !self.values[entity][subgraph].is_empty() {
                let of = |field: &&str| format!("{field}: {} @shareable", if *field == "a" { "Int" } else { "String" });
                let fields: Vec<String> = self.values[entity][subgraph].iter().map(of).collect();
                sdl.push_str(&format!("type Value{entity} {{ {} }}\n", fields.join(" ")));
            }
            implementing |= part.implements;
            members.push(format!("E{entity}"));
        }
        if sdl.contains("tag: Tag!") {
            sdl.push_str("type Tag { code: ID! @shareable }\n");
        }
        if implementing {
            sdl.push_str("interface Node { id: ID! }\n");
            if self.roots[subgraph].iter().any(|field| field.starts_with("any")) {
                sdl.push_str(&format!("union Any{subgraph} = {}\n", members.join(" | ")));
            }
        }
        sdl
    }
}

fn declared(key: &str) -> String {
    if key == NESTED { "tag: Tag!".to_owned() } else { format!("{key}: ID!") }
}

fn label(entity: usize, number: usize) -> String {
    format!("E{entity}_{number}")
}

fn reference(entity: usize, number: usize) -> Value {
    json!({ "$": label(entity, number) })
}

/// The world of a seed, if its subgraphs compose.
pub fn world(seed: u64) -> Option<(World, String)> {
    let (subgraphs, universe) = graph(seed);
    let subgraphs: Vec<(&str, &str)> = subgraphs.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())).collect();
    let supergraph = supergraph(&subgraphs).ok()?;
    let text = subgraphs.iter().map(|(name, sdl)| format!("# {name}\n{sdl}\n")).collect();
    Some((World::of_supergraph(&supergraph, &subgraphs, universe), text))
}

//! Reads the join directives of a supergraph, of all versions of their specification.

use ahash::{AHashMap, AHashSet};
use graphql_tools::static_graphql::schema::{Directive, Document, Field, TypeDefinition};

use super::{
    facts::{Federation, FieldFacts, FieldIn, Key, Label, Override, SubgraphId, TypeFacts, TypeIn},
    field_set::{FieldSet, FieldSetItem, text, truth},
};
use crate::schema::{TypeId, TypeNames, TypeRef, types::Definition};

impl Federation {
    /// Reads a supergraph.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(in crate::schema) fn read(document: &Document, types: &TypeNames) -> Result<Self, String> {
        let mut reader = Reader::new(document, types);
        reader.roots(document);
        for definition in type_definitions(document) {
            reader.add_type(definition)?;
        }
        for definition in type_definitions(document) {
            reader.add_possible(definition);
        }
        for definition in type_definitions(document) {
            reader.add_fields(definition)?;
        }
        reader.add_required_fields();
        reader.add_key_fields();
        Ok(reader.federation)
    }
}

fn type_definitions(document: &Document) -> impl Iterator<Item = &TypeDefinition> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(definition) => Some(definition),
        _ => None,
    })
}

struct Reader<'a> {
    types: &'a TypeNames,
    federation: Federation,
    /// By the value of `join__Graph`.
    graphs: AHashMap<&'a str, SubgraphId>,
    /// Entities of the first version belong to one subgraph, which has all fields of which nothing else is said.
    owners: AHashMap<TypeId, SubgraphId>,
}

type Parts<'d> = (&'d str, &'d [Directive], &'d [Field]);

fn parts(definition: &TypeDefinition) -> Option<Parts<'_>> {
    match definition {
        TypeDefinition::Object(it) => Some((&it.name, &it.directives, &it.fields)),
        TypeDefinition::Interface(it) => Some((&it.name, &it.directives, &it.fields)),
        TypeDefinition::Union(it) => Some((&it.name, &it.directives, &[])),
        _ => None,
    }
}

fn named<'d>(directives: &'d [Directive], name: &str) -> impl Iterator<Item = &'d Directive> {
    directives.iter().filter(move |directive| directive.name == name)
}

impl<'a> Reader<'a> {
    fn new(document: &'a Document, types: &'a TypeNames) -> Self {
        let mut federation = Federation::default();
        federation.types.resize_with(types.count(), TypeFacts::default);
        let mut reader = Self { types, federation, graphs: AHashMap::new(), owners: AHashMap::new() };
        for definition in type_definitions(document) {
            if let TypeDefinition::Enum(graphs) = definition
                && graphs.name == "join__Graph"
            {
                for value in &graphs.values {
                    let directive = named(&value.directives, "join__graph").next();
                    let name = directive.and_then(|it| text(it, "name")).unwrap_or(&value.name);
                    let url = directive.and_then(|it| text(it, "url")).unwrap_or_default();
                    let id = SubgraphId(u32::try_from(reader.federation.subgraphs.len()).unwrap_or(u32::MAX));
                    reader.federation.subgraphs.push((name.into(), url.to_owned()));
                    reader.graphs.insert(&value.name, id);
                }
            }
        }
        reader
    }

    fn roots(&mut self, document: &Document) {
        let schema = document.definitions.iter().find_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(schema),
            _ => None,
        });
        let names = match schema {
            Some(schema) => [schema.query.as_deref(), schema.mutation.as_deref(), schema.subscription.as_deref()],
            None => [Some("Query"), Some("Mutation"), Some("Subscription")],
        };
        self.federation.roots = names.map(|name| name.and_then(|name| self.types.id(name)));
    }

    fn graph(&self, directive: &Directive) -> Option<SubgraphId> {
        self.graphs.get(text(directive, "graph")?).copied()
    }

    fn by_name(&self, name: &str) -> Option<SubgraphId> {
        self.federation.subgraphs().find(|&subgraph| *self.federation.name(subgraph) == *name)
    }

    fn facts(&mut self, ty: TypeId) -> Option<&mut TypeFacts> {
        self.federation.types.get_mut(ty.0 as usize)
    }

    fn add_type(&mut self, definition: &TypeDefinition) -> Result<(), String> {
        let Some((name, directives, _)) = parts(definition) else { return Ok(()) };
        let Some(id) = self.types.id(name) else { return Ok(()) };
        let owner = named(directives, "join__owner").next().and_then(|owner| self.graph(owner));
        self.owners.extend(owner.map(|owner| (id, owner)));
        let mut in_subgraph: AHashMap<SubgraphId, TypeIn> = AHashMap::new();
        let mut needed = AHashSet::new();
        for directive in named(directives, "join__type") {
            let Some(graph) = self.graph(directive) else { continue };
            let ty = in_subgraph.entry(graph).or_default();
            ty.is_interface_object |= truth(directive, "isInterfaceObject").unwrap_or_default();
            if let Some(key) = text(directive, "key") {
                let set = FieldSet::parse(key, self.types)
                    .ok_or_else(|| format!("the key `{key}` of type `{name}` is no set of fields"))?;
                set.add_names(&mut needed);
                ty.keys.push(Key { set, is_resolvable: truth(directive, "resolvable").unwrap_or(true) });
            }
        }
        // The first version says nothing of types that are no entities.
        if named(directives, "join__type").next().is_none() && !name.starts_with("join__") {
            in_subgraph = self.federation.subgraphs().map(|graph| (graph, TypeIn::default())).collect();
        }
        self.federation.needed.extend(needed);
        if let Some(facts) = self.facts(id) {
            facts.in_subgraph = in_subgraph;
        }
        if self.types.is_abstract(id) && named(directives, "join__type").any(|it| text(it, "key").is_some()) {
            self.federation.abstract_entities.push(id);
        }
        Ok(())
    }

    /// Notes what a type can be: an object is itself, and each interface that it implements.
    fn add_possible(&mut self, definition: &TypeDefinition) {
        match definition {
            TypeDefinition::Object(object) => {
                let Some(id) = self.types.id(&object.name) else { return };
                for subgraph in self.federation.subgraphs() {
                    self.add_possible_in(id, id, subgraph);
                }
                let said: Vec<(SubgraphId, TypeId)> = named(&object.directives, "join__implements")
                    .filter_map(|it| Some((self.graph(it)?, self.types.id(text(it, "interface")?)?)))
                    .collect();
                for interface in object.implements_interfaces.iter().filter_map(|name| self.types.id(name)) {
                    let is_said = said.iter().any(|(_, of)| *of == interface);
                    for subgraph in self.federation.subgraphs() {
                        if !is_said && said.is_empty() || said.contains(&(subgraph, interface)) {
                            self.add_possible_in(interface, id, subgraph);
                        }
                    }
                }
            }
            TypeDefinition::Union(union) => {
                let Some(id) = self.types.id(&union.name) else { return };
                let said: Vec<(SubgraphId, TypeId)> = named(&union.directives, "join__unionMember")
                    .filter_map(|it| Some((self.graph(it)?, self.types.id(text(it, "member")?)?)))
                    .collect();
                for member in union.types.iter().filter_map(|name| self.types.id(name)) {
                    for subgraph in self.federation.subgraphs() {
                        if said.is_empty() || said.contains(&(subgraph, member)) {
                            self.add_possible_in(id, member, subgraph);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn add_possible_in(&mut self, of: TypeId, object: TypeId, subgraph: SubgraphId) {
        if self.federation.type_in(object, subgraph).is_none() {
            return;
        }
        let ty = self.facts(of).and_then(|facts| facts.in_subgraph.get_mut(&subgraph));
        if let Some(ty) = ty.filter(|ty| !ty.is_interface_object)
            && let Err(at) = ty.possible.binary_search(&object)
        {
            ty.possible.insert(at, object);
        }
    }

    fn add_fields(&mut self, definition: &TypeDefinition) -> Result<(), String> {
        let Some((name, _, fields)) = parts(definition) else { return Ok(()) };
        let Some(id) = self.types.id(name) else { return Ok(()) };
        for field in fields {
            let type_ref = TypeRef::from(&field.field_type);
            let mut facts = FieldFacts { named: self.types.id(type_ref.named()), ..FieldFacts::default() };
            let written = type_ref.to_string();
            let mut is_said = false;
            let mut overridden = Vec::new();
            for directive in named(&field.directives, "join__field") {
                is_said = true;
                let Some(graph) = self.graph(directive) else { continue };
                let read = self.field((name, field, &written), directive, &mut overridden)?;
                facts.in_subgraph.insert(graph, read);
            }
            facts.is_said = is_said;
            if !is_said {
                let owner = self.owners.get(&id).copied();
                let all = self.federation.types.get(id.0 as usize).map(|facts| &facts.in_subgraph);
                for &graph in all.into_iter().flat_map(|all| all.keys()).filter(|&&it| owner.is_none_or(|o| o == it)) {
                    let named = facts.named;
                    facts
                        .in_subgraph
                        .insert(graph, FieldIn { named, written_type: written.as_str().into(), ..FieldIn::default() });
                }
            }
            for (by, how) in overridden {
                if let Some(field) = self.by_name(&by).and_then(|graph| facts.in_subgraph.get_mut(&graph)) {
                    field.overridden = Some(how);
                }
            }
            if let Some(of_type) = self.facts(id) {
                of_type.fields.insert(field.name.as_str().into(), facts);
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        (name, field, written): (&str, &Field, &str),
        directive: &Directive,
        overridden: &mut Vec<(String, Override)>,
    ) -> Result<FieldIn, String> {
        let set = |argument: &str| match text(directive, argument) {
            None => Ok(None),
            Some(set) => FieldSet::parse(set, self.types)
                .map(Some)
                .ok_or_else(|| format!("`{argument}: \"{set}\"` of `{name}.{}` is no set of fields", field.name)),
        };
        let (requires, provides) = (set("requires")?, set("provides")?);
        if let Some(requires) = &requires {
            requires.add_names(&mut self.federation.needed);
            self.federation.requiring.insert(field.name.as_str().into());
        }
        let written = text(directive, "type").unwrap_or(written);
        let named = self.types.id(written.trim_matches(['[', ']', '!', ' ']));
        let label = text(directive, "overrideLabel").filter(|label| !label.is_empty()).map(str::to_owned);
        let label = label.map(|label| self.label(&label));
        if let Some(label) = label {
            let labels = self.federation.labelled.entry(field.name.as_str().into()).or_default();
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let overrides = text(directive, "override");
        if let Some(other) = overrides {
            overridden.push((other.to_owned(), label.map_or(Override::Always, Override::With)));
        }
        let is_overridden = truth(directive, "usedOverridden").unwrap_or_default() && label.is_none();
        Ok(FieldIn {
            is_external: truth(directive, "external").unwrap_or_default(),
            is_of_key: false,
            requires: requires.filter(|set| !set.is_empty()),
            provides: provides.filter(|set| !set.is_empty()),
            overridden: is_overridden.then_some(Override::Always),
            only_with: label.filter(|_| overrides.is_some()),
            named,
            written_type: written.into(),
        })
    }

    fn label(&mut self, label: &str) -> usize {
        let labels = &mut self.federation.labels;
        labels.iter().position(|known| *known.name == *label).unwrap_or_else(|| {
            labels.push(Label::new(label));
            labels.len() - 1
        })
    }

    /// What a subgraph requires, it does not resolve, even where nothing is said of it: composers forget to say so of
    /// interface objects.
    fn add_required_fields(&mut self) {
        let mut found = AHashSet::new();
        for ty in self.types.ids() {
            let Some(facts) = self.federation.types.get(ty.0 as usize) else { continue };
            for field in facts.fields.values() {
                for (&subgraph, there) in &field.in_subgraph {
                    let items = there.requires.iter().flat_map(|set| &set.0);
                    found.extend(items.filter_map(|item| match item {
                        FieldSetItem::Field { name, .. } => Some((ty, subgraph, name.clone())),
                        FieldSetItem::On(..) => None,
                    }));
                }
            }
        }
        for (ty, subgraph, name) in found {
            let keys = self.federation.type_in(ty, subgraph).map_or(&[][..], |there| &there.keys);
            let is_of_key = keys.iter().any(|key| key.set.below(ty, &name, self.types).is_some());
            let facts = self.facts(ty).and_then(|facts| facts.fields.get_mut(&name));
            if let Some(field) = facts.filter(|facts| !facts.is_said && !is_of_key)
                && let Some(there) = field.in_subgraph.get_mut(&subgraph)
            {
                there.is_external = true;
            }
        }
    }

    /// What a key names, its subgraph can tell, even where nothing is said of it or another subgraph overrides it.
    fn add_key_fields(&mut self) {
        let mut found = AHashSet::new();
        for ty in self.types.ids() {
            let Some(facts) = self.federation.types.get(ty.0 as usize) else { continue };
            for (&subgraph, in_subgraph) in &facts.in_subgraph {
                for key in &in_subgraph.keys {
                    self.note_key((ty, subgraph), &key.set, &mut found);
                }
            }
        }
        for (ty, subgraph, name) in found {
            let facts = self.facts(ty).and_then(|facts| facts.fields.get_mut(&name));
            let Some(facts) = facts else { continue };
            let named = facts.named;
            let like = facts.in_subgraph.values().next().map(|field| field.written_type.clone()).unwrap_or_default();
            let field = facts.in_subgraph.entry(subgraph).or_insert_with(|| FieldIn {
                named,
                written_type: like,
                ..FieldIn::default()
            });
            // Where it is external, it is known by what leads there alone.
            field.is_of_key = !field.is_external;
        }
    }

    fn note_key(
        &self,
        (ty, subgraph): (TypeId, SubgraphId),
        set: &FieldSet,
        found: &mut AHashSet<(TypeId, SubgraphId, Box<str>)>,
    ) {
        for item in &set.0 {
            match item {
                FieldSetItem::Field { name, below, .. } => {
                    found.insert((ty, subgraph, name.clone()));
                    let named = self.federation.field(ty, name).and_then(|field| {
                        let there = field.in_subgraph.get(&subgraph).and_then(|field| field.named);
                        there.or(field.named)
                    });
                    if let Some(named) = named {
                        self.note_key((named, subgraph), below, found);
                    }
                }
                FieldSetItem::On(on, set) => self.note_key((*on, subgraph), set, found),
            }
        }
    }
}

//! Adds to a composer's message what it leaves out: the subgraphs that define what it names, and where a type is used
//! that nobody defines.

use federation_composition::graphql_core::{self, Definition, Document, FieldDefinition, InputValueDefinition, Type};

use super::SubgraphSdl;

/// The definitions of subgraphs, by what they are called.
pub(super) struct Places {
    subgraphs: Vec<(String, Vec<Place>)>,
}

/// `Type`, `Type.field` or `Type.field(argument:)`.
struct Place {
    coordinate: String,
    /// The named type of a field or argument.
    of: Option<String>,
}

impl Places {
    pub(super) fn of(subgraphs: &[SubgraphSdl]) -> Self {
        let read = |subgraph: &SubgraphSdl| {
            let document = graphql_core::parse(&subgraph.sdl).ok()?;
            Some((subgraph.name.clone(), places(&document)))
        };
        Self { subgraphs: subgraphs.iter().filter_map(read).collect() }
    }

    /// `message`, with the places that it should have named behind it.
    pub(super) fn complete(&self, message: &str) -> String {
        if let Some((_, unknown)) = message.split_once("Unknown type ") {
            let unknown = unknown.split(|letter: char| !is_of_name(letter) && letter != '"').next().unwrap_or_default();
            return format!("{message}{}", self.uses(unknown.trim_matches('"'), message));
        }
        if self.subgraphs.iter().any(|(name, _)| names(message, name)) {
            return message.to_owned();
        }
        // Every second part stands between quotes.
        let definitions = message.split('"').skip(1).step_by(2).map(|quoted| self.definitions(quoted));
        format!("{message}{}", definitions.collect::<String>())
    }

    fn definitions(&self, coordinate: &str) -> String {
        let defines = |(_, places): &&(String, Vec<Place>)| places.iter().any(|place| place.coordinate == coordinate);
        let subgraphs: Vec<_> = self.subgraphs.iter().filter(defines).map(|(name, _)| format!("\"{name}\"")).collect();
        if subgraphs.is_empty() {
            return String::new();
        }
        format!(" (\"{coordinate}\" is defined in {})", subgraphs.join(" and "))
    }

    fn uses(&self, unknown: &str, message: &str) -> String {
        let mut uses = String::new();
        for (_, places) in self.subgraphs.iter().filter(|(name, _)| names(message, name)) {
            for place in places.iter().filter(|place| place.of.as_deref() == Some(unknown)) {
                uses.push_str(&format!(" (the type of \"{}\")", place.coordinate));
            }
        }
        uses
    }
}

fn names(message: &str, subgraph: &str) -> bool {
    message.contains(&format!("\"{subgraph}\"")) || message.contains(&format!("[{subgraph}]"))
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn places(document: &Document) -> Vec<Place> {
    let mut places = Vec::new();
    for definition in &document.definitions {
        let Some(name) = definition.name() else { continue };
        let (fields, inputs): (&[FieldDefinition], &[InputValueDefinition]) = match definition {
            Definition::ObjectTypeDefinition(it) => (&it.fields, &[]),
            Definition::ObjectTypeExtension(it) => (&it.fields, &[]),
            Definition::InterfaceTypeDefinition(it) => (&it.fields, &[]),
            Definition::InterfaceTypeExtension(it) => (&it.fields, &[]),
            Definition::InputObjectTypeDefinition(it) => (&[], &it.fields),
            Definition::InputObjectTypeExtension(it) => (&[], &it.fields),
            _ => (&[], &[]),
        };
        let name = &name.value;
        places.push(Place { coordinate: name.clone(), of: None });
        for field in fields {
            let coordinate = format!("{name}.{}", field.name.value);
            for argument in &field.arguments {
                places.push(place(format!("{coordinate}({}:)", argument.name.value), &argument.ty));
            }
            places.push(place(coordinate, &field.ty));
        }
        for input in inputs {
            places.push(place(format!("{name}.{}", input.name.value), &input.ty));
        }
    }
    places
}

fn place(coordinate: String, of: &Type) -> Place {
    let of = graphql_core::print(of);
    Place { coordinate, of: Some(of.trim_matches(|letter| !is_of_name(letter)).to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_leaves_out_is_added() {
        let subgraph =
            |name: &str, sdl: &str| SubgraphSdl { name: name.to_owned(), url: String::new(), sdl: sdl.to_owned() };
        let places = Places::of(&[
            subgraph("a", "type Query { p(x: Gone): P } type P { id: ID }"),
            subgraph("b", "extend schema @link(url: \"x\") extend type P { id: ID }"),
        ]);
        for (message, complete) in [
            ("Type \"P\" is odd.", "Type \"P\" is odd. (\"P\" is defined in \"a\" and \"b\")"),
            ("\"P.id\" of \"Q\"", "\"P.id\" of \"Q\" (\"P.id\" is defined in \"a\" and \"b\")"),
            ("\"P\" in subgraph \"a\"", "\"P\" in subgraph \"a\""),
            ("[a] Unknown type Gone", "[a] Unknown type Gone (the type of \"Query.p(x:)\")"),
        ] {
            assert_eq!(places.complete(message), complete);
        }
    }
}

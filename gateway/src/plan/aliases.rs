//! Aliases that are called like a field.
//!
//! The planner adds fields that it needs, such as keys, by their own names. Where a client calls something else so, the
//! two would meet; so each such alias gets a name that no field has, and the client's again in the response.

use crate::{
    parse::{
        Document,
        ast::{Definition, Selection, SelectionSet},
    },
    schema::TypeNames,
};

/// How the aliases of one document are called towards subgraphs.
pub(super) struct Aliases<'s> {
    types: &'s TypeNames,
    prefix: String,
    /// Names towards subgraphs, with the client's.
    renamed: Vec<(String, String)>,
}

impl<'s> Aliases<'s> {
    pub(super) fn new(types: &'s TypeNames, document: &Document<'_>) -> Self {
        let mut taken = Vec::new();
        for definition in &document.definitions {
            collect(
                match definition {
                    Definition::Operation(operation) => &operation.selection_set,
                    Definition::Fragment(fragment) => &fragment.selection_set,
                },
                &mut taken,
            );
        }
        let mut prefix = "alias_".to_owned();
        while taken.iter().any(|alias| alias.starts_with(&prefix)) || types.has_field_starting_with(&prefix) {
            prefix.push('_');
        }
        Self { types, prefix, renamed: Vec::new() }
    }

    /// The alias towards subgraphs of the field `name`, for the client's if it has one.
    ///
    /// A field that some `@requires` names with arguments always gets one: by its own name it is asked for with those.
    pub(super) fn of(&mut self, name: &str, alias: Option<&str>) -> Option<String> {
        match alias.filter(|alias| *alias != name) {
            Some(alias) if self.types.has_field(alias) => Some(self.renamed(alias)),
            Some(alias) => Some(alias.to_owned()),
            // The planner takes `a: a` and `a` for two fields.
            None => self.types.is_named_with_arguments(name).then(|| self.renamed(name)),
        }
    }

    fn renamed(&mut self, alias: &str) -> String {
        let wire = format!("{}{alias}", self.prefix);
        if self.renamed.iter().all(|(known, _)| *known != wire) {
            self.renamed.push((wire.clone(), alias.to_owned()));
        }
        wire
    }

    /// All names that were changed: towards subgraphs, and the client's.
    pub(super) fn into_renamed(self) -> Vec<(String, String)> {
        self.renamed
    }
}

fn collect<'a>(set: &SelectionSet<'a>, aliases: &mut Vec<&'a str>) {
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                aliases.extend(field.alias.map(|alias| alias.text));
                field.selection_set.iter().for_each(|set| collect(set, aliases));
            }
            Selection::Inline(fragment) => collect(&fragment.selection_set, aliases),
            Selection::Spread(_) => {}
        }
    }
}

//! Field selections: <https://spec.graphql.org/September2025/#sec-Field-Selections>.

use std::cmp::Ordering;

use indexmap::IndexMap;

use crate::{
    schema::{ApiSchema, ApiType, TypeKind},
    validate::{
        context::Context,
        rule::{FieldPlace, Rule},
        suggest::{did_you_mean, natural_order, sentence},
    },
};

pub(super) struct FieldsOnCorrectType;

impl<'v> Rule<'v> for FieldsOnCorrectType {
    fn field(&mut self, context: &mut Context<'v>, FieldPlace { parent, definition, field }: FieldPlace<'v>) {
        let (Some(parent), None) = (parent, definition) else { return };
        let name = field.name.text;
        let mut hint = String::new();
        if context.hints {
            hint = sentence("to use an inline fragment on", &types_with(context.schema, parent, name));
        }
        if context.hints && hint.is_empty() {
            hint = did_you_mean("", name, parent.fields.keys().map(String::as_str));
        }
        let message = format!("Cannot query field \"{name}\" on type \"{}\".{hint}", parent.name);
        context.report(message, &[field.at()]);
    }
}

/// The types that an object of the abstract type `parent` can be and that have the field, and their interfaces that
/// have it: what most of them are first.
fn types_with<'a>(schema: &'a ApiSchema, parent: &'a ApiType, field: &str) -> Vec<&'a str> {
    if parent.kind == TypeKind::Object {
        return Vec::new();
    }
    let mut counts: IndexMap<&str, (usize, &ApiType)> = IndexMap::new();
    let possible = parent.possible_types.iter().filter_map(|name| schema.get(name));
    for object in possible.filter(|object| object.fields.contains_key(field)) {
        counts.insert(&object.name, (1, object));
        let interfaces = object.interfaces.iter().filter_map(|name| schema.get(name));
        for interface in interfaces.filter(|interface| interface.fields.contains_key(field)) {
            counts.entry(&interface.name).or_insert((0, interface)).0 += 1;
        }
    }
    let mut types: Vec<(usize, &ApiType)> = counts.into_values().collect();
    types.sort_by(|(count, ty), (other_count, other)| {
        let by_kind = || match (is_above(ty, other), is_above(other, ty)) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => natural_order(&ty.name, &other.name),
        };
        other_count.cmp(count).then_with(by_kind)
    });
    types.into_iter().map(|(_, ty)| ty.name.as_str()).collect()
}

/// Whether `interface` is one that `ty` implements.
fn is_above(interface: &ApiType, ty: &ApiType) -> bool {
    interface.kind == TypeKind::Interface && ty.interfaces.contains(&interface.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn fields_are_those_of_the_type() {
        let errors = |query| errors_of(Box::new(FieldsOnCorrectType), query);
        assert_eq!(
            errors("{ dog { name ... on Pet { name } } __schema { types { name } } __type(name: \"a\") { name } }"),
            []
        );
        assert_eq!(errors("{ nothing { deep } ... on Nothing { unknown } }").len(), 1, "below unknown all is unknown");
        assert_eq!(
            errors("{ dog { nmae __schema { types } } pet { meowVolume } catOrDog { name } }"),
            [
                at("Cannot query field \"nmae\" on type \"Dog\". Did you mean \"name\"?", &[(1, 9)]),
                at("Cannot query field \"__schema\" on type \"Dog\".", &[(1, 14)]),
                at(
                    "Cannot query field \"meowVolume\" on type \"Pet\". Did you mean to use an inline fragment on \"Cat\"?",
                    &[(1, 41)]
                ),
                at(
                    "Cannot query field \"name\" on type \"CatOrDog\". Did you mean to use an inline fragment on \"Named\", \"Pet\", \"Cat\", or \"Dog\"?",
                    &[(1, 65)]
                ),
            ]
        );
    }
}

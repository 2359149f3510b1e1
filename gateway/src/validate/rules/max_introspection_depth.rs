//! How deep lists of the schema may be nested in a question about it, since their answers multiply.

use ahash::AHashMap;

use crate::{
    parse::ast::{FragmentDefinition, Selection, SelectionSet},
    validate::{
        context::Context,
        rule::{FieldPlace, Rule},
    },
};

/// As many lists as no tool nests.
const MAX_LISTS: usize = 3;

/// Not a rule of the specification, but one of graphql-js.
pub(super) struct MaxIntrospectionDepth;

impl<'v> Rule<'v> for MaxIntrospectionDepth {
    fn field(&mut self, context: &mut Context<'v>, FieldPlace { field, .. }: FieldPlace<'v>) {
        if !matches!(field.name.text, "__schema" | "__type") {
            return;
        }
        let Some(set) = &field.selection_set else { return };
        let mut ruler = Ruler { fragments: &context.fragments, known: AHashMap::new() };
        if ruler.lists(set) >= MAX_LISTS {
            context.report("Maximum introspection depth exceeded".to_owned(), &[field.at()]);
        }
    }
}

struct Ruler<'c, 'v> {
    fragments: &'c AHashMap<&'v str, &'v FragmentDefinition<'v>>,
    /// Of fragments; 0 while one is measured, so that cycles end.
    known: AHashMap<&'v str, usize>,
}

impl<'v> Ruler<'_, 'v> {
    /// How deep lists are nested.
    fn lists(&mut self, set: &'v SelectionSet<'v>) -> usize {
        let mut deepest = 0;
        for item in &set.items {
            deepest = deepest.max(match item {
                Selection::Field(field) => {
                    let is_list = matches!(field.name.text, "fields" | "interfaces" | "possibleTypes" | "inputFields");
                    usize::from(is_list) + field.selection_set.as_ref().map_or(0, |set| self.lists(set))
                }
                Selection::Inline(fragment) => self.lists(&fragment.selection_set),
                Selection::Spread(spread) => self.fragment(spread.name.text),
            });
        }
        deepest
    }

    fn fragment(&mut self, name: &'v str) -> usize {
        if let Some(&known) = self.known.get(name) {
            return known;
        }
        let Some(&fragment) = self.fragments.get(name) else { return 0 };
        self.known.insert(name, 0);
        let lists = self.lists(&fragment.selection_set);
        self.known.insert(name, lists);
        lists
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::rules::testing::{at, errors_of};

    #[test]
    fn lists_of_the_schema_nest_little() {
        let errors = |query| errors_of(Box::new(MaxIntrospectionDepth), query);
        assert_eq!(
            errors(
                "{ __schema { types { fields { type { ofType { ofType { name possibleTypes { name } } } } } } } dogs { fields { fields { fields { a } } } } }"
            ),
            []
        );
        assert_eq!(errors("{ __schema { ...A } } fragment A on __Type { fields { ...A } }"), [], "others say that");
        assert_eq!(
            errors(
                "{ x: __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } } fragment B on __Type { interfaces { possibleTypes { name } } }"
            ),
            [at("Maximum introspection depth exceeded", &[(1, 3)])]
        );
    }
}

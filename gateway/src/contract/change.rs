//! How the answer to an operation changes between two schemas that both serve it.

use ahash::{AHashMap, AHashSet};

use crate::{
    error::Location,
    operation::OperationKind,
    parse::{
        Document, Limits,
        ast::{FragmentDefinition, Name, Selection, SelectionSet},
        parse,
    },
    schema::{ApiSchema, ApiType, ServedSchema, TypeRef},
};

/// What a client that was generated for `before` would not understand in the answers of `after`; one line each, such as
/// ``3:5: `Product.price` was `Int!` and is now `Int` ``.
pub(super) fn changes(before: &ServedSchema, after: &ServedSchema, text: &str) -> Vec<String> {
    let limits = Limits { max_tokens: usize::MAX, ..Limits::default() };
    let Ok(document) = parse(text, &limits) else { return Vec::new() };
    let mut comparison = Comparison {
        before: before.api(),
        after: after.api(),
        document: &document,
        fragments: document.fragments().map(|fragment| (fragment.name.text, fragment)).collect(),
        walked: AHashSet::new(),
        found: Vec::new(),
    };
    for operation in document.operations() {
        let types = (root(comparison.before, operation.kind), root(comparison.after, operation.kind));
        if let (Some(before), Some(after)) = types {
            comparison.set(&operation.selection_set, before, after);
        }
    }
    comparison.found
}

fn root(schema: &ApiSchema, kind: OperationKind) -> Option<&ApiType> {
    schema.get(match kind {
        OperationKind::Query => &schema.query_type,
        OperationKind::Mutation => schema.mutation_type.as_deref()?,
        OperationKind::Subscription => schema.subscription_type.as_deref()?,
    })
}

struct Comparison<'a> {
    before: &'a ApiSchema,
    after: &'a ApiSchema,
    document: &'a Document<'a>,
    fragments: AHashMap<&'a str, &'a FragmentDefinition<'a>>,
    /// Fragments and the two types that they were walked with, so that fragments that multiply cost nothing.
    walked: AHashSet<(&'a str, &'a str, &'a str)>,
    found: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn set(&mut self, set: &'a SelectionSet<'a>, before: &'a ApiType, after: &'a ApiType) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => {
                    let name = field.name.text;
                    let fields = (self.before.field(before, name), self.after.field(after, name));
                    let (Some(was), Some(is)) = fields else { continue };
                    if !self.fits(&was.type_ref, &is.type_ref) {
                        let Location { line, column } = self.document.location(field.at());
                        self.say(format!(
                            "{line}:{column}: `{}.{name}` was `{}` and is now `{}`",
                            before.name, was.type_ref, is.type_ref
                        ));
                        continue;
                    }
                    let types = (self.before.get(was.type_ref.named()), self.after.get(is.type_ref.named()));
                    if let (Some(before), Some(after), Some(set)) = (types.0, types.1, &field.selection_set) {
                        self.set(set, before, after);
                    }
                }
                Selection::Inline(inline) => {
                    self.narrowed(inline.type_condition, &inline.selection_set, (before, after));
                }
                Selection::Spread(spread) => {
                    let Some(fragment) = self.fragments.get(spread.name.text).copied() else { continue };
                    if self.walked.insert((fragment.name.text, &before.name, &after.name)) {
                        self.narrowed(Some(fragment.type_condition), &fragment.selection_set, (before, after));
                    }
                }
            }
        }
    }

    fn narrowed(
        &mut self,
        condition: Option<Name<'a>>,
        set: &'a SelectionSet<'a>,
        (before, after): (&'a ApiType, &'a ApiType),
    ) {
        let Some(name) = condition else { return self.set(set, before, after) };
        if let (Some(before), Some(after)) = (self.before.get(name.text), self.after.get(name.text)) {
            self.set(set, before, after);
        }
    }

    /// Whether who expects `was` understands `is`: never null where it was not, the same lists, and the same named type
    /// or one that it stands for.
    fn fits(&self, was: &TypeRef, is: &TypeRef) -> bool {
        match (was, is) {
            (TypeRef::NonNull(was), TypeRef::NonNull(is)) => self.fits(was, is),
            (TypeRef::NonNull(_), _) => false,
            (_, TypeRef::NonNull(is)) => self.fits(was, is),
            (TypeRef::List(was), TypeRef::List(is)) => self.fits(was, is),
            (TypeRef::Named(was), TypeRef::Named(is)) => was == is || self.stands_for(was, is),
            (TypeRef::List(_) | TypeRef::Named(_), _) => false,
        }
    }

    fn stands_for(&self, was: &str, is: &str) -> bool {
        let of = |name: &str| self.after.get(name);
        let (Some(was), Some(is)) = (of(was), of(is)) else { return false };
        was.possible_types.contains(&is.name) || is.interfaces.contains(&was.name)
    }

    fn say(&mut self, change: String) {
        if !self.found.contains(&change) {
            self.found.push(change);
        }
    }
}

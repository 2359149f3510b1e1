//! Walks a document once, with the types of the schema, for all rules.

use ahash::{AHashMap, AHashSet};

use super::{
    context::{Context, Expected, TypedOperation, Uses},
    rule::{FieldPlace, Rule},
};
use crate::{
    operation::OperationKind,
    parse::ast::{
        Argument, Definition, Directive, Field, FragmentDefinition, InlineFragment, Selection, SelectionSet, Value,
        ValueKind,
    },
    schema::{ApiInputValue, ApiType, TypeKind, TypeRef},
};

pub(super) type Rules<'v> = Vec<Box<dyn Rule<'v> + 'v>>;

/// Shows the document to all rules; `types` are those of the variables of each operation.
pub(super) fn walk<'v>(context: Context<'v>, rules: Rules<'v>, types: &'v [Vec<TypeRef>]) -> Context<'v> {
    let mut walk = Walk { context, rules, uses: Uses::default() };
    walk.document(types);
    walk.context
}

struct Walk<'v> {
    context: Context<'v>,
    rules: Rules<'v>,
    /// Of the definition that is walked.
    uses: Uses<'v>,
}

impl<'v> Walk<'v> {
    fn each(&mut self, mut show: impl FnMut(&mut dyn Rule<'v>, &mut Context<'v>)) {
        for rule in &mut self.rules {
            if self.context.is_full() {
                return;
            }
            show(&mut **rule, &mut self.context);
        }
    }

    fn document(&mut self, types: &'v [Vec<TypeRef>]) {
        self.each(|rule, context| rule.document(context));
        let document = self.context.document;
        let mut types = types.iter();
        let mut operations: Vec<(TypedOperation<'v>, Uses<'v>)> = Vec::new();
        let mut fragments: AHashMap<&'v str, Uses<'v>> = AHashMap::new();
        for definition in &document.definitions {
            match definition {
                Definition::Operation(operation) => {
                    let types = types.next().map_or(&[][..], Vec::as_slice);
                    let typed = TypedOperation { operation, types };
                    self.operation(typed);
                    operations.push((typed, std::mem::take(&mut self.uses)));
                }
                Definition::Fragment(fragment) => {
                    self.fragment(fragment);
                    fragments.insert(fragment.name.text, std::mem::take(&mut self.uses));
                }
            }
        }
        let mut used = AHashSet::new();
        for (operation, uses) in &operations {
            let (names, usages) = through_fragments(uses, &fragments);
            self.each(|rule, context| rule.usages(context, *operation, &usages));
            used.extend(names);
        }
        self.each(|rule, context| rule.leave_document(context, &used));
    }

    fn operation(&mut self, typed: TypedOperation<'v>) {
        self.each(|rule, context| rule.operation(context, typed));
        let TypedOperation { operation, types } = typed;
        for (definition, type_ref) in operation.variables.iter().zip(types) {
            self.each(|rule, context| rule.variable(context, definition, type_ref));
            if let Some(default) = &definition.default {
                let type_ref = Some(type_ref).filter(|type_ref| self.context.is_input(type_ref));
                self.value(default, Expected { type_ref, ..Expected::default() });
            }
            self.directives("VARIABLE_DEFINITION", &definition.directives);
        }
        let schema = self.context.schema;
        let (location, root) = match operation.kind {
            OperationKind::Query => ("QUERY", Some(&schema.query_type)),
            OperationKind::Mutation => ("MUTATION", schema.mutation_type.as_ref()),
            OperationKind::Subscription => ("SUBSCRIPTION", schema.subscription_type.as_ref()),
        };
        self.directives(location, &operation.directives);
        self.selection_set(&operation.selection_set, root.and_then(|name| schema.get(name)));
    }

    fn fragment(&mut self, fragment: &'v FragmentDefinition<'v>) {
        self.each(|rule, context| rule.fragment(context, fragment));
        self.directives("FRAGMENT_DEFINITION", &fragment.directives);
        let parent = self.context.composite(fragment.type_condition.text);
        self.selection_set(&fragment.selection_set, parent);
    }

    fn selection_set(&mut self, set: &'v SelectionSet<'v>, parent: Option<&'v ApiType>) {
        for item in &set.items {
            match item {
                Selection::Field(field) => self.field(field, parent),
                Selection::Spread(spread) => {
                    self.each(|rule, context| rule.spread(context, parent, spread));
                    self.uses.spreads.push(spread);
                    self.directives("FRAGMENT_SPREAD", &spread.directives);
                }
                Selection::Inline(fragment) => self.inline(fragment, parent),
            }
            if self.context.is_full() {
                return;
            }
        }
    }

    fn field(&mut self, field: &'v Field<'v>, parent: Option<&'v ApiType>) {
        let schema = self.context.schema;
        let definition = parent.and_then(|parent| schema.field(parent, field.name.text));
        let place = FieldPlace { parent, definition, field };
        self.each(|rule, context| rule.field(context, place));
        self.arguments(&field.arguments, |name| definition.and_then(|it| it.arguments.get(name)));
        self.directives("FIELD", &field.directives);
        if let Some(set) = &field.selection_set {
            let ty = definition.and_then(|definition| self.context.composite(definition.type_ref.named()));
            self.selection_set(set, ty);
        }
        self.each(|rule, context| rule.leave_field(context, place));
    }

    fn inline(&mut self, fragment: &'v InlineFragment<'v>, parent: Option<&'v ApiType>) {
        self.each(|rule, context| rule.inline(context, parent, fragment));
        self.directives("INLINE_FRAGMENT", &fragment.directives);
        let parent = match fragment.type_condition {
            Some(condition) => self.context.composite(condition.text),
            None => parent,
        };
        self.selection_set(&fragment.selection_set, parent);
    }

    fn directives(&mut self, location: &'static str, directives: &'v [Directive<'v>]) {
        self.each(|rule, context| rule.directives(context, location, directives));
        for directive in directives {
            let definition = self.context.schema.directive(directive.name.text);
            self.arguments(&directive.arguments, |name| definition.and_then(|it| it.arguments.get(name)));
        }
    }

    fn arguments(&mut self, arguments: &'v [Argument<'v>], definition: impl Fn(&str) -> Option<&'v ApiInputValue>) {
        self.each(|rule, context| rule.arguments(context, arguments));
        for argument in arguments {
            let definition = definition(argument.name.text);
            self.value(&argument.value, expected(definition, None));
        }
    }

    fn value(&mut self, value: &'v Value<'v>, wanted: Expected<'v>) {
        self.each(|rule, context| rule.value(context, value, wanted));
        match &value.kind {
            ValueKind::Variable(name) => {
                self.uses.variables.push(super::context::Usage { name: *name, expected: wanted });
            }
            ValueKind::List(items) => {
                let type_ref = wanted.type_ref.map(item_of);
                let is_judged = wanted.is_judged || type_ref.is_some_and(|item| is_no_list(wanted.type_ref, item));
                for item in items {
                    self.value(item, Expected { type_ref, is_judged, ..Expected::default() });
                }
            }
            ValueKind::Object(fields) => {
                let ty = wanted.type_ref.and_then(|type_ref| self.context.schema.get(type_ref.named()));
                let ty = ty.filter(|ty| ty.kind == TypeKind::InputObject);
                for field in fields {
                    let definition = ty.and_then(|ty| ty.input_fields.get(field.name.text));
                    self.value(&field.value, Expected { is_judged: wanted.is_judged, ..expected(definition, ty) });
                }
            }
            _ => {}
        }
    }
}

fn expected<'v>(definition: Option<&'v ApiInputValue>, object: Option<&'v ApiType>) -> Expected<'v> {
    Expected {
        type_ref: definition.map(|definition| &definition.type_ref),
        has_default: definition.is_some_and(|definition| definition.default.is_some()),
        is_judged: false,
        object,
    }
}

/// The type of the items of a list; where no list is expected, what is.
fn item_of(type_ref: &TypeRef) -> &TypeRef {
    let nullable = match type_ref {
        TypeRef::NonNull(inner) => inner,
        other => other,
    };
    match nullable {
        TypeRef::List(item) => item,
        other => other,
    }
}

/// Whether `item`, the type of the items of a list, is what is expected of the list itself.
fn is_no_list(expected: Option<&TypeRef>, item: &TypeRef) -> bool {
    let nullable = match expected {
        Some(TypeRef::NonNull(inner)) => Some(&**inner),
        other => other,
    };
    nullable.is_some_and(|nullable| std::ptr::eq(nullable, item))
}

/// The names of the fragments that a definition spreads, also through others, and its uses of variables with theirs.
fn through_fragments<'v>(
    uses: &Uses<'v>,
    fragments: &AHashMap<&'v str, Uses<'v>>,
) -> (AHashSet<&'v str>, Vec<super::context::Usage<'v>>) {
    let mut usages = uses.variables.clone();
    let mut names = AHashSet::new();
    let mut waiting: Vec<&Uses<'v>> = vec![uses];
    while let Some(uses) = waiting.pop() {
        for spread in &uses.spreads {
            if names.insert(spread.name.text)
                && let Some(fragment) = fragments.get(spread.name.text)
            {
                usages.extend_from_slice(&fragment.variables);
                waiting.push(fragment);
            }
        }
    }
    (names, usages)
}

//! One operation of a valid document, in the form that the planner reads.
//!
//! The planner keeps whole numbers in 64 bits, other numbers as binary fractions, and the fields of objects in the order
//! of the alphabet. Where a literal of a custom scalar could not bear that, a variable stands for it.

use graphql_tools::{
    parser::{Pos, query::Value as PlannerValue},
    static_graphql::query::{
        Definition as PlannerDefinition, Directive as PlannerDirective, Document as PlannerDocument,
        Field as PlannerField, FragmentDefinition, FragmentSpread, InlineFragment, Mutation, OperationDefinition,
        Query, Selection as PlannerSelection, SelectionSet as PlannerSelectionSet, Subscription, Type, TypeCondition,
        VariableDefinition as PlannerVariable,
    },
};

use super::{conditions::Conditions, live::LIVE, repeated::drop_repeated};
use crate::{
    operation::OperationKind,
    parse::{
        Document,
        ast::{self, Selection, SelectionSet, TypeNode, ValueKind},
    },
    schema::{ApiSchema, ApiType, ServedSchema, TypeKind, TypeRef},
    validate::{VariableDefinition, literal_to_json},
};

type Literal = PlannerValue<'static, String>;

/// An operation for the planner.
pub(super) struct PlannerOperation {
    /// The operation, and behind it the document's fragments.
    pub(super) document: PlannerDocument,
    /// The variables that it defines, and those that stand for literals.
    pub(super) variables: Vec<VariableDefinition>,
}

/// Rewrites `operation` of a valid document. With `conditions`, `@skip` and `@include` ask those instead of variables.
pub(super) fn planner_operation(
    schema: &ServedSchema,
    document: &Document<'_>,
    operation: &ast::OperationDefinition<'_>,
    conditions: Option<&Conditions>,
) -> PlannerOperation {
    let api = schema.api();
    let variables = variables(api, document, operation);
    let mut rewriting = Rewriting { api, conditions, variables };
    let mut planner_variables: Vec<PlannerVariable> =
        operation.variables.iter().map(|definition| rewriting.variable(definition)).collect();
    let directives = rewriting.directives(&operation.directives);
    let root = api.root_type(operation.kind).and_then(|name| api.get(name));
    let set = rewriting.selection_set(&operation.selection_set, root);
    let mut definitions: Vec<PlannerDefinition> =
        document.fragments().map(|fragment| PlannerDefinition::Fragment(rewriting.fragment(fragment))).collect();
    let name = operation.name.map(|name| name.text.to_owned());
    planner_variables.extend(rewriting.variables.iter().filter(|it| it.is_literal).map(literal_variable));
    let parts = (name, planner_variables, directives, set);
    definitions.insert(0, PlannerDefinition::Operation(planner_definition(operation.kind, parts)));
    let mut document = PlannerDocument { definitions };
    drop_repeated(&mut document);
    PlannerOperation { document, variables: rewriting.variables }
}

type Parts = (Option<String>, Vec<PlannerVariable>, Vec<PlannerDirective>, PlannerSelectionSet);

fn planner_definition(kind: OperationKind, parts: Parts) -> OperationDefinition {
    let position = Pos::default();
    let (name, variable_definitions, directives, selection_set) = parts;
    match kind {
        OperationKind::Query => {
            OperationDefinition::Query(Query { position, name, variable_definitions, directives, selection_set })
        }
        OperationKind::Mutation => {
            OperationDefinition::Mutation(Mutation { position, name, variable_definitions, directives, selection_set })
        }
        OperationKind::Subscription => OperationDefinition::Subscription(Subscription {
            position,
            name,
            variable_definitions,
            directives,
            selection_set,
        }),
    }
}

fn variables(
    api: &ApiSchema,
    document: &Document<'_>,
    operation: &ast::OperationDefinition<'_>,
) -> Vec<VariableDefinition> {
    let read = |definition: &ast::VariableDefinition<'_>| {
        let type_ref = type_of(&definition.type_node);
        let location = document.location(definition.at);
        VariableDefinition {
            name: definition.name.text.to_owned(),
            default: definition.default.as_ref().map(|default| literal_to_json(api, default, &type_ref)),
            type_ref,
            is_condition: false,
            is_literal: false,
            position: (location.line, location.column),
        }
    };
    operation.variables.iter().map(read).collect()
}

fn type_of(node: &TypeNode<'_>) -> TypeRef {
    match node {
        TypeNode::Named(name) => TypeRef::Named(name.text.to_owned()),
        TypeNode::List(_, inner) => TypeRef::List(Box::new(type_of(inner))),
        TypeNode::NonNull(inner) => TypeRef::NonNull(Box::new(type_of(inner))),
    }
}

fn literal_variable(definition: &VariableDefinition) -> PlannerVariable {
    PlannerVariable {
        position: Pos::default(),
        name: definition.name.clone(),
        var_type: planner_type(&definition.type_ref),
        default_value: None,
    }
}

fn planner_type(type_ref: &TypeRef) -> Type {
    match type_ref {
        TypeRef::Named(name) => Type::NamedType(name.clone()),
        TypeRef::List(inner) => Type::ListType(Box::new(planner_type(inner))),
        TypeRef::NonNull(inner) => Type::NonNullType(Box::new(planner_type(inner))),
    }
}

struct Rewriting<'s> {
    api: &'s ApiSchema,
    conditions: Option<&'s Conditions>,
    variables: Vec<VariableDefinition>,
}

impl<'s> Rewriting<'s> {
    /// The default only says that there is one, since every request carries the variable's value.
    fn variable(&self, definition: &ast::VariableDefinition<'_>) -> PlannerVariable {
        let type_ref = type_of(&definition.type_node);
        PlannerVariable {
            position: Pos::default(),
            name: definition.name.text.to_owned(),
            default_value: definition.default.as_ref().map(|default| plain(self.api, default, Some(&type_ref))),
            var_type: planner_type(&type_ref),
        }
    }

    fn fragment(&mut self, fragment: &ast::FragmentDefinition<'_>) -> FragmentDefinition {
        let on = fragment.type_condition.text;
        FragmentDefinition {
            position: Pos::default(),
            name: fragment.name.text.to_owned(),
            type_condition: TypeCondition::On(on.to_owned()),
            directives: self.directives(&fragment.directives),
            selection_set: self.selection_set(&fragment.selection_set, self.api.get(on)),
        }
    }

    fn selection_set(&mut self, set: &SelectionSet<'_>, parent: Option<&'s ApiType>) -> PlannerSelectionSet {
        let items = set.items.iter().map(|item| self.selection(item, parent)).collect();
        PlannerSelectionSet { span: (Pos::default(), Pos::default()), items }
    }

    fn selection(&mut self, item: &Selection<'_>, parent: Option<&'s ApiType>) -> PlannerSelection {
        let directives = self.directives(item.directives());
        let position = Pos::default();
        match item {
            Selection::Field(field) => PlannerSelection::Field(self.field(field, parent, directives)),
            Selection::Spread(spread) => {
                let fragment_name = spread.name.text.to_owned();
                PlannerSelection::FragmentSpread(FragmentSpread { position, fragment_name, directives })
            }
            Selection::Inline(fragment) => {
                let on = fragment.type_condition.map(|condition| condition.text);
                let parent = on.map_or(parent, |name| self.api.get(name));
                PlannerSelection::InlineFragment(InlineFragment {
                    position,
                    type_condition: on.map(|name| TypeCondition::On(name.to_owned())),
                    directives,
                    selection_set: self.selection_set(&fragment.selection_set, parent),
                })
            }
        }
    }

    fn field(
        &mut self,
        field: &ast::Field<'_>,
        parent: Option<&'s ApiType>,
        directives: Vec<PlannerDirective>,
    ) -> PlannerField {
        let api = self.api;
        let definition = parent.and_then(|parent| api.field(parent, field.name.text));
        let argument = |argument: &ast::Argument<'_>| {
            let expected = definition.and_then(|definition| definition.arguments.get(argument.name.text));
            let value = self.value(&argument.value, expected.map(|expected| &expected.type_ref));
            (argument.name.text.to_owned(), value)
        };
        let arguments = field.arguments.iter().map(argument).collect();
        let below = definition.and_then(|definition| api.get(definition.type_ref.named()));
        PlannerField {
            position: Pos::default(),
            alias: field.alias.map(|alias| alias.text.to_owned()),
            name: field.name.text.to_owned(),
            arguments,
            directives,
            selection_set: match &field.selection_set {
                Some(set) => self.selection_set(set, below),
                None => PlannerSelectionSet { span: (Pos::default(), Pos::default()), items: Vec::new() },
            },
        }
    }

    fn directives(&mut self, directives: &[ast::Directive<'_>]) -> Vec<PlannerDirective> {
        // The gateway keeps queries alive; no subgraph is asked to.
        let others = directives.iter().filter(|directive| directive.name.text != LIVE);
        let rewritten = others.map(|directive| self.directive(directive));
        rewritten.filter(|directive| !changes_nothing(directive)).collect()
    }

    fn directive(&mut self, directive: &ast::Directive<'_>) -> PlannerDirective {
        let api = self.api;
        let name = directive.name.text;
        let definition = api.directive(name);
        let mut arguments = Vec::with_capacity(directive.arguments.len());
        for ast::Argument { name: argument, value } in &directive.arguments {
            let asked = match (&value.kind, name) {
                (ValueKind::Variable(variable), "skip" | "include") => self.condition(variable.text),
                _ => None,
            };
            let expected = definition.and_then(|definition| definition.arguments.get(argument.text));
            let value = match asked {
                Some(value) => PlannerValue::Boolean(value),
                None => plain(api, value, expected.map(|expected| &expected.type_ref)),
            };
            arguments.push((argument.text.to_owned(), value));
        }
        PlannerDirective { position: Pos::default(), name: name.to_owned(), arguments }
    }

    /// Notes that a variable decides what is selected; returns its value where that is known.
    fn condition(&mut self, name: &str) -> Option<bool> {
        let variable = self.variables.iter_mut().find(|known| known.name == name);
        variable.into_iter().for_each(|known| known.is_condition = true);
        self.conditions.and_then(|conditions| conditions.get(name))
    }

    /// A value of an argument; what the planner would change becomes a variable.
    fn value(&mut self, value: &ast::Value<'_>, expected: Option<&TypeRef>) -> Literal {
        let named = expected.and_then(|expected| self.api.get(expected.named()));
        if let (Some(expected), Some(named)) = (expected, named)
            && named.kind == TypeKind::Scalar
            && is_changed(value, &named.name)
            && value.kind.is_constant()
        {
            return PlannerValue::Variable(self.literal(value, expected));
        }
        match &value.kind {
            ValueKind::List(items) => {
                let item = expected.map(item_of);
                PlannerValue::List(items.iter().map(|value| self.value(value, item)).collect())
            }
            ValueKind::Object(fields) => PlannerValue::Object(
                fields
                    .iter()
                    .map(|field| {
                        let expected = field_of(named, expected, field.name.text);
                        (field.name.text.to_owned(), self.value(&field.value, expected))
                    })
                    .collect(),
            ),
            _ => plain(self.api, value, expected),
        }
    }

    /// The name of a variable that stands for a literal; the same for the same, so that fields can still be merged.
    fn literal(&mut self, value: &ast::Value<'_>, type_ref: &TypeRef) -> String {
        let default = Some(literal_to_json(self.api, value, type_ref));
        let is_same = |it: &&VariableDefinition| it.is_literal && it.type_ref == *type_ref && it.default == default;
        if let Some(known) = self.variables.iter().find(is_same) {
            return known.name.clone();
        }
        let is_taken = |name: &String| self.variables.iter().any(|known| known.name == *name);
        let name = (0..=self.variables.len()).map(|number| format!("literal{number}")).find(|name| !is_taken(name));
        let name = name.unwrap_or_default();
        self.variables.push(VariableDefinition {
            name: name.clone(),
            type_ref: type_ref.clone(),
            default,
            is_condition: false,
            is_literal: true,
            position: (0, 0),
        });
        name
    }
}

/// `@include(if: true)` and `@skip(if: false)`; with one of them the planner takes a field for another one.
fn changes_nothing(directive: &PlannerDirective) -> bool {
    let asked = match directive.arguments.as_slice() {
        [(_, PlannerValue::Boolean(asked))] => *asked,
        _ => return false,
    };
    matches!((directive.name.as_str(), asked), ("include", true) | ("skip", false))
}

/// What a field of an object takes: an input's field, or anything in the object of a custom scalar.
fn field_of<'s>(named: Option<&'s ApiType>, expected: Option<&'s TypeRef>, field: &str) -> Option<&'s TypeRef> {
    match named {
        Some(ty) if ty.kind == TypeKind::InputObject => ty.input_fields.get(field).map(|field| &field.type_ref),
        _ => expected.map(innermost),
    }
}

/// The named type, without lists and marks.
fn innermost(type_ref: &TypeRef) -> &TypeRef {
    match type_ref {
        TypeRef::Named(_) => type_ref,
        TypeRef::List(inner) | TypeRef::NonNull(inner) => innermost(inner),
    }
}

/// What the items of a list take.
fn item_of(type_ref: &TypeRef) -> &TypeRef {
    match type_ref {
        TypeRef::NonNull(inner) => item_of(inner),
        TypeRef::List(item) => item,
        TypeRef::Named(_) => type_ref,
    }
}

/// Whether the planner would write this value of a scalar in a way that means something else, or that not every
/// subgraph reads. A name within lists or objects is text to every scalar that takes those.
fn is_changed(value: &ast::Value<'_>, scalar: &str) -> bool {
    let is_built_in = matches!(scalar, "Int" | "Float" | "String" | "Boolean" | "ID");
    match &value.kind {
        ValueKind::Int(digits) => !is_built_in && digits.parse::<i32>().is_err(),
        ValueKind::Float(digits) => {
            let size = digits.parse::<f64>().map_or(f64::INFINITY, f64::abs);
            !is_built_in || size >= 1e15 || (size > 0.0 && size < 1e-5)
        }
        ValueKind::List(items) => !is_built_in && items.iter().any(|item| is_changed(item, scalar)),
        ValueKind::Object(fields) => fields.len() > 1 || fields.iter().any(|field| is_changed(&field.value, scalar)),
        _ => false,
    }
}

/// A value, as well as the planner's form can hold it.
fn plain(api: &ApiSchema, value: &ast::Value<'_>, expected: Option<&TypeRef>) -> Literal {
    let name = expected.map(TypeRef::named);
    match &value.kind {
        ValueKind::Variable(name) => PlannerValue::Variable(name.text.to_owned()),
        ValueKind::Int(digits) if name == Some("ID") => PlannerValue::String((*digits).to_owned()),
        ValueKind::Int(digits) => match digits.parse::<i32>() {
            Ok(number) => PlannerValue::Int(number.into()),
            Err(_) => PlannerValue::Float(digits.parse().unwrap_or_default()),
        },
        ValueKind::Float(digits) => PlannerValue::Float(digits.parse().unwrap_or_default()),
        ValueKind::String { text, .. } => PlannerValue::String(text.as_ref().to_owned()),
        ValueKind::Boolean(truth) => PlannerValue::Boolean(*truth),
        ValueKind::Null => PlannerValue::Null,
        ValueKind::Enum(name) => PlannerValue::Enum((*name).to_owned()),
        ValueKind::List(items) => {
            let item = expected.map(item_of);
            PlannerValue::List(items.iter().map(|value| plain(api, value, item)).collect())
        }
        ValueKind::Object(fields) => {
            let named = name.and_then(|name| api.get(name));
            let field = |field: &ast::Argument<'_>| {
                let expected = field_of(named, expected, field.name.text);
                (field.name.text.to_owned(), plain(api, &field.value, expected))
            };
            PlannerValue::Object(fields.iter().map(field).collect())
        }
    }
}

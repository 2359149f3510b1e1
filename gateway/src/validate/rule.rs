//! What a rule may look at while the document is walked, from top to bottom.

use super::context::{Context, Expected, TypedOperation, Usage};
use crate::{
    parse::ast::{
        Argument, Directive, Field, FragmentDefinition, FragmentSpread, InlineFragment, Value, VariableDefinition,
    },
    schema::{ApiField, ApiType, TypeRef},
};

/// A field in the document, with what the schema says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldPlace<'v> {
    /// What it is selected on; `None` where that is unknown.
    pub(super) parent: Option<&'v ApiType>,
    /// `None` when the parent has no such field.
    pub(super) definition: Option<&'v ApiField>,
    pub(super) field: &'v Field<'v>,
}

/// One rule of the specification; it hears of what it cares for.
#[expect(unused_variables, reason = "a rule that does not care for something does nothing with it")]
pub(super) trait Rule<'v> {
    /// Before anything else.
    fn document(&mut self, context: &mut Context<'v>) {}
    /// An operation, before what is in it.
    fn operation(&mut self, context: &mut Context<'v>, operation: TypedOperation<'v>) {}
    /// A variable's definition.
    fn variable(&mut self, context: &mut Context<'v>, definition: &'v VariableDefinition<'v>, type_ref: &'v TypeRef) {}
    /// A fragment's definition, before what is in it.
    fn fragment(&mut self, context: &mut Context<'v>, fragment: &'v FragmentDefinition<'v>) {}
    /// The directives at one place; `location` is what the schema calls the place.
    fn directives(&mut self, context: &mut Context<'v>, location: &'static str, directives: &'v [Directive<'v>]) {}
    /// The arguments of a field or directive.
    fn arguments(&mut self, context: &mut Context<'v>, arguments: &'v [Argument<'v>]) {}
    /// A field, before what is in it.
    fn field(&mut self, context: &mut Context<'v>, place: FieldPlace<'v>) {}
    /// A field, after what is in it.
    fn leave_field(&mut self, context: &mut Context<'v>, place: FieldPlace<'v>) {}
    /// A fragment spread on `parent`.
    fn spread(&mut self, context: &mut Context<'v>, parent: Option<&'v ApiType>, spread: &'v FragmentSpread<'v>) {}
    /// An inline fragment on `parent`, before what is in it.
    fn inline(&mut self, context: &mut Context<'v>, parent: Option<&'v ApiType>, fragment: &'v InlineFragment<'v>) {}
    /// A value, before what is in it; also those in lists and objects.
    fn value(&mut self, context: &mut Context<'v>, value: &'v Value<'v>, expected: Expected<'v>) {}
    /// An operation with all uses of variables in it and in the fragments that it spreads, after all definitions.
    fn usages(&mut self, context: &mut Context<'v>, operation: TypedOperation<'v>, usages: &[Usage<'v>]) {}
    /// After everything else, with the names of the fragments that operations use.
    fn leave_document(&mut self, context: &mut Context<'v>, used_fragments: &ahash::AHashSet<&'v str>) {}
}

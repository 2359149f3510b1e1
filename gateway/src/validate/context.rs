//! What the rules know of the document and its schema, and the errors that they found.

use ahash::AHashMap;

use crate::{
    error::{GraphqlError, code},
    parse::{
        Document,
        ast::{FragmentDefinition, FragmentSpread, Name, Offset, OperationDefinition},
    },
    schema::{ApiSchema, ApiType, TypeKind, TypeRef},
};

/// How many violations are listed before the rest is left out.
const MAX_ERRORS: usize = 100;

/// What a place takes for a value.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Expected<'v> {
    /// Its type; `None` where that is unknown.
    pub(super) type_ref: Option<&'v TypeRef>,
    /// Whether it has a default.
    pub(super) has_default: bool,
    /// Whether it is in a list where none is expected; that it is there has been judged as a whole.
    pub(super) is_judged: bool,
    /// The input object that it is a field of.
    pub(super) object: Option<&'v ApiType>,
}

/// One use of a variable.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage<'v> {
    pub(super) name: Name<'v>,
    pub(super) expected: Expected<'v>,
}

/// An operation with the types of its variables.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypedOperation<'v> {
    pub(super) operation: &'v OperationDefinition<'v>,
    /// In the order of the definitions.
    pub(super) types: &'v [TypeRef],
}

/// What one definition uses.
#[derive(Debug, Default)]
pub(super) struct Uses<'v> {
    pub(super) variables: Vec<Usage<'v>>,
    pub(super) spreads: Vec<&'v FragmentSpread<'v>>,
}

/// What the rules share.
pub(super) struct Context<'v> {
    pub(super) schema: &'v ApiSchema,
    pub(super) document: &'v Document<'v>,
    /// Of fragments of one name the last.
    pub(super) fragments: AHashMap<&'v str, &'v FragmentDefinition<'v>>,
    /// Whether messages may suggest names of the schema.
    pub(super) hints: bool,
    /// Whether fragments lead to themselves, which rules that follow them everywhere must know.
    pub(super) has_cycles: bool,
    errors: Vec<GraphqlError>,
}

impl<'v> Context<'v> {
    pub(super) fn new(schema: &'v ApiSchema, document: &'v Document<'v>, hints: bool) -> Self {
        let fragments = document.fragments().map(|fragment| (fragment.name.text, fragment)).collect();
        Self { schema, document, fragments, hints, has_cycles: false, errors: Vec::new() }
    }

    /// Adds an error at these places of the document.
    pub(super) fn report(&mut self, message: String, places: &[Offset]) {
        if self.is_full() {
            return;
        }
        let locations = places.iter().map(|&at| self.document.location(at)).collect();
        self.errors.push(GraphqlError { locations, ..GraphqlError::new(code::VALIDATION_FAILED, message) });
        if self.is_full() {
            let message = "Too many validation errors, error limit reached. Validation aborted.";
            self.errors.push(GraphqlError::new(code::VALIDATION_FAILED, message));
        }
    }

    /// Whether no more errors are taken.
    pub(super) const fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    pub(super) fn into_errors(self) -> Vec<GraphqlError> {
        self.errors
    }

    /// A type that has or can have fields.
    pub(super) fn composite(&self, name: &str) -> Option<&'v ApiType> {
        self.schema.get(name).filter(|ty| is_composite(ty))
    }

    /// Whether the named type of `type_ref` can be given as a value.
    pub(super) fn is_input(&self, type_ref: &TypeRef) -> bool {
        self.schema
            .get(type_ref.named())
            .is_some_and(|ty| matches!(ty.kind, TypeKind::Scalar | TypeKind::Enum | TypeKind::InputObject))
    }
}

pub(super) const fn is_composite(ty: &ApiType) -> bool {
    matches!(ty.kind, TypeKind::Object | TypeKind::Interface | TypeKind::Union)
}

pub(super) const fn is_leaf(ty: &ApiType) -> bool {
    matches!(ty.kind, TypeKind::Scalar | TypeKind::Enum)
}

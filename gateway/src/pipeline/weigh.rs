//! How much memory a prepared operation takes.

use crate::{
    plan::{Batch, BatchOutput, Fetch, Path, PathStep, PreparedOperation, Required, Step, Target, Way},
    schema::TypeRef,
    validate::VariableDefinition,
    weight::{HeapBytes, owns},
};

/// The bytes of `operation`, also of those that it shares with the same operation in other texts. With a profile for the
/// cache of answers it is about so much more as the shapes and texts of its fetches are.
pub(super) fn operation_bytes(operation: &PreparedOperation, has_profile: bool) -> usize {
    // The structs themselves, those behind their pointers too.
    const HEADS: usize = 1_024;
    let plan = operation.plan();
    let shapes = operation.shapes().heap_bytes();
    let client = operation.projection().heap_bytes() + operation.program().heap_bytes() + operation.keys().heap_bytes();
    let variables: usize = operation.variables().iter().map(|it| size_of_val(it) + it.heap_bytes()).sum();
    let profile =
        if has_profile { shapes + plan.fetches().map(|fetch| fetch.operation.len()).sum::<usize>() } else { 0 };
    HEADS + shapes + client + variables + profile + plan.steps.heap_bytes() + plan.subscription.heap_bytes()
}

owns!(Step: after, before, fetch);
owns!(Fetch: operation, body_start, variables, target);
owns!(Batch: variable, paths, requires, renames, outputs);
owns!(BatchOutput: wire);
owns!(Required: types, prefix, below);
owns!(Way: path);
owns!(VariableDefinition: name, type_ref, default);

impl HeapBytes for Target {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Root => 0,
            Self::At(way) => way.heap_bytes(),
            Self::Entities(batches) => batches.heap_bytes(),
        }
    }
}

impl HeapBytes for Path {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

impl HeapBytes for PathStep {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Field(..) => 0,
            Self::Types(types) => types.heap_bytes(),
        }
    }
}

impl HeapBytes for TypeRef {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Named(name) => name.heap_bytes(),
            Self::List(inner) | Self::NonNull(inner) => inner.heap_bytes(),
        }
    }
}

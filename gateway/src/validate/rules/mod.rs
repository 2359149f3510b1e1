//! The rules of the specification's chapter on validation, one in each file, in the order in which they run.
//!
//! Errors have the words and the places that graphql-js gives them, so that tools that know those know these.
//! "Executable definitions" and "empty selection sets" are the parser's.

mod defer_label;
mod defer_on_root_field;
mod defer_on_valid_operations;
mod fields_on_correct_type;
mod fragments_on_composite_types;
mod known_argument_names;
mod known_directives;
mod known_fragment_names;
mod known_type_names;
mod lone_anonymous_operation;
mod max_introspection_depth;
mod no_fragment_cycles;
mod no_undefined_variables;
mod no_unused_fragments;
mod no_unused_variables;
mod operation_type_existence;
mod overlapping;
mod possible_fragment_spreads;
mod provided_required_arguments;
mod repeated;
mod scalar_leafs;
mod single_field_subscriptions;
#[cfg(test)]
mod testing;
mod unique_argument_names;
mod unique_directives_per_location;
mod unique_fragment_names;
mod unique_input_field_names;
mod unique_operation_names;
mod unique_variable_names;
mod values_of_correct_type;
mod variables_are_input_types;
mod variables_in_allowed_position;

use super::walk::Rules;

/// All rules.
pub(super) fn rules<'v>() -> Rules<'v> {
    vec![
        Box::new(operation_type_existence::OperationTypeExistence),
        Box::new(unique_operation_names::UniqueOperationNames),
        Box::new(lone_anonymous_operation::LoneAnonymousOperation),
        Box::new(single_field_subscriptions::SingleFieldSubscriptions),
        Box::new(known_type_names::KnownTypeNames),
        Box::new(fragments_on_composite_types::FragmentsOnCompositeTypes),
        Box::new(variables_are_input_types::VariablesAreInputTypes),
        Box::new(scalar_leafs::ScalarLeafs),
        Box::new(fields_on_correct_type::FieldsOnCorrectType),
        Box::new(unique_fragment_names::UniqueFragmentNames),
        Box::new(known_fragment_names::KnownFragmentNames),
        Box::new(no_unused_fragments::NoUnusedFragments),
        Box::new(possible_fragment_spreads::PossibleFragmentSpreads),
        Box::new(no_fragment_cycles::NoFragmentCycles),
        Box::new(unique_variable_names::UniqueVariableNames),
        Box::new(no_undefined_variables::NoUndefinedVariables),
        Box::new(no_unused_variables::NoUnusedVariables),
        Box::new(known_directives::KnownDirectives),
        Box::new(unique_directives_per_location::UniqueDirectivesPerLocation),
        Box::new(defer_on_root_field::DeferOnRootField),
        Box::new(defer_on_valid_operations::DeferOnValidOperations),
        Box::new(defer_label::DeferLabel::default()),
        Box::new(known_argument_names::KnownArgumentNames),
        Box::new(unique_argument_names::UniqueArgumentNames),
        Box::new(values_of_correct_type::ValuesOfCorrectType),
        Box::new(provided_required_arguments::ProvidedRequiredArguments),
        Box::new(variables_in_allowed_position::VariablesInAllowedPosition),
        Box::new(overlapping::OverlappingFieldsCanBeMerged),
        Box::new(unique_input_field_names::UniqueInputFieldNames),
        Box::new(max_introspection_depth::MaxIntrospectionDepth),
    ]
}

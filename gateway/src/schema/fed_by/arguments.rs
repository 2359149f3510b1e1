//! Whether one field can be asked with the arguments of another.

use graphql_tools::static_graphql::schema::{Field, InputValue};

use super::{super::TypeRef, read::Wrong};

/// The snapshot is asked with whatever else a client says in the subscription.
pub(super) fn check_other_arguments(
    field: &Field,
    (name, query): (&str, Option<&Field>),
    key: &str,
) -> Result<(), Wrong> {
    let others = |field: &'_ Field| -> Vec<InputValue> {
        field.arguments.iter().filter(|argument| argument.name != key).cloned().collect()
    };
    let (given, wanted) = (others(field), query.map(others).unwrap_or_default());
    let wrong = |reason: String| Err(("FED_BY_SNAPSHOT_ARGUMENT_MISMATCH", format!("snapshot: {reason}")));
    for argument in &given {
        let given = TypeRef::from(&argument.value_type);
        match wanted.iter().find(|wanted| wanted.name == argument.name) {
            None => return wrong(format!("the query field `{name}` has no argument `{}`", argument.name)),
            Some(wanted) if !fits(&given, &TypeRef::from(&wanted.value_type)) => {
                let wanted = TypeRef::from(&wanted.value_type);
                return wrong(format!(
                    "`{name}({}: {wanted})` does not take what is given as `{given}`",
                    argument.name
                ));
            }
            Some(_) => {}
        }
    }
    let is_needed = |argument: &InputValue| {
        argument.default_value.is_none() && matches!(TypeRef::from(&argument.value_type), TypeRef::NonNull(_))
    };
    let is_given = |name: &str| given.iter().any(|given| given.name == name && is_needed(given));
    match wanted.iter().find(|wanted| is_needed(wanted) && !is_given(&wanted.name)) {
        Some(missing) => wrong(format!("`{name}` needs the argument `{}`, which need not be given", missing.name)),
        None => Ok(()),
    }
}

/// Whether what is given as one type can be taken as another.
fn fits(given: &TypeRef, wanted: &TypeRef) -> bool {
    match (given, wanted) {
        (TypeRef::NonNull(given), TypeRef::NonNull(wanted)) | (TypeRef::List(given), TypeRef::List(wanted)) => {
            fits(given, wanted)
        }
        (TypeRef::NonNull(given), wanted) => fits(given, wanted),
        (TypeRef::Named(given), TypeRef::Named(wanted)) => given == wanted,
        _ => false,
    }
}

/// How many lists are around a type.
pub(super) fn depth(of: &TypeRef) -> usize {
    match of {
        TypeRef::Named(_) => 0,
        TypeRef::List(inner) => 1 + depth(inner),
        TypeRef::NonNull(inner) => depth(inner),
    }
}

//! Finds objects in the tree again after it has grown.

use crate::{
    error::PathSegment,
    plan::{Path, PathStep},
    schema::TypeNames,
    value::{Keys, Object, Value},
};

/// Calls `visit` with each object at a path and the list indices on the way to it.
pub(super) fn visit_objects<'v>(
    root: &'v Object,
    path: &Path,
    types: &TypeNames,
    visit: &mut impl FnMut(&'v Object, &[u32]),
) {
    visit_object(root, &path.0, types, &mut Walk { indices: Vec::new(), visit });
}

struct Walk<'w, F> {
    indices: Vec<u32>,
    visit: &'w mut F,
}

fn visit_object<'v, F: FnMut(&'v Object, &[u32])>(
    object: &'v Object,
    steps: &[PathStep],
    types: &TypeNames,
    walk: &mut Walk<'_, F>,
) {
    match steps.split_first() {
        None => (walk.visit)(object, &walk.indices),
        Some((PathStep::Types(wanted), rest)) => {
            // An object of unknown type is taken: its subgraph was not asked because there is only one type.
            if object.typename.is_none_or(|ty| wanted.iter().any(|&wanted| types.fits(ty, wanted))) {
                visit_object(object, rest, types, walk);
            }
        }
        Some((PathStep::Field(key, renamed), rest)) => {
            if let Some(value) = object.get_either(*key, *renamed) {
                visit_value(value, rest, types, walk);
            }
        }
    }
}

fn visit_value<'v, F: FnMut(&'v Object, &[u32])>(
    value: &'v Value,
    steps: &[PathStep],
    types: &TypeNames,
    walk: &mut Walk<'_, F>,
) {
    match value {
        Value::Object(object) => visit_object(object, steps, types, walk),
        Value::List(items) => {
            for (index, item) in (0_u32..).zip(items) {
                walk.indices.push(index);
                visit_value(item, steps, types, walk);
                walk.indices.pop();
            }
        }
        Value::Null | Value::Leaf(_) => {}
    }
}

/// The object that [`visit_objects`] found with these indices.
pub(super) fn object_at_mut<'v>(root: &'v mut Object, path: &Path, indices: &[u32]) -> Option<&'v mut Object> {
    let mut indices = indices.iter();
    let mut object = root;
    for step in &path.0 {
        let PathStep::Field(key, renamed) = step else { continue };
        let key = renamed.filter(|&renamed| object.get(renamed).is_some()).unwrap_or(*key);
        let mut value = object.get_mut(key)?;
        while let Value::List(items) = value {
            value = items.get_mut(*indices.next()? as usize)?;
        }
        let Value::Object(next) = value else { return None };
        object = next;
    }
    Some(object)
}

/// The path of that object in the client's response.
pub(super) fn error_path(root: &Object, path: &Path, indices: &[u32], keys: &Keys) -> Vec<PathSegment> {
    let mut segments = Vec::new();
    let mut indices = indices.iter();
    let mut object = Some(root);
    for step in &path.0 {
        let PathStep::Field(key, renamed) = step else { continue };
        segments.push(PathSegment::Key(keys.name(*key).to_owned()));
        let mut value = object.and_then(|object| object.get_either(*key, *renamed));
        while let Some(Value::List(items)) = value {
            let Some(&index) = indices.next() else { return segments };
            segments.push(PathSegment::Index(index as usize));
            value = items.get(index as usize);
        }
        object = match value {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        };
    }
    segments
}

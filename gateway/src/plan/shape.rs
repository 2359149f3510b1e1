//! The shape of an answer, from the operation that is sent.

use hive_router_query_planner::{
    ast::{document::Document, selection_item::SelectionItem, selection_set::SelectionSet},
    planner::plan_nodes::{FetchNodePathSegment, FetchRewrite},
};

use crate::value::{KeyId, Keys, ShapeEntry, ShapeId, Shapes};

/// Adds the shape of what `document` selects.
pub(super) fn shape_of(document: &Document, keys: &mut Keys, shapes: &mut Shapes) -> ShapeId {
    let root = shapes.add();
    add_selection(&document.operation.selection_set, root, (document, keys, shapes));
    root
}

fn add_selection(set: &SelectionSet, into: ShapeId, (document, keys, shapes): (&Document, &mut Keys, &mut Shapes)) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                let wire = field.selection_identifier();
                let key = keys.intern(wire);
                let child = entry(shapes, into, (wire, &field.name), (key, !field.selections.is_empty()));
                if let Some(child) = child {
                    add_selection(&field.selections, child, (document, keys, shapes));
                }
            }
            SelectionItem::InlineFragment(fragment) => {
                add_selection(&fragment.selections, into, (document, keys, shapes));
            }
            SelectionItem::FragmentSpread(name) => {
                if let Some(fragment) = document.fragments.iter().find(|fragment| fragment.name == *name) {
                    add_selection(&fragment.selection_set, into, (document, keys, shapes));
                }
            }
        }
    }
}

/// The entry of `wire` is made if need be; returns the shape below it.
fn entry(
    shapes: &mut Shapes,
    into: ShapeId,
    (wire, name): (&str, &str),
    (key, is_composite): (KeyId, bool),
) -> Option<ShapeId> {
    let known = shapes.get(into).and_then(|shape| shape.entries.iter().position(|entry| &*entry.wire == wire));
    let known_child = known.and_then(|at| shapes.get(into)?.entries.get(at)?.child);
    let child = if is_composite { known_child.or_else(|| Some(shapes.add())) } else { known_child };
    let shape = shapes.get_mut(into)?;
    match known.and_then(|at| shape.entries.get_mut(at)) {
        Some(entry) => entry.child = child,
        None => {
            let is_typename = name == "__typename";
            shape.entries.push(ShapeEntry { name: name.into(), key, is_typename, ..ShapeEntry::new(wire, child) });
        }
    }
    child
}

/// The shape below a wire key.
pub(super) fn child_of(shapes: &Shapes, shape: ShapeId, wire: &str) -> Option<ShapeId> {
    shapes.get(shape)?.entries.iter().find(|entry| &*entry.wire == wire)?.child
}

/// Renames keys where the planner asked under other names than the client, so that the tree has the client's.
pub(super) fn apply_output_rewrites(
    rewrites: &[FetchRewrite],
    start: ShapeId,
    keys: &mut Keys,
    shapes: &mut Shapes,
) -> Result<(), String> {
    for rewrite in rewrites {
        let FetchRewrite::KeyRenamer(renamer) = rewrite else {
            return Err("a value setter among output rewrites".to_owned());
        };
        let path: Vec<&str> = renamer
            .path
            .iter()
            .filter_map(|segment| match segment {
                FetchNodePathSegment::Key(key) => Some(key.as_str()),
                FetchNodePathSegment::TypenameEquals(_) => None,
            })
            .collect();
        let Some((last, parents)) = path.split_last() else { continue };
        let at = parents.iter().try_fold(start, |shape, wire| child_of(shapes, shape, wire));
        let key = keys.rename(last, &renamer.rename_key_to);
        let entries = &mut at
            .and_then(|shape| shapes.get_mut(shape))
            .ok_or_else(|| format!("an output rewrite below `{}`, which is not selected", path.join(".")))?
            .entries;
        let client = renamer.rename_key_to.as_str();
        let entry = entries
            .iter_mut()
            .find(|entry| &*entry.wire == *last)
            .ok_or_else(|| format!("an output rewrite of `{}`, which is not selected", path.join(".")))?;
        entry.key = key;
        // Where the client's field comes last, the planner asks for what it needs itself under the other name.
        let is_own = &*entry.name == client;
        let own_key = keys.intern(client);
        if is_own && let Some(of_client) = entries.iter_mut().find(|it| &*it.wire == client && &*it.name != client) {
            of_client.key = key;
            if let Some(entry) = entries.iter_mut().find(|entry| &*entry.wire == *last) {
                entry.key = own_key;
            }
        }
    }
    Ok(())
}

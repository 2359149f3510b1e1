//! What representations hold, and under which type names.

use hive_router_query_planner::{
    ast::{selection_item::SelectionItem, selection_set::SelectionSet},
    planner::plan_nodes::{FetchNodePathSegment, FetchRewrite},
};

use super::node::{Place, Rename, Required};
use crate::{
    schema::{TypeId, TypeNames},
    value::{KeyId, Keys},
};

/// The fields of a representation, fragments flattened into type conditions.
pub(super) fn required(set: &SelectionSet, types: &TypeNames, keys: &mut Keys) -> Vec<Required> {
    let mut fields = Vec::new();
    add(set, &[], (types, keys), &mut fields);
    fields
}

fn add(set: &SelectionSet, outer: &[TypeId], (types, keys): (&TypeNames, &mut Keys), fields: &mut Vec<Required>) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                let written = field.selection_identifier();
                let mut prefix = serde_json::to_vec(written).unwrap_or_default();
                prefix.push(b':');
                let mut below = Vec::new();
                add(&field.selections, &[], (types, keys), &mut below);
                let key = keys.intern(&field.name);
                fields.push(Required {
                    types: outer.to_vec(),
                    place: Place::of(key),
                    other: other_key(field.alias.as_deref(), key, keys).map(Place::of),
                    prefix: prefix.into(),
                    below,
                });
            }
            SelectionItem::InlineFragment(fragment) => {
                let mut conditions = outer.to_vec();
                conditions.extend(types.id(&fragment.type_condition));
                add(&fragment.selections, &conditions, (types, keys), fields);
            }
            // Only operations are minified, never what representations hold.
            SelectionItem::FragmentSpread(_) => {}
        }
    }
}

/// Lets what is called by an interface's name be of any type of that interface.
///
/// Of several types that need the same from a subgraph with an interface object, the planner names only the last;
/// the subgraph knows all of them by the interface alone.
pub(super) fn widen(mut required: Vec<Required>, renames: &[Rename], types: &TypeNames) -> Vec<Required> {
    for field in &mut required {
        for ty in &mut field.types {
            let interface = renames
                .iter()
                .flat_map(|(of, _)| of)
                .find(|&&interface| types.is_abstract(interface) && types.fits(*ty, interface));
            *ty = interface.copied().unwrap_or(*ty);
        }
    }
    required
}

fn other_key(alias: Option<&str>, key: KeyId, keys: &mut Keys) -> Option<KeyId> {
    match alias {
        Some(alias) => Some(keys.intern(alias)),
        None => keys.renamed(key),
    }
}

/// Input rewrites set the type's name, and nothing else.
pub(super) fn renames(rewrites: Option<&[FetchRewrite]>, types: &TypeNames) -> Result<Vec<Rename>, String> {
    let mut renames = Vec::new();
    for rewrite in rewrites.unwrap_or_default() {
        let FetchRewrite::ValueSetter(setter) = rewrite else {
            return Err("a key renamer among input rewrites".to_owned());
        };
        let condition = match setter.path.as_slice() {
            [FetchNodePathSegment::TypenameEquals(names), FetchNodePathSegment::Key(key)] if key == "__typename" => {
                names.iter().filter_map(|name| types.id(name)).collect()
            }
            [FetchNodePathSegment::Key(key)] if key == "__typename" => Vec::new(),
            path => return Err(format!("an input rewrite of {path:?}")),
        };
        renames.push((condition, setter.set_value_to.as_str().into()));
    }
    Ok(renames)
}

//! Writes what a subgraph needs to know an entity by.

use crate::{
    plan::{Batch, Required},
    schema::{TypeId, TypeNames},
    value::{Object, Tree, Value},
};

/// The object lacks a field that its representation needs.
struct Incomplete;

/// Writes representations.
#[derive(Clone, Copy)]
pub(super) struct RepresentationWriter<'a> {
    pub(super) types: &'a TypeNames,
    pub(super) tree: &'a Tree,
}

impl RepresentationWriter<'_> {
    /// Appends the representation of `object`; `false`, with nothing appended, when there is none:
    /// it is of another type, or what the representation needs could not be fetched.
    pub(super) fn write(&self, out: &mut Vec<u8>, object: Object, batch: &Batch) -> bool {
        let start = out.len();
        out.extend_from_slice(b"{\"__typename\":\"");
        out.extend_from_slice(self.typename(object, batch).as_bytes());
        out.push(b'"');
        match self.fields(out, object, &batch.requires) {
            Ok(true) => {
                out.push(b'}');
                true
            }
            Ok(false) | Err(Incomplete) => {
                out.truncate(start);
                false
            }
        }
    }

    fn typename<'t>(&'t self, object: Object, batch: &'t Batch) -> &'t str {
        let typename = self.tree.typename(object);
        let renamed = batch.renames.iter().rev().find(|(of, _)| {
            of.is_empty() || typename.is_none_or(|ty| of.iter().any(|&wanted| self.types.fits(ty, wanted)))
        });
        if let Some((_, name)) = renamed {
            return name;
        }
        let declared = || batch.requires.iter().find_map(|field| field.types.first().copied());
        typename.or_else(declared).map_or("", |ty| self.types.name(ty))
    }

    /// Returns whether any field applies to the object's type.
    fn fields(&self, out: &mut Vec<u8>, object: Object, fields: &[Required]) -> Result<bool, Incomplete> {
        let typename = self.tree.typename(object);
        let mut applies = false;
        for field in fields {
            if !self.is_for(field, typename) {
                continue;
            }
            applies = true;
            if field.is_typename() {
                continue;
            }
            let value = self.value_of(object, field).ok_or(Incomplete)?;
            out.push(b',');
            out.extend_from_slice(&field.prefix);
            self.write_value(out, value, &field.below)?;
        }
        Ok(applies)
    }

    fn value_of(&self, object: Object, field: &Required) -> Option<Value> {
        let said = |value: &Value| *value != Value::Absent;
        Some(self.tree.get(object, field.place.slot)).filter(said)
    }

    fn is_for(&self, field: &Required, ty: Option<TypeId>) -> bool {
        // Either way round: an interface object's subgraph calls the object by its interface.
        let fits = |ty| field.types.iter().all(|&wanted| self.types.fits(ty, wanted) || self.types.fits(wanted, ty));
        ty.is_none_or(fits)
    }

    fn write_value(&self, out: &mut Vec<u8>, value: Value, below: &[Required]) -> Result<(), Incomplete> {
        match value {
            Value::Absent | Value::Null | Value::Head { .. } => out.extend_from_slice(b"null"),
            Value::Leaf(span) => out.extend_from_slice(self.tree.bytes(span)),
            Value::List(list) => {
                out.push(b'[');
                for (index, &item) in self.tree.items(list).iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.write_value(out, item, below)?;
                }
                out.push(b']');
            }
            Value::Object(object) => {
                let start = out.len();
                if let Some(ty) = self.tree.typename(object) {
                    out.extend_from_slice(b",\"__typename\":\"");
                    out.extend_from_slice(self.types.name(ty).as_bytes());
                    out.push(b'"');
                }
                self.fields(out, object, below)?;
                // Each entry brought its comma; the first one makes room for the brace.
                match out.get_mut(start) {
                    Some(comma) => *comma = b'{',
                    None => out.push(b'{'),
                }
                out.push(b'}');
            }
        }
        Ok(())
    }
}

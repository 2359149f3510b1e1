//! Writes the response in one pass over the compiled selection.

use std::{ops::Range, sync::Arc};

use ahash::AHashMap;
use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::{
    Field, Leaf, OutputId, Program, Projection,
    divide::Divided,
    introspection,
    leaf::write_leaf,
    output::{OutputField, OutputKind, OutputObject},
};
use crate::{
    error::{GraphqlError, PathSegment, code},
    schema::{ServedSchema, TypeId},
    value::{List, Object, Tree, Value},
};

/// How many errors a response lists; a list of broken items needs no error for each of a million.
const MAX_ERRORS: usize = 1_000;
/// What stands around the data of a response without errors.
const BEFORE_DATA: &[u8] = b"{\"data\":";

/// The encoded data of a response, with all its errors.
#[derive(Debug)]
pub struct Projected {
    /// `data` in JSON.
    pub data: Bytes,
    /// `{"data":…}` in JSON: the response when there is nothing else to say.
    pub encoded: Bytes,
    /// Errors of subgraphs first, then those that projection found.
    pub errors: Vec<GraphqlError>,
}

/// What to project.
#[derive(Clone, Copy)]
pub struct ProjectInput<'a> {
    /// The schema that was planned against.
    pub schema: &'a ServedSchema,
    /// The client's selection.
    pub projection: &'a Projection,
    /// The same, compiled for the tree.
    pub program: &'a Program,
    /// The joined answers.
    pub tree: &'a Tree,
    /// The coerced variables.
    pub variables: &'a Map<String, Json>,
}

/// Writes `object` as `output` says; `errors` are those that subgraphs raised, and `size_hint_bytes` is how long the
/// response may become.
#[must_use]
pub fn project(
    input: ProjectInput<'_>,
    (object, output): (Object, OutputId),
    errors: Vec<GraphqlError>,
    size_hint_bytes: usize,
) -> Projected {
    let out = Vec::with_capacity(size_hint_bytes.max(512));
    let mut writer = Writer::new(input, out, errors, None);
    if writer.object(object, output, None, None).is_err() {
        writer.null();
    }
    writer.finish()
}

/// A non-null field was null: the nearest nullable parent becomes null.
pub(super) struct Bubble;

/// Where in the response something is: a step below what is above it.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) above: Option<&'p Self>,
    pub(super) step: Step<'p>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'p> {
    Field(&'p OutputField),
    Index(usize),
}

pub(super) struct Writer<'a, 'd, 'p> {
    pub(super) input: ProjectInput<'a>,
    pub(super) out: Vec<u8>,
    pub(super) errors: Vec<GraphqlError>,
    /// Where only a part is written: which, and what is left for later.
    pub(super) divided: Option<Divided<'p, 'd>>,
    /// Where what is shared was written, by its number, the field and how many lists are around it.
    written: AHashMap<(u32, u32, usize), Range<usize>>,
    /// The fields that variables select, in their order, of objects where variables do.
    orders: AHashMap<u32, Arc<[u32]>>,
}

impl<'a, 'd, 'p> Writer<'a, 'd, 'p> {
    pub(super) fn new(
        input: ProjectInput<'a>,
        mut out: Vec<u8>,
        errors: Vec<GraphqlError>,
        divided: Option<Divided<'p, 'd>>,
    ) -> Self {
        out.extend_from_slice(BEFORE_DATA);
        Self { input, out, errors, divided, written: AHashMap::new(), orders: AHashMap::new() }
    }

    /// Writes that there is no data, instead of what was written.
    pub(super) fn null(&mut self) {
        self.out.truncate(BEFORE_DATA.len());
        self.out.extend_from_slice(b"null");
    }

    pub(super) fn finish(mut self) -> Projected {
        self.out.push(b'}');
        let encoded = Bytes::from(self.out);
        Projected { data: encoded.slice(BEFORE_DATA.len()..encoded.len() - 1), encoded, errors: self.errors }
    }

    pub(super) fn object(
        &mut self,
        object: Object,
        output: OutputId,
        ty: Option<TypeId>,
        above: Option<&Place<'_>>,
    ) -> Result<(), Bubble> {
        let id = output.0;
        let Some(output) = self.input.program.get(output) else { return Err(Bubble) };
        let start = self.out.len();
        if self.divided.is_some() {
            self.divided_fields(object, (OutputId(id), output), ty, above)?;
        } else if output.is_conditional {
            for &index in &*self.order(id, output) {
                if let Some(field) = output.fields.get(index as usize) {
                    self.field(object, field, ty, above)?;
                }
            }
        } else {
            for field in &output.fields {
                self.field(object, field, ty, above)?;
            }
        }
        match self.out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
        Ok(())
    }

    fn order(&mut self, id: u32, output: &'a OutputObject) -> Arc<[u32]> {
        let ProjectInput { projection, variables, .. } = self.input;
        let order = self.orders.entry(id).or_insert_with(|| {
            output
                .selection
                .map(|selection| projection.selections.order(selection, variables))
                .unwrap_or_default()
                .into()
        });
        Arc::clone(order)
    }

    pub(super) fn field(
        &mut self,
        object: Object,
        field: &'a OutputField,
        ty: Option<TypeId>,
        above: Option<&Place<'_>>,
    ) -> Result<(), Bubble> {
        self.out.extend_from_slice(&field.prefix);
        let place = Place { above, step: Step::Field(field) };
        match &field.kind {
            OutputKind::StaticTypename(name) => self.out.extend_from_slice(name),
            OutputKind::DynamicTypename => match ty {
                Some(ty) => {
                    self.out.push(b'"');
                    self.out.extend_from_slice(self.input.schema.types().name(ty).as_bytes());
                    self.out.push(b'"');
                }
                None => return self.violation(&place),
            },
            OutputKind::Introspection => {
                if let Some(field) = self.selected(field) {
                    introspection::write_root(&mut self.out, self.input, field);
                }
            }
            _ => {
                let value = self.input.tree.get(object, field.slot);
                return self.complete(value, (field, 0), &place);
            }
        }
        Ok(())
    }

    /// Writes a value of a field, inside of `level` lists.
    fn complete(
        &mut self,
        value: Value,
        (field, level): (&'a OutputField, usize),
        place: &Place<'_>,
    ) -> Result<(), Bubble> {
        let is_non_null = field.non_null.get(level).copied().unwrap_or_default();
        let is_list = level + 1 < field.non_null.len();
        let start = self.out.len();
        let mark = self.divided.as_ref().map(|divided| divided.deferral.mark());
        let result = match (value, &field.kind) {
            (Value::Absent | Value::Null | Value::Head { .. }, _) if is_non_null => return self.violation(place),
            (Value::Absent | Value::Null | Value::Head { .. }, _) => {
                self.out.extend_from_slice(b"null");
                return Ok(());
            }
            (Value::List(list), _) if is_list => self.list(list, (field, level), place),
            (Value::Leaf(span), OutputKind::Leaf(leaf)) if !is_list => {
                let raw = self.input.tree.bytes(span);
                let written = write_leaf(&mut self.out, raw, leaf, self.input.schema.api());
                written.map_err(|message| self.report(message, place))
            }
            (value, OutputKind::Leaf(Leaf::Custom)) if !is_list => {
                self.raw(value);
                Ok(())
            }
            (Value::Object(object), OutputKind::Object(..) | OutputKind::Abstract(..)) if !is_list => {
                self.composite(object, (field, level), place)
            }
            _ => Err(self.misfit(is_list, place)),
        };
        if result.is_err() && !is_non_null {
            self.out.truncate(start);
            // What was written behind is gone.
            self.written.clear();
            if let (Some(divided), Some(mark)) = (&mut self.divided, mark) {
                divided.deferral.forget_since(mark);
            }
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        result
    }

    fn list(&mut self, list: List, (field, level): (&'a OutputField, usize), place: &Place<'_>) -> Result<(), Bubble> {
        let key = (list.id(), field.id, level);
        let is_shared = list.is_shared && self.divided.is_none();
        if is_shared && self.write_again(key) {
            return Ok(());
        }
        let (start, errors) = (self.out.len(), self.errors.len());
        let tree = self.input.tree;
        for (index, &item) in tree.items(list).iter().enumerate() {
            self.out.push(b',');
            self.complete(item, (field, level + 1), &Place { above: Some(place), step: Step::Index(index) })?;
        }
        match self.out.get_mut(start) {
            Some(comma) => *comma = b'[',
            None => self.out.push(b'['),
        }
        self.out.push(b']');
        self.remember(is_shared, key, (start, errors));
        Ok(())
    }

    fn composite(
        &mut self,
        object: Object,
        (field, level): (&'a OutputField, usize),
        place: &Place<'_>,
    ) -> Result<(), Bubble> {
        let key = (object.id(), field.id, level);
        let is_shared = object.is_shared && self.divided.is_none();
        if is_shared && self.write_again(key) {
            return Ok(());
        }
        let (start, errors) = (self.out.len(), self.errors.len());
        match &field.kind {
            OutputKind::Object(output, declared) => self.object(object, *output, Some(*declared), Some(place))?,
            OutputKind::Abstract(by_type, general) => {
                let types = self.input.schema.types();
                match self.input.tree.typename(object).filter(|&ty| !types.is_abstract(ty)) {
                    // Only the interface is known, as an interface object's subgraph says it.
                    None => self.object(object, *general, None, Some(place))?,
                    Some(ty) => match by_type.iter().find(|(candidate, _)| *candidate == ty) {
                        Some(&(_, output)) => self.object(object, output, Some(ty), Some(place))?,
                        None => {
                            // The type may be inaccessible, so the message keeps it to itself.
                            let message =
                                format!("The object of field \"{}\" is of no known type.", self.coordinate(place));
                            return Err(self.report(message, place));
                        }
                    },
                }
            }
            _ => return Err(Bubble),
        }
        self.remember(is_shared, key, (start, errors));
        Ok(())
    }

    /// Writes once more what was written before; `false` when it was not.
    fn write_again(&mut self, key: (u32, u32, usize)) -> bool {
        let Some(range) = self.written.get(&key) else { return false };
        self.out.extend_from_within(range.clone());
        true
    }

    /// Notes where something shared was written since `start`, unless that raised errors, which each place must.
    fn remember(&mut self, is_shared: bool, key: (u32, u32, usize), (start, errors): (usize, usize)) {
        if is_shared && self.errors.len() == errors {
            self.written.insert(key, start..self.out.len());
        }
    }

    /// A custom scalar that is a list.
    fn raw(&mut self, value: Value) {
        let tree = self.input.tree;
        match value {
            Value::Leaf(span) => self.out.extend_from_slice(tree.bytes(span)),
            Value::List(list) => {
                self.out.push(b'[');
                for (index, &item) in tree.items(list).iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.raw(item);
                }
                self.out.push(b']');
            }
            _ => self.out.extend_from_slice(b"null"),
        }
    }

    /// A value of another kind than the schema says.
    fn misfit(&mut self, is_list: bool, place: &Place<'_>) -> Bubble {
        let coordinate = self.coordinate(place);
        let message = if is_list {
            format!("Expected a list for field \"{coordinate}\", but found none.")
        } else {
            format!("The value of field \"{coordinate}\" does not fit its type.")
        };
        self.report(message, place)
    }

    pub(super) fn selected(&self, field: &OutputField) -> Option<&'a Field> {
        self.input.projection.selections.get(field.of.0).get(field.of.1 as usize)
    }

    /// Type and field of the innermost field.
    fn coordinate(&self, place: &Place<'_>) -> &'a str {
        let mut place = Some(place);
        while let Some(at) = place {
            if let Step::Field(field) = at.step {
                return self.selected(field).map_or("", |field| &field.coordinate);
            }
            place = at.above;
        }
        ""
    }

    fn report(&mut self, message: String, place: &Place<'_>) -> Bubble {
        if self.errors.len() >= MAX_ERRORS {
            return Bubble;
        }
        let path = self.path(place);
        self.errors.push(GraphqlError::new(code::INVALID_SUBGRAPH_RESPONSE, message).with_path(path));
        Bubble
    }

    /// A non-null field is null; says so unless an error of a subgraph already explains it.
    fn violation(&mut self, place: &Place<'_>) -> Result<(), Bubble> {
        let path = self.path(place);
        let is_explained = |error: &GraphqlError| {
            error.path.as_ref().is_none_or(|theirs| theirs.iter().zip(&path).all(|(theirs, ours)| theirs == ours))
        };
        let known = self.divided.as_ref().map_or(&[][..], |divided| divided.known);
        if !self.errors.iter().chain(known).any(is_explained) {
            let coordinate = self.coordinate(place);
            self.report(format!("Cannot return null for non-nullable field {coordinate}."), place);
        }
        Err(Bubble)
    }

    fn path(&self, place: &Place<'_>) -> Vec<PathSegment> {
        let mut path = self.divided.as_ref().map_or_else(Vec::new, |divided| divided.base.path.clone());
        let base = path.len();
        let above = std::iter::successors(Some(place), |place| place.above);
        path.extend(above.map(|place| match place.step {
            Step::Field(field) => PathSegment::Key(
                self.selected(field).map_or_else(String::new, |field| (*field.response_key).to_owned()),
            ),
            Step::Index(index) => PathSegment::Index(index),
        }));
        if let Some(below) = path.get_mut(base..) {
            below.reverse();
        }
        path
    }
}

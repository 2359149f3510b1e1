//! Writes the response in one pass over the compiled selection.

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::{Below, Field, Leaf, Output, Projection, SelectionId, Source, introspection, leaf::write_leaf};
use crate::{
    error::{GraphqlError, PathSegment, code},
    schema::{ServedSchema, TypeId},
    value::{Buffers, Object, Value},
};

/// How many errors a response lists; a list of broken items needs no error for each of a million.
const MAX_ERRORS: usize = 1_000;

/// The encoded data of a response, with all its errors.
#[derive(Debug)]
pub struct Projected {
    /// `data` in JSON.
    pub data: Bytes,
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
    /// The joined answers.
    pub root: &'a Object,
    /// Their bytes.
    pub buffers: &'a Buffers,
    /// The coerced variables.
    pub variables: &'a Map<String, Json>,
}

/// Writes `data`; `errors` are those that subgraphs raised.
#[must_use]
pub fn project(input: ProjectInput<'_>, errors: Vec<GraphqlError>) -> Projected {
    let mut writer = Writer { input, out: Vec::with_capacity(1024), path: Vec::new(), errors };
    if writer.object(input.root, input.projection.root, None).is_err() {
        writer.out.clear();
        writer.out.extend_from_slice(b"null");
    }
    Projected { data: Bytes::from(writer.out), errors: writer.errors }
}

/// A non-null field was null: the nearest nullable parent becomes null.
struct Bubble;

/// What was written for a value.
enum Written {
    Value,
    /// `is_reported` when an error already says why.
    Null {
        is_reported: bool,
    },
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

struct Writer<'a> {
    input: ProjectInput<'a>,
    out: Vec<u8>,
    path: Vec<Step<'a>>,
    errors: Vec<GraphqlError>,
}

impl<'a> Writer<'a> {
    fn object(&mut self, object: &Object, selection: SelectionId, ty: Option<TypeId>) -> Result<(), Bubble> {
        self.out.push(b'{');
        let mut is_first = true;
        for field in self.input.projection.selections.selected(selection, self.input.variables) {
            if !std::mem::take(&mut is_first) {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.prefix);
            self.path.push(Step::Key(&field.response_key));
            self.field(object, field, ty)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, object: &Object, field: &'a Field, ty: Option<TypeId>) -> Result<(), Bubble> {
        match field.source {
            Source::Tree => {
                self.complete(object.get_either(field.key, field.renamed_key), &field.output, field).map(|_| ())
            }
            Source::Typename => {
                let types = self.input.schema.types();
                let parent = field.coordinate.split_once('.').map_or("", |(parent, _)| parent);
                let is_open = types.id(parent).is_some_and(|id| types.is_abstract(id));
                match ty {
                    Some(ty) if is_open => self.quoted(types.name(ty)),
                    None if is_open => return self.violation(field),
                    _ => self.quoted(parent),
                }
                Ok(())
            }
            Source::Schema | Source::Type => {
                introspection::write_root(&mut self.out, self.input, field);
                Ok(())
            }
        }
    }

    fn quoted(&mut self, name: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
    }

    fn complete(&mut self, value: Option<&Value>, output: &Output, field: &'a Field) -> Result<Written, Bubble> {
        let Output::NonNull(inner) = output else { return self.complete_nullable(value, output, field) };
        match self.complete_nullable(value, inner, field)? {
            Written::Value => Ok(Written::Value),
            Written::Null { is_reported: true } => Err(Bubble),
            Written::Null { is_reported: false } => self.violation(field).map(|()| Written::Value),
        }
    }

    fn complete_nullable(
        &mut self,
        value: Option<&Value>,
        output: &Output,
        field: &'a Field,
    ) -> Result<Written, Bubble> {
        let start = self.out.len();
        let depth = self.path.len();
        let result = match (output, value) {
            (_, None | Some(Value::Null)) => {
                self.out.extend_from_slice(b"null");
                return Ok(Written::Null { is_reported: false });
            }
            (Output::List(inner), Some(Value::List(items))) => self.list(items, inner, field),
            (Output::Composite(_), Some(Value::Object(object))) => self.composite(object, field),
            (Output::Leaf(leaf), Some(Value::Leaf(span))) => {
                let raw = self.input.buffers.get(*span);
                let written = write_leaf(&mut self.out, raw, leaf, self.input.schema.api());
                written.map_err(|message| self.report(message))
            }
            (Output::Leaf(Leaf::Custom), Some(value)) => {
                self.raw(value);
                Ok(())
            }
            (Output::List(_), Some(_)) => {
                let message = format!("Expected a list for field \"{}\", but found none.", field.coordinate);
                Err(self.report(message))
            }
            (_, Some(_)) => {
                let message = format!("The value of field \"{}\" does not fit its type.", field.coordinate);
                Err(self.report(message))
            }
        };
        match result {
            Ok(()) => Ok(Written::Value),
            Err(Bubble) => {
                self.out.truncate(start);
                self.path.truncate(depth);
                self.out.extend_from_slice(b"null");
                Ok(Written::Null { is_reported: true })
            }
        }
    }

    fn list(&mut self, items: &[Value], inner: &Output, field: &'a Field) -> Result<(), Bubble> {
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Step::Index(index));
            self.complete(Some(item), inner, field)?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn composite(&mut self, object: &Object, field: &'a Field) -> Result<(), Bubble> {
        let types = self.input.schema.types();
        let Below::Objects(by_type) = &field.below else { return Err(Bubble) };
        let Some((own, rest)) = by_type.split_last() else { return Err(Bubble) };
        let (declared, general) = *own;
        if !types.is_abstract(declared) {
            return self.object(object, general, Some(declared));
        }
        match object.typename.filter(|&ty| !types.is_abstract(ty)) {
            // Only the interface is known, as an interface object's subgraph says it.
            None => self.object(object, general, None),
            Some(ty) => match rest.iter().find(|(candidate, _)| *candidate == ty) {
                Some(&(_, selection)) => self.object(object, selection, Some(ty)),
                None => {
                    // The type may be inaccessible, so the message keeps it to itself.
                    let message = format!("The object of field \"{}\" is of no known type.", field.coordinate);
                    Err(self.report(message))
                }
            },
        }
    }

    /// A custom scalar that is a list.
    fn raw(&mut self, value: &Value) {
        match value {
            Value::Leaf(span) => self.out.extend_from_slice(self.input.buffers.get(*span)),
            Value::List(items) => {
                self.out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.raw(item);
                }
                self.out.push(b']');
            }
            Value::Null | Value::Object(_) => self.out.extend_from_slice(b"null"),
        }
    }

    fn report(&mut self, message: String) -> Bubble {
        if self.errors.len() >= MAX_ERRORS {
            return Bubble;
        }
        let path = self.error_path();
        self.errors.push(GraphqlError::new(code::INVALID_SUBGRAPH_RESPONSE, message).with_path(path));
        Bubble
    }

    /// A non-null field is null; says so unless an error of a subgraph already explains it.
    fn violation(&mut self, field: &Field) -> Result<(), Bubble> {
        if !self.is_explained() {
            self.report(format!("Cannot return null for non-nullable field {}.", field.coordinate));
        }
        Err(Bubble)
    }

    fn is_explained(&self) -> bool {
        self.errors.iter().any(|error| match &error.path {
            None => true,
            Some(path) => path.iter().zip(&self.path).all(|(theirs, ours)| match (theirs, ours) {
                (PathSegment::Key(theirs), Step::Key(ours)) => theirs == ours,
                (PathSegment::Index(theirs), Step::Index(ours)) => theirs == ours,
                _ => false,
            }),
        })
    }

    fn error_path(&self) -> Vec<PathSegment> {
        self.path
            .iter()
            .map(|step| match step {
                Step::Key(key) => PathSegment::Key((*key).to_owned()),
                Step::Index(index) => PathSegment::Index(*index),
            })
            .collect()
    }
}

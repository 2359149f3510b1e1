//! Reads a subgraph's JSON once, along its shape.

use bytes::Bytes;

use super::{Object, Shape, ShapeEntry, ShapeId, Shapes, Span, Tree, Value};
use crate::schema::TypeNames;

/// How deep JSON may nest; deeper answers are refused rather than risk the stack.
const MAX_DEPTH: usize = 128;

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON.
    #[error("not JSON at byte {at}")]
    Json {
        /// Where, counted from 0.
        at: usize,
    },
    /// It is not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// It nests deeper than is read.
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// It is JSON, but no object with `data` or `errors`.
    #[error("no GraphQL response")]
    NotGraphql,
    /// It has more bytes than can be addressed.
    #[error("larger than 4 GiB")]
    TooLarge,
}

/// One subgraph's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `data`; null when absent.
    pub data: Value,
    /// The raw JSON of `errors`, when there are any.
    pub errors: Option<Span>,
}

/// Reads the answer `bytes` into `tree` along `shape`; keys that were not asked for are skipped.
///
/// # Errors
///
/// When the bytes are no GraphQL response in JSON.
pub fn read_answer(
    tree: &mut Tree,
    bytes: &Bytes,
    (shapes, shape): (&Shapes, ShapeId),
    types: &TypeNames,
) -> Result<Answer, ReadError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::TooLarge);
    }
    std::str::from_utf8(bytes).map_err(|_| ReadError::Utf8)?;
    let buffer = tree.add_buffer(bytes.clone());
    Reader { bytes, at: 0, buffer, shapes, types, tree, items: Vec::new() }.answer(shape)
}

/// Reads a value that is no whole answer into `tree` along `shape`.
///
/// # Errors
///
/// When the bytes are no value in JSON.
pub fn read_value(
    tree: &mut Tree,
    bytes: &Bytes,
    (shapes, shape): (&Shapes, ShapeId),
    types: &TypeNames,
) -> Result<Value, ReadError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::TooLarge);
    }
    std::str::from_utf8(bytes).map_err(|_| ReadError::Utf8)?;
    let buffer = tree.add_buffer(bytes.clone());
    let mut reader = Reader { bytes, at: 0, buffer, shapes, types, tree, items: Vec::new() };
    let value = reader.value(Some(shape), 0)?;
    if reader.at < bytes.len() { Err(reader.error()) } else { Ok(value) }
}

/// Reads one answer; `scan.rs` has what it knows of JSON's tokens.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) buffer: u32,
    shapes: &'a Shapes,
    types: &'a TypeNames,
    tree: &'a mut Tree,
    /// The items of the lists that are being read, the innermost last.
    items: Vec<Value>,
}

impl<'a> Reader<'a> {
    fn answer(&mut self, shape: ShapeId) -> Result<Answer, ReadError> {
        let mut answer = Answer { data: Value::Null, errors: None };
        let mut is_graphql = false;
        self.space();
        if self.peek() != Some(b'{') {
            self.skip(0)?;
            return Err(ReadError::NotGraphql);
        }
        self.members(|reader, key| {
            match key {
                b"data" => {
                    is_graphql = true;
                    answer.data = reader.value(Some(shape), 0)?;
                }
                b"errors" => {
                    is_graphql = true;
                    let is_list = reader.peek() == Some(b'[');
                    let span = reader.span(|reader| reader.skip(0))?;
                    answer.errors = is_list.then_some(span);
                }
                _ => reader.skip(0)?,
            }
            Ok(())
        })?;
        self.space();
        if self.at < self.bytes.len() {
            return Err(self.error());
        }
        if is_graphql { Ok(answer) } else { Err(ReadError::NotGraphql) }
    }

    fn value(&mut self, shape: Option<ShapeId>, depth: usize) -> Result<Value, ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep);
        }
        match (self.peek(), shape) {
            (Some(b'n'), _) => {
                self.word(b"null")?;
                Ok(Value::Null)
            }
            (Some(b'['), _) => self.list(shape, depth),
            (Some(b'{'), Some(shape)) => self.object(shape, depth),
            _ => self.span(|reader| reader.skip(depth)).map(Value::Leaf),
        }
    }

    fn list(&mut self, shape: Option<ShapeId>, depth: usize) -> Result<Value, ReadError> {
        let outer = self.items.len();
        self.list_items(|reader| {
            let item = reader.value(shape, depth + 1)?;
            reader.items.push(item);
            Ok(())
        })?;
        let list = self.tree.add_list(self.items.drain(outer..));
        if self.tree.is_full() { Err(ReadError::TooLarge) } else { Ok(Value::List(list)) }
    }

    fn object(&mut self, shape: ShapeId, depth: usize) -> Result<Value, ReadError> {
        let Some(shape) = self.shapes.get(shape) else { return Err(ReadError::NotGraphql) };
        let object = self.tree.add_object(shape.width);
        if self.tree.is_full() {
            return Err(ReadError::TooLarge);
        }
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(object));
        }
        let mut cursor = 0;
        loop {
            match self.entry(shape, &mut cursor)? {
                Some(entry) => {
                    let value = self.value(entry.child, depth + 1)?;
                    self.keep(object, entry, value);
                }
                None => self.skip(depth)?,
            }
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                _ => {
                    self.expect(b'}')?;
                    return Ok(Value::Object(object));
                }
            }
        }
    }

    /// Reads a key up to its value; `None` when it was not asked for.
    fn entry<'s>(&mut self, shape: &'s Shape, cursor: &mut usize) -> Result<Option<&'s ShapeEntry>, ReadError> {
        // Answers mostly keep the order asked for and have no spaces: then one comparison finds the key.
        if let Some(entry) = shape.entries.get(*cursor)
            && self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(&entry.written))
        {
            *cursor += 1;
            self.at += entry.written.len();
            self.space();
            return Ok(Some(entry));
        }
        let key = self.key()?;
        let found = shape.entries.iter().position(|entry| entry.wire.as_bytes() == key);
        if let Some(found) = found {
            *cursor = found + 1;
        }
        Ok(found.and_then(|found| shape.entries.get(found)))
    }

    fn keep(&mut self, object: Object, entry: &ShapeEntry, value: Value) {
        if !entry.is_typename {
            self.tree.set(object, entry.slot, value, self.types);
        } else if let Value::Leaf(span) = value
            && let Some(typename) = self.type_of(span)
        {
            self.tree.set_typename(object, typename);
        }
    }

    fn type_of(&self, span: Span) -> Option<crate::schema::TypeId> {
        let quoted = self.bytes.get(span.start as usize..span.end as usize)?;
        let name = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        self.types.id(std::str::from_utf8(name).ok()?)
    }

    /// Reads an object's members; `each` is called at each value.
    fn members(&mut self, mut each: impl FnMut(&mut Self, &'a [u8]) -> Result<(), ReadError>) -> Result<(), ReadError> {
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            each(self, key)?;
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                _ => return self.expect(b'}'),
            }
        }
    }

    fn key(&mut self) -> Result<&'a [u8], ReadError> {
        let start = self.at + 1;
        self.string()?;
        let key = self.bytes.get(start..self.at.saturating_sub(1)).unwrap_or_default();
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(key)
    }

    /// Reads a list's items; `each` is called at each item.
    fn list_items(&mut self, mut each: impl FnMut(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        self.expect(b'[')?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            each(self)?;
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                _ => return self.expect(b']'),
            }
        }
    }

    fn skip(&mut self, depth: usize) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep);
        }
        match self.peek() {
            Some(b'{') => self.members(|reader, _| reader.skip(depth + 1)),
            Some(b'[') => self.list_items(|reader| reader.skip(depth + 1)),
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::value::SlotId;

    fn read(json: &str) -> Result<(Answer, Tree), ReadError> {
        let mut shapes = Shapes::default();
        let root = shapes.add();
        let child = shapes.add();
        let entry = |wire: &str, slot, child| ShapeEntry { slot: SlotId(slot), ..ShapeEntry::new(wire, child) };
        *shapes.get_mut(root).unwrap() =
            Shape { entries: vec![entry("a", 0, None), entry("b", 1, Some(child))], width: 2 };
        *shapes.get_mut(child).unwrap() = Shape { entries: vec![entry("x", 0, None)], width: 1 };
        let mut tree = Tree::default();
        let answer =
            read_answer(&mut tree, &Bytes::copy_from_slice(json.as_bytes()), (&shapes, root), &TypeNames::default())?;
        Ok((answer, tree))
    }

    #[test]
    fn keeps_what_was_asked_for_and_skips_the_rest() {
        let (answer, tree) =
            read(r#" {"extensions":{"a":[1,{}]},"data":{"z":"\u00e9","b":[{"x":{"raw":[1]}},null],"a":[1.5e3,"q"]}} "#)
                .unwrap();
        let Value::Object(root) = answer.data else { panic!("{answer:?}") };
        let Value::List(items) = tree.get(root, SlotId(0)) else { panic!("{tree:?}") };
        let [Value::Leaf(span), Value::Leaf(_)] = tree.items(items) else { panic!("{tree:?}") };
        assert_eq!(tree.bytes(*span), b"1.5e3");
        let Value::List(items) = tree.get(root, SlotId(1)) else { panic!("{tree:?}") };
        let [Value::Object(object), Value::Null] = tree.items(items) else { panic!("{tree:?}") };
        let Value::Leaf(span) = tree.get(*object, SlotId(0)) else { panic!("{tree:?}") };
        assert_eq!(tree.bytes(span), br#"{"raw":[1]}"#);
    }

    #[test]
    fn refuses_what_is_not_graphql() {
        assert_eq!(read("[1]").unwrap_err(), ReadError::NotGraphql);
        assert_eq!(read("{}").unwrap_err(), ReadError::NotGraphql);
        assert_eq!(read("").unwrap_err(), ReadError::Json { at: 0 });
        assert_eq!(read(r#"{"data":null} x"#).unwrap_err(), ReadError::Json { at: 14 });
        assert_eq!(read("{\"data\":{\"a\":\"\n\"}}").unwrap_err(), ReadError::Json { at: 14 });
        assert_eq!(read(r#"{"data":{"a":01}}"#).unwrap_err(), ReadError::Json { at: 14 });
        assert_eq!(read(&"[".repeat(1_000_000)).unwrap_err(), ReadError::TooDeep);
        let deep = format!("{{\"data\":{{\"a\":{}", "[".repeat(1_000_000));
        assert_eq!(read(&deep).unwrap_err(), ReadError::TooDeep);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_on_what_is_json(text in r#"\{"data":\{"a":[-0-9.eE"\\u\[\],:{} atrufalsn]{0,12}\}\}"#) {
            let ours = read(&text).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // A surrogate half alone is JSON's grammar, yet no text; serde refuses it.
            let half = theirs.as_ref().is_err_and(|error| error.to_string().contains("surrogate"));
            let large = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(ours == theirs.is_ok() || half || large, "{}", text);
        }
    }
}

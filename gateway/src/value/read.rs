//! Reads a subgraph's JSON once, along its shape.

use super::{Buffers, Object, ShapeId, Shapes, Span, Value};
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

/// Reads the answer in buffer `buffer` along `shape`; keys that were not asked for are skipped.
///
/// # Errors
///
/// When the bytes are no GraphQL response in JSON.
pub fn read_answer(
    buffers: &Buffers,
    buffer: u32,
    (shapes, shape): (&Shapes, ShapeId),
    types: &TypeNames,
) -> Result<Answer, ReadError> {
    let bytes = buffers.whole(buffer);
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::TooLarge);
    }
    std::str::from_utf8(bytes).map_err(|_| ReadError::Utf8)?;
    let mut reader = Reader { bytes, at: 0, buffer, shapes, types };
    reader.answer(shape)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u32,
    shapes: &'a Shapes,
    types: &'a TypeNames,
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
            (Some(b'['), _) => {
                let mut items = Vec::new();
                self.items(|reader| {
                    items.push(reader.value(shape, depth + 1)?);
                    Ok(())
                })?;
                Ok(Value::List(items))
            }
            (Some(b'{'), Some(shape)) => self.object(shape, depth).map(Value::Object),
            _ => self.span(|reader| reader.skip(depth)).map(Value::Leaf),
        }
    }

    fn object(&mut self, shape: ShapeId, depth: usize) -> Result<Object, ReadError> {
        let Some(shape) = self.shapes.get(shape) else { return Err(ReadError::NotGraphql) };
        let mut object = Object { typename: None, fields: Vec::with_capacity(shape.entries.len()) };
        let mut cursor = 0;
        self.members(|reader, wire| {
            let Some(entry) = shape.find(wire, &mut cursor) else { return reader.skip(depth) };
            let value = reader.value(entry.child, depth + 1)?;
            if entry.is_typename
                && let Value::Leaf(span) = value
            {
                object.typename = reader.type_of(span).or(object.typename);
            }
            match object.get_mut(entry.key) {
                Some(known) => known.merge(value, reader.types),
                None => object.fields.push((entry.key, value)),
            }
            Ok(())
        })?;
        Ok(object)
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
            let start = self.at + 1;
            self.string()?;
            let key = self.bytes.get(start..self.at.saturating_sub(1)).unwrap_or_default();
            self.space();
            self.expect(b':')?;
            self.space();
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

    /// Reads a list's items; `each` is called at each item.
    fn items(&mut self, mut each: impl FnMut(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
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
            Some(b'[') => self.items(|reader| reader.skip(depth + 1)),
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error()),
        }
    }

    fn string(&mut self) -> Result<(), ReadError> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.error()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ReadError> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
                if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.error());
                }
                self.at += 5;
            }
            _ => return Err(self.error()),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), ReadError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), ReadError> {
        if self.bytes.get(self.at..self.at + word.len()) == Some(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn span(&mut self, read: impl FnOnce(&mut Self) -> Result<(), ReadError>) -> Result<Span, ReadError> {
        let start = u32::try_from(self.at).map_err(|_| ReadError::TooLarge)?;
        read(self)?;
        let end = u32::try_from(self.at).map_err(|_| ReadError::TooLarge)?;
        Ok(Span { buffer: self.buffer, start, end })
    }

    fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    const fn error(&self) -> ReadError {
        ReadError::Json { at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::value::{KeyId, Keys, ShapeEntry};

    fn read(json: &str) -> Result<(Answer, Buffers), ReadError> {
        let (mut keys, mut shapes) = (Keys::default(), Shapes::default());
        let root = shapes.add();
        let child = shapes.add();
        let entry = |key: KeyId, wire: &str, child| ShapeEntry {
            wire: wire.into(),
            name: wire.into(),
            key,
            is_typename: false,
            child,
        };
        shapes.get_mut(root).unwrap().entries =
            vec![entry(keys.intern("a"), "a", None), entry(keys.intern("b"), "b", Some(child))];
        shapes.get_mut(child).unwrap().entries = vec![entry(keys.intern("a"), "x", None)];
        let mut buffers = Buffers::default();
        let buffer = buffers.add(Bytes::copy_from_slice(json.as_bytes()));
        let answer = read_answer(&buffers, buffer, (&shapes, root), &TypeNames::default())?;
        Ok((answer, buffers))
    }

    #[test]
    fn keeps_what_was_asked_for_and_skips_the_rest() {
        let (answer, buffers) =
            read(r#" {"extensions":{"a":[1,{}]},"data":{"z":"\u00e9","b":[{"x":{"raw":[1]}},null],"a":[1.5e3,"q"]}} "#)
                .unwrap();
        let Value::Object(root) = &answer.data else { panic!("{answer:?}") };
        let Some(Value::List(items)) = root.get(KeyId(1)) else { panic!("{root:?}") };
        let Some(Value::Leaf(span)) = items.first() else { panic!("{items:?}") };
        assert_eq!(buffers.get(*span), b"1.5e3");
        let Some(Value::List(items)) = root.get(KeyId(2)) else { panic!("{root:?}") };
        let [Value::Object(object), Value::Null] = items.as_slice() else { panic!("{items:?}") };
        let Some(Value::Leaf(span)) = object.get(KeyId(1)) else { panic!("{object:?}") };
        assert_eq!(buffers.get(*span), br#"{"raw":[1]}"#);
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

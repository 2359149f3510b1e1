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

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u32,
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

    fn string(&mut self) -> Result<(), ReadError> {
        self.expect(b'"')?;
        loop {
            // Eight bytes at a time as long as none of them means anything.
            while let Some(bytes) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
                match first_special(u64::from_le_bytes(*bytes)) {
                    None => self.at += 8,
                    Some(at) => {
                        self.at += at;
                        break;
                    }
                }
            }
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
        // Most answers have none, and everything else is above.
        while self.peek().is_some_and(|byte| byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
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

/// Which of eight bytes, the lowest first, is the first quote, backslash or control character.
///
/// A byte is marked in its highest bit. A borrow may mark bytes above the first one that is marked rightly, never below.
const fn first_special(bytes: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    let controls = bytes.wrapping_sub(0x20 * ONES);
    let quotes = (bytes ^ QUOTES).wrapping_sub(ONES);
    let backslashes = (bytes ^ BACKSLASHES).wrapping_sub(ONES);
    // Bytes from 0x80 on are parts of characters, and never special.
    let marked = (controls | quotes | backslashes) & !bytes & HIGHEST;
    if marked == 0 { None } else { Some((marked.trailing_zeros() / 8) as usize) }
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

    proptest! {
        #[test]
        fn finds_the_first_special_byte(bytes in proptest::array::uniform8(proptest::num::u8::ANY)) {
            let slow = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(first_special(u64::from_le_bytes(bytes)), slow);
        }
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

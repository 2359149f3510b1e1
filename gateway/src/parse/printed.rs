//! Literals and types as messages show them.

use std::fmt::{Display, Formatter, Result, Write};

use super::ast::{TypeNode, Value, ValueKind};

impl Display for TypeNode<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Named(name) => f.write_str(name.text),
            Self::List(_, inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ValueKind::Variable(name) => write!(f, "${}", name.text),
            ValueKind::Int(text) | ValueKind::Float(text) | ValueKind::Enum(text) => f.write_str(text),
            ValueKind::String { text, is_block: true } => write_block(f, text),
            ValueKind::String { text, is_block: false } => write_string(f, text),
            ValueKind::Boolean(truth) => write!(f, "{truth}"),
            ValueKind::Null => f.write_str("null"),
            ValueKind::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_char(']')
            }
            ValueKind::Object(fields) => {
                f.write_char('{')?;
                for (index, field) in fields.iter().enumerate() {
                    write!(f, "{}{}: {}", if index > 0 { ", " } else { "" }, field.name.text, field.value)?;
                }
                f.write_char('}')
            }
        }
    }
}

/// As a block, on lines of its own where graphql-js prints it so.
fn write_block(f: &mut Formatter<'_>, text: &str) -> Result {
    let is_space = |first: &u8| matches!(first, b' ' | b'\t');
    let escaped = text.replace("\"\"\"", "\\\"\"\"");
    let is_one_line = !text.contains(['\n', '\r']);
    let is_indented = text.lines().skip(1).all(|line| line.as_bytes().first().is_none_or(is_space));
    let has_indent = !is_one_line && is_indented;
    let has_lines = !is_one_line || text.encode_utf16().count() > 70 || text.ends_with(['"', '\\']);
    let starts_with_space = is_one_line && text.as_bytes().first().is_some_and(is_space);
    let before = if has_indent || (has_lines && !starts_with_space) { "\n" } else { "" };
    let after = if has_lines { "\n" } else { "" };
    write!(f, "\"\"\"{before}{escaped}{after}\"\"\"")
}

/// Quoted, with the escapes that the specification knows.
fn write_string(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\u{8}' => f.write_str("\\b")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{C}' => f.write_str("\\f")?,
            '\r' => f.write_str("\\r")?,
            '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => write!(f, "\\u{:04X}", u32::from(character))?,
            _ => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

//! From byte offsets to lines and columns.

use super::ast::Offset;
use crate::error::Location;

/// A text, with where its lines start.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    text: &'a str,
    /// In bytes; the first is 0.
    line_starts: Vec<Offset>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut line_starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            // A carriage return ends a line too, unless a line feed follows and does.
            let ends_line = byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends_line {
                line_starts.push(Offset::try_from(at + 1).unwrap_or(Offset::MAX));
            }
        }
        Self { text, line_starts }
    }

    /// Line and column of an offset, from 1. Columns count UTF-16 code units, as graphql-js and editors do.
    pub(crate) fn location(&self, at: Offset) -> Location {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or_default() as usize;
        let before = self.text.get(start..at as usize).unwrap_or_default();
        Location { line, column: before.chars().map(char::len_utf16).sum::<usize>() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_three_ways_and_columns_count_utf16() {
        let source = Source::new("a\nb\r\nc\rd \u{1F600}é x");
        let at = |offset| {
            let Location { line, column } = source.location(offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(5), (3, 1));
        assert_eq!(at(7), (4, 1));
        assert_eq!(at(16), (4, 7));
    }
}

//! Opening a file that is said to be CSV, whatever it is.

use std::{
    borrow::Cow,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use csv::{Reader, ReaderBuilder};

use super::report::ImportError;

/// Enough for the longest header: what tells the kind of a file is in its beginning.
const BUFFER_BYTES: usize = 64 * 1024;

/// What may stand before the decimals of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecimalSign {
    /// Only a point, as Shopify writes it.
    Point,
    /// Also a comma: semicolons separate where the comma is the decimal sign.
    PointOrComma,
}

impl DecimalSign {
    /// `text` with a point where it has a decimal comma. A number with both signs stays, to be refused.
    pub(super) fn with_point(self, text: &str) -> Cow<'_, str> {
        let is_decimal = self == Self::PointOrComma && !text.contains('.');
        if is_decimal { Cow::Owned(text.replacen(',', ".", 1)) } else { Cow::Borrowed(text) }
    }
}

/// Opens the file at `path`.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, ImportError> {
    let file = File::open(path).map_err(|error| unreadable(&path.display().to_string(), error.to_string()))?;
    Ok(BufReader::with_capacity(BUFFER_BYTES, file))
}

/// A reader of the records of `source`, which may be separated by commas, semicolons (spreadsheets where the comma is
/// the decimal sign) or tabs.
pub(super) fn csv<R: BufRead>(mut source: R, file: &str) -> Result<(Reader<R>, DecimalSign), ImportError> {
    let start = source.fill_buf().map_err(|error| unreadable(file, error.to_string()))?;
    if let Some(reason) = foreign(start) {
        return Err(unreadable(file, reason.to_owned()));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Blank { file: file.to_owned() });
    }
    let delimiter = delimiter(text);
    let sign = if delimiter == b';' { DecimalSign::PointOrComma } else { DecimalSign::Point };
    Ok((ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(source), sign))
}

/// What a file is that is no text, and what to do.
fn foreign(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(b"%PDF") {
        Some("it is a PDF document; export the products as CSV")
    } else if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xd0\xcf\x11\xe0") {
        Some("it is a spreadsheet or an archive; save it as CSV (UTF-8)")
    } else if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        Some(NOT_UTF_8)
    } else {
        None
    }
}

const NOT_UTF_8: &str = "it is not UTF-8; save it as CSV (UTF-8)";

/// The separator that the header has most of.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.is_empty()).unwrap_or_default();
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    // The last of the greatest counts; a file of one column has none, and then it does not matter.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// What was wrong with a record, or with the header when it has no line.
pub(super) fn describe(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } if pos.as_ref().is_none_or(|position| position.record() == 0) => {
            NOT_UTF_8.to_owned()
        }
        csv::ErrorKind::Utf8 { err, .. } => format!("column {} is not UTF-8; save the file as UTF-8", err.field() + 1),
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    }
}

fn unreadable(file: &str, reason: String) -> ImportError {
    ImportError::Unreadable { file: file.to_owned(), reason }
}

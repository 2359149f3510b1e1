//! Strings and block strings: where they end, and what they mean.

use std::borrow::Cow;

use super::token::{SyntaxError, Token, TokenKind};

/// Where the string that starts at `start` ends, its last quote included.
pub(super) fn string_end(text: &str, start: usize) -> Result<usize, SyntaxError> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += escape(text, at)?.1,
            None | Some(b'\n' | b'\r') => return Err(SyntaxError::new(at, "Unterminated string.")),
            Some(_) => at += 1,
        }
    }
}

/// Where the block string that starts at `start` ends, its last quotes included.
pub(super) fn block_string_end(text: &str, start: usize) -> Result<usize, SyntaxError> {
    let mut at = start + 3;
    while let Some(rest) = text.get(at..) {
        let Some(next) = rest.find(['"', '\\']) else { break };
        at += next;
        match text.get(at..).unwrap_or_default() {
            rest if rest.starts_with("\\\"\"\"") => at += 4,
            rest if rest.starts_with("\"\"\"") => return Ok(at + 3),
            _ => at += 1,
        }
    }
    Err(SyntaxError::new(text.len(), "Unterminated string."))
}

/// What a string token means. The token was read by a lexer, so its escapes are right.
pub(super) fn meaning<'a>(text: &'a str, token: Token) -> Cow<'a, str> {
    let written = text.get(token.start as usize..token.end as usize).unwrap_or_default();
    if token.kind == TokenKind::BlockString {
        let raw = written.get(3..written.len().saturating_sub(3)).unwrap_or_default();
        return Cow::Owned(dedent(raw));
    }
    let raw = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut meant = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = rest.find('\\').unwrap_or(rest.len());
        meant.push_str(rest.get(..plain).unwrap_or_default());
        at += plain;
        if let Ok((character, length)) = escape(raw, at) {
            meant.push(character);
            at += length;
        }
    }
    Cow::Owned(meant)
}

/// The character that the escape at `at` stands for, and the length of the escape in bytes.
fn escape(text: &str, at: usize) -> Result<(char, usize), SyntaxError> {
    let rest = text.get(at..).unwrap_or_default();
    let simple = match rest.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{C}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(rest).ok_or_else(|| invalid_unicode_escape(rest, at)),
        _ => {
            let shown: String = rest.chars().take(2).collect();
            return Err(SyntaxError::new(at, format!("Invalid character escape sequence: \"{shown}\".")));
        }
    };
    Ok((simple, 2))
}

/// `\u{…}`, `\uXXXX`, or two of the latter that are one character outside of the first plane.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    if let Some(braced) = text.strip_prefix("\\u{") {
        let digits = braced.get(..braced.find('}')?)?;
        // More than eight digits are too large, and would not fit either.
        let code = hexadecimal(digits).filter(|_| digits.len() <= 8)?;
        return Some((char::from_u32(code)?, digits.len() + 4));
    }
    let first = code_unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = code_unit(text.get(6..)?)?;
    let is_pair = (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(&second);
    let code = is_pair.then(|| 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?;
    Some((char::from_u32(code)?, 12))
}

fn code_unit(text: &str) -> Option<u32> {
    hexadecimal(text.strip_prefix("\\u")?.get(..4)?)
}

fn hexadecimal(digits: &str) -> Option<u32> {
    // The conversion alone would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

fn invalid_unicode_escape(text: &str, at: usize) -> SyntaxError {
    let length = if text.starts_with("\\u{") { text.find('}').map_or(3, |end| end + 1).min(12) } else { 6 };
    let shown: String = text.chars().take(length).take_while(|&character| character != '\n').collect();
    SyntaxError::new(at, format!("Invalid Unicode escape sequence: \"{shown}\"."))
}

/// The text of a block string, without the indentation that its lines share and the blank lines around it.
fn dedent(raw: &str) -> String {
    let lines = lines_of(raw);
    let indent = |line: &str| line.bytes().take_while(|&byte| byte == b' ' || byte == b'\t').count();
    let is_blank = |line: &&str| indent(line) == line.len();
    let common = lines.iter().skip(1).filter(|line| !is_blank(line)).map(|line| indent(line)).min().unwrap_or(0);
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !is_blank(line)).map_or(first, |last| last + 1);
    let mut text = String::with_capacity(raw.len());
    for (number, line) in lines.iter().enumerate().take(last).skip(first) {
        if number > first {
            text.push('\n');
        }
        text.push_str(if number == 0 { line } else { line.get(common..).unwrap_or_default() });
    }
    text.replace("\\\"\"\"", "\"\"\"")
}

/// The lines of a text, which end with a line feed, a carriage return, or both.
fn lines_of(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['\n', '\r']) {
        let (line, ending) = rest.split_at(end);
        lines.push(line);
        let length = if ending.starts_with("\r\n") { 2 } else { 1 };
        rest = ending.get(length..).unwrap_or_default();
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::lexer::Lexer;

    fn read(text: &str) -> Result<String, SyntaxError> {
        let token = Lexer::new(text, 10).next()?;
        assert_eq!(token.end as usize, text.len(), "{text}");
        Ok(meaning(text, token).into_owned())
    }

    #[test]
    fn escapes_mean_what_the_specification_says() {
        for (text, meant) in [
            (r#""""#, ""),
            (r#""a b""#, "a b"),
            (r#""\" \\ \/ \b \f \n \r \t""#, "\" \\ / \u{8} \u{C} \n \r \t"),
            (r#""\u00e9\u00E9""#, "éé"),
            (r#""\u{1F600} \uD83D\uDE00 \u{0} \u{000041}""#, "😀 😀 \0 A"),
            ("\"\u{0}\u{7F}\u{1}😀\"", "\u{0}\u{7F}\u{1}😀"),
        ] {
            assert_eq!(read(text).unwrap(), meant, "{text}");
        }
    }

    #[test]
    fn wrong_escapes_are_refused() {
        for (text, message) in [
            (r#""\x""#, r#"Invalid character escape sequence: "\x"."#),
            (r#""\u12""#, r#"Invalid Unicode escape sequence: "\u12""."#),
            (r#""\uD83D""#, r#"Invalid Unicode escape sequence: "\uD83D"."#),
            (r#""\uDE00\uD83D""#, r#"Invalid Unicode escape sequence: "\uDE00"."#),
            (r#""\u{110000}""#, r#"Invalid Unicode escape sequence: "\u{110000}"."#),
            (r#""\u{}""#, r#"Invalid Unicode escape sequence: "\u{}"."#),
            (r#""\u{+41}""#, r#"Invalid Unicode escape sequence: "\u{+41}"."#),
            ("\"a\nb\"", "Unterminated string."),
            ("\"a", "Unterminated string."),
            ("\"a\\", "Invalid character escape sequence: \"\\\"."),
            ("\"\"\"a\"\"", "Unterminated string."),
        ] {
            assert_eq!(read(text).unwrap_err().message, message, "{text}");
        }
    }

    #[test]
    fn block_strings_lose_their_indentation() {
        for (text, meant) in [
            ("\"\"\"\"\"\"", ""),
            ("\"\"\" a \"\"\"", " a "),
            (
                "\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"",
                "Hello,\n  World!\n\nYours,\n  GraphQL.",
            ),
            ("\"\"\"a\r\n  b\r  c\"\"\"", "a\nb\nc"),
            ("\"\"\"\n\n\t\n\"\"\"", ""),
            (r#""""\""" \n \u0041 "quoted" """"#, r#"""" \n \u0041 "quoted" "#),
            ("\"\"\"first\n    second\n  third\"\"\"", "first\n  second\nthird"),
        ] {
            assert_eq!(read(text).unwrap(), meant, "{text:?}");
        }
    }
}

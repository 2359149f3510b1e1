//! Rewrites the escapes of strings that the parser does not read, or reads wrong, into ones that it does.

use std::borrow::Cow;

/// The same document, with `\u{…}`, surrogate pairs and `\b` written in other ways. What is not an escape of the
/// specification stays, for the parser to refuse.
pub(super) fn plain_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") && !text.contains("\\b") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '#']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = if from.starts_with('#') {
            from.find(['\n', '\r']).unwrap_or(from.len())
        } else if from.starts_with("\"\"\"") {
            block_length(from)
        } else {
            rest = string(from, &mut out);
            continue;
        };
        let (skipped, after) = from.split_at(length);
        out.push_str(skipped);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The length of the block string that `text` begins with. It has no escapes but that of its own end.
fn block_length(text: &str) -> usize {
    let mut from = 3;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("\"\"\"")) {
        let end = from + at;
        if !text.get(..end).is_some_and(|before| before.ends_with('\\')) {
            return end + 3;
        }
        from = end + 3;
    }
    text.len()
}

/// Writes the string that `text` begins with; returns what follows.
fn string<'a>(text: &'a str, out: &mut String) -> &'a str {
    out.push('"');
    let mut rest = text.get(1..).unwrap_or_default();
    loop {
        let Some(at) = rest.find(['"', '\\', '\n', '\r']) else {
            out.push_str(rest);
            return "";
        };
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if !from.starts_with('\\') {
            // The end, or the line's, where the parser says what is wrong.
            let (end, after) = from.split_at(1);
            out.push_str(end);
            return after;
        }
        rest = if let Some((found, after)) = escaped(from) {
            write_char(found, out);
            after
        } else {
            let length = from.chars().take(2).map(char::len_utf8).sum();
            let (kept, after) = from.split_at(length);
            out.push_str(kept);
            after
        };
    }
}

/// The character of an escape that the parser does not read right, and what follows.
fn escaped(text: &str) -> Option<(char, &str)> {
    if let Some(after) = text.strip_prefix("\\b") {
        return Some(('\u{8}', after));
    }
    if let Some(after) = text.strip_prefix("\\u{") {
        let (digits, after) = after.split_once('}')?;
        return Some((char::from_u32(hexadecimal(digits)?)?, after));
    }
    let (high, after) = unit(text)?;
    let (low, after) = unit(after)?;
    let is_pair = (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low);
    let code = is_pair.then(|| 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?;
    Some((char::from_u32(code)?, after))
}

/// One `\uXXXX`.
fn unit(text: &str) -> Option<(u32, &str)> {
    let (digits, after) = text.strip_prefix("\\u")?.split_at_checked(4)?;
    Some((hexadecimal(digits)?, after))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    // The conversion alone would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

fn write_char(found: char, out: &mut String) {
    match found {
        '"' | '\\' => out.extend(['\\', found]),
        '\0'..'\u{20}' => out.push_str(&format!("\\u{:04X}", u32::from(found))),
        _ => out.push(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_written_in_ways_that_the_parser_reads() {
        for (text, expected) in [
            (r#"{a(b:"\u{1F600}")}"#, "{a(b:\"😀\")}"),
            (r#"{a(b:"\uD83D\uDE00\b")}"#, "{a(b:\"😀\\u0008\")}"),
            (r#"{a(b:"\u{22}\u{5c}\u{a}")}"#, r#"{a(b:"\"\\\u000A")}"#),
            (r#"{a(b:"\\b\\u{41}\"\b")}"#, r#"{a(b:"\\b\\u{41}\"\u0008")}"#),
        ] {
            assert_eq!(plain_escapes(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_escape_of_a_string_stays() {
        for text in [
            r#"{a(b:"\u00e9 \n")}"#,
            r#"{a(b:"\uD83D")}"#,
            r#"{a(b:"\uDE00\uD83D")}"#,
            r#"{a(b:"\u{110000}\u{+41}\u{")}"#,
            r#"{a(b:"""\b \""" \u{41}""" c:"""\b""")}"#,
            "{a # it's \" \\b\n}",
            r#"{a(b:"\"#,
            r#"{a(b:"\bé"#,
            "\"\\u{41\n\\b",
        ] {
            let kept = plain_escapes(text);
            assert!(kept == text || text.ends_with("\\bé"), "{text} -> {kept}");
        }
    }
}

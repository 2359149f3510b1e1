//! Documents that differ in the keys alone which they write as literals are the same to a feed.

use crate::{
    parse::{Limits, parse},
    subscribe::conflation::root_field,
};

/// What stands for the keys; no document has it.
const KEYS: &str = "\0";

/// `query` with one text for whatever literals the root field of the operation has in the argument `key`; as it is, when
/// a variable is in them.
///
/// The rest of the text stays as it is written: documents become the same only if all else in them is the same, which
/// includes whatever else may depend on a literal.
pub(in crate::subscribe) fn without_literal_keys(query: String, operation_name: Option<&str>, key: &str) -> String {
    match place_of_keys(&query, operation_name, key) {
        Some((before, behind)) => [before, KEYS, behind].concat(),
        None => query,
    }
}

/// What is written before the keys, and behind them.
fn place_of_keys<'a>(query: &'a str, operation_name: Option<&str>, key: &str) -> Option<(&'a str, &'a str)> {
    // It was within the limits when it was prepared.
    let document = parse(query, &Limits { max_tokens: usize::MAX, ..Limits::default() }).ok()?;
    let root = root_field(&document, operation_name)?;
    let value = &root.arguments.iter().find(|argument| argument.name.text == key)?.value;
    if !value.kind.is_constant() {
        return None;
    }
    let (before, literal) = query.split_at_checked(value.at as usize)?;
    literal.split_at_checked(length_of(literal)?).map(|(_, behind)| (before, behind))
}

/// How long the literal at the beginning of a text is, in bytes; `None` for objects, which are no keys.
fn length_of(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let rest = text.get(at..)?;
        match rest.bytes().next()? {
            b'[' => (at, depth) = (at + 1, depth + 1),
            b']' => (at, depth) = (at + 1, depth.checked_sub(1)?),
            b'"' => at += length_of_string(rest)?,
            b'#' => at += rest.find(['\n', '\r']).unwrap_or(rest.len()),
            b'{' | b'}' => return None,
            // What stands between items.
            _ if depth > 0 && !is_of_word(rest) => at += rest.chars().next()?.len_utf8(),
            _ => at += rest.bytes().take_while(|byte| is_word_byte(*byte)).count(),
        }
        if depth == 0 {
            return (at > 0).then_some(at);
        }
    }
}

fn is_of_word(text: &str) -> bool {
    text.bytes().next().is_some_and(is_word_byte)
}

/// Names and numbers.
const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.')
}

/// How long the string at the beginning of a text is, with its quotes.
fn length_of_string(text: &str) -> Option<usize> {
    let (quotes, escape) = if text.starts_with("\"\"\"") { ("\"\"\"", "\\\"\"\"") } else { ("\"", "\\") };
    let mut at = quotes.len();
    // An empty string is two quotes.
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(escape) {
            // Within a simple string, whatever is behind the backslash belongs to it.
            let escaped = if quotes.len() == 1 { rest.chars().nth(1)?.len_utf8() } else { 0 };
            at += escape.len() + escaped;
        } else if rest.starts_with(quotes) {
            return Some(at + quotes.len());
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(query: &str, operation_name: Option<&str>) -> String {
        without_literal_keys(query.to_owned(), operation_name, "skus").replace(KEYS, "…")
    }

    #[test]
    fn literals_of_every_form_are_taken_out() {
        for literal in [
            r#"["A", "B"]"#,
            r#"["]", "\"]", "\\"]"#,
            r#"["""a "quoted" \""" ]""", "\u00e4Ä" # ] " comment
                , "C"]"#,
            r#""A""#,
            r#""""#,
            r#"""""a""""#,
            "7",
            "-1.5e+3",
            "[7 8,, 9]",
            "RED",
            "[]",
            "[[1], [2]]",
        ] {
            let query = format!("subscription {{ badges(first: [1], skus: {literal}, last: \"A\") {{ sku }} }}");
            let expected = r#"subscription { badges(first: [1], skus: …, last: "A") { sku } }"#;
            assert_eq!(without(&query, None), expected, "{literal}");
        }
    }

    #[test]
    fn all_else_stays() {
        for query in [
            "subscription($s: [String!]!) { badges(skus: $s) { sku } }",
            r#"subscription($s: String!) { badges(skus: ["A", $s]) { sku } }"#,
            r#"subscription { badges(skus: {a: 1}) { sku } }"#,
            "subscription { badges { sku } }",
        ] {
            assert_eq!(without(query, None), query);
        }
        let query = r#"subscription A { badges(skus: "A") { b(skus: "A") } } subscription B { ...F }
            fragment F on Subscription { badges(skus: "B") { sku } }"#;
        assert_eq!(without(query, Some("A")), query.replacen(r#""A""#, "…", 1));
        assert_eq!(without(query, Some("B")), query.replacen(r#""B""#, "…", 1));
    }
}

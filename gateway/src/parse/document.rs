//! The parser, with its errors as GraphQL errors.

use graphql_tools::{parser::parse_query_with_token_limit, static_graphql::query::Document};

use super::{Limits, escapes::plain_escapes, repeated::drop_repeated};
use crate::error::{GraphqlError, code};

/// Parses a document.
///
/// The parser refuses more than 50 open brackets before it recurses, so hostile nesting cannot overflow the stack.
///
/// # Errors
///
/// When the text is not GraphQL, has no definition, or more tokens than `limits` allow.
pub fn parse(query: &str, limits: &Limits) -> Result<Document, Vec<GraphqlError>> {
    parse_query_with_token_limit::<String>(&plain_escapes(query), limits.max_tokens)
        .map(|document| {
            let mut document = document.into_static();
            drop_repeated(&mut document);
            document
        })
        .map_err(|error| {
            let position = error.0.position;
            let text = error.to_string();
            // The first line repeats the position, which is a field of its own here.
            let lines: Vec<&str> = text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with("Parse error"))
                .collect();
            let error = GraphqlError::new(code::PARSE_FAILED, format!("Syntax Error: {}", lines.join("; ")));
            vec![error.at(position.line, position.column)]
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_the_error_is() {
        let error = parse("query {\n  a(", &Limits::default()).unwrap_err().remove(0);
        assert!(error.message.starts_with("Syntax Error: "), "{}", error.message);
        assert_eq!(error.code(), Some(code::PARSE_FAILED));
        assert_eq!(error.locations.len(), 1);
    }

    #[test]
    fn hostile_nesting_is_an_error() {
        for hostile in ["{", "{a(b:[", "query($a:[", "{a(b:{c:"] {
            let text = hostile.repeat(1_000_000 / hostile.len());
            assert!(parse(&text, &Limits::default()).is_err(), "{hostile}");
        }
        assert!(parse(&"{a ".repeat(1_000), &Limits { max_tokens: usize::MAX, ..Limits::default() }).is_err());
    }

    #[test]
    fn strings_mean_what_their_escapes_say() {
        let document = parse(r#"{ a(b: "\u{1F600} \uD83D\uDE00 \b\t \u00e9") }"#, &Limits::default()).unwrap();
        assert!(format!("{document:?}").contains(r#"String("😀 😀 \u{8}\t é")"#), "{document:?}");
        assert!(parse(r#"{ a(b: "\uD83D") }"#, &Limits::default()).is_err());
    }

    #[test]
    fn too_many_tokens_are_an_error() {
        let text = format!("{{{}}}", "a ".repeat(20_000));
        let error = parse(&text, &Limits::default()).unwrap_err().remove(0);
        assert!(error.message.contains("Token limit exceeded"), "{}", error.message);
    }
}

//! A parsed document.

use super::{
    Limits,
    ast::{Definition, FragmentDefinition, Offset, OperationDefinition},
    parser::parse_definitions,
    source::Source,
};
use crate::error::{GraphqlError, Location, code};

/// An executable document: its definitions, and where they stand.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) definitions: Vec<Definition<'a>>,
    source: Source<'a>,
}

impl<'a> Document<'a> {
    /// The operations, in order.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &OperationDefinition<'a>> {
        self.definitions.iter().filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        })
    }

    /// The fragments, in order.
    pub(crate) fn fragments(&self) -> impl Iterator<Item = &FragmentDefinition<'a>> {
        self.definitions.iter().filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some(fragment),
            Definition::Operation(_) => None,
        })
    }

    /// Line and column of a place.
    pub(crate) fn location(&self, at: Offset) -> Location {
        self.source.location(at)
    }
}

/// Parses a document (September 2025 edition), descriptions of operations, fragments and variables included.
///
/// Brackets nest at most 200 deep, so hostile nesting cannot overflow the stack.
///
/// # Errors
///
/// When the text is not GraphQL, has no definition, or more tokens than `limits` allow.
pub(crate) fn parse<'a>(query: &'a str, limits: &Limits) -> Result<Document<'a>, Vec<GraphqlError>> {
    match parse_definitions(query, limits.max_tokens) {
        Ok(definitions) => Ok(Document { definitions, source: Source::new(query) }),
        Err(error) => {
            let Location { line, column } = Source::new(query).location(error.at);
            let message = format!("Syntax Error: {}", error.message);
            Err(vec![GraphqlError::new(code::PARSE_FAILED, message).at(line, column)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(query: &str) -> (String, usize, usize) {
        let error = parse(query, &Limits::default()).unwrap_err().remove(0);
        assert_eq!(error.code(), Some(code::PARSE_FAILED));
        (error.message, error.locations[0].line, error.locations[0].column)
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (query, message, line, column) in [
            ("", "Unexpected <EOF>.", 1, 1),
            ("query {\n  a(", "Expected Name, found <EOF>.", 2, 5),
            ("{ a: }", "Expected Name, found \"}\".", 1, 6),
            ("{}", "Expected Name, found \"}\".", 1, 2),
            ("{ a() }", "Expected Name, found \")\".", 1, 5),
            ("{ a(b: ) }", "Unexpected \")\".", 1, 8),
            ("notAnOperation Foo { field }", "Unexpected Name \"notAnOperation\".", 1, 1),
            ("type Query { a: Int }", "Unexpected Name \"type\".", 1, 1),
            ("fragment on on on { on }", "Unexpected Name \"on\".", 1, 10),
            ("fragment F { a }", "Expected \"on\", found \"{\".", 1, 12),
            ("{ ...on }", "Expected Name, found \"}\".", 1, 9),
            ("query($a: Int = $b) { a }", "Unexpected variable \"$b\" in constant value.", 1, 17),
            ("query($a: Int @b(c: $d)) { a }", "Unexpected variable \"$d\" in constant value.", 1, 21),
            ("\"text\" { a }", "Unexpected description, descriptions are not supported on shorthand queries.", 1, 1),
            ("{ a \"b\" }", "Expected Name, found String \"b\".", 1, 5),
            ("{ a } 5", "Unexpected Int \"5\".", 1, 7),
        ] {
            assert_eq!(fails(query), (format!("Syntax Error: {message}"), line, column), "{query}");
        }
    }

    #[test]
    fn takes_all_of_the_grammar() {
        for query in [
            "\u{FEFF}{ on: fragment, true null(mutation: {a: [], b: {}}) }",
            "query query($query: [[Int!]!]! = [[1]] @a(b: \"c\") @d) @e { ... @f { a } ... { a } ...on on { a } }",
            r#""describes" query Q("describes too" $a: Int) { a } """fragments""" fragment F on T { a }"#,
            "mutation { a } subscription S { b } fragment fragment on on @on { on }",
            "{ a(b: $c d: -1.5e9, e: 12345678901234567890123, f: E, g: \"\"\"\n h\n\"\"\") @i @i { j: k } }",
        ] {
            parse(query, &Limits::default()).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
        }
    }

    #[test]
    fn hostile_nesting_is_an_error() {
        let unlimited = Limits { max_tokens: usize::MAX, ..Limits::default() };
        for hostile in ["{", "{a(b:[", "query($a:[", "{a(b:{c:", "{a{", "{...{"] {
            let (start, rest) = hostile.split_at(hostile.len() - 1);
            for text in [hostile.repeat(100_000), format!("{start}{}", rest.repeat(100_000)), "{a ".repeat(1_000)] {
                assert!(parse(&text, &unlimited).is_err(), "{hostile}");
            }
        }
        assert!(parse(&format!("{}a{}", "{a ".repeat(190), "}".repeat(190)), &unlimited).is_ok());
    }

    #[test]
    fn too_many_tokens_are_an_error() {
        let (message, ..) = fails(&format!("{{{}}}", "a ".repeat(20_000)));
        assert_eq!(message, "Syntax Error: Document contains more than 15000 tokens. Parsing aborted.");
    }
}

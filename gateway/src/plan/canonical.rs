//! What a document means apart from how it is written, so that texts which mean the same share one plan.
//!
//! Works on tokens, without parsing: spaces, commas and comments go, and so does the name of the only operation. What is
//! not understood at a glance has no canonical form and is prepared by itself.

/// A document in its canonical form.
#[derive(Debug, PartialEq, Eq)]
pub struct Canonical<'a> {
    /// The tokens, apart from the operation's name.
    pub text: String,
    /// The name of the operation.
    pub operation_name: Option<&'a str>,
    /// Line and column of each variable's definition, counted from 1, in order.
    pub variable_positions: Vec<(usize, usize)>,
}

/// The canonical form of a document with one operation.
#[must_use]
pub fn canonical(query: &str) -> Option<Canonical<'_>> {
    let mut reader = Reader { query, at: 0, line: 1, line_start: 0 };
    let mut found =
        Canonical { text: String::with_capacity(query.len()), operation_name: None, variable_positions: Vec::new() };
    let mut place = Place::default();
    let mut may_run_together = false;
    while let Some((token, kind, position)) = reader.token()? {
        let is_own_name = place.see(token, kind);
        if is_own_name {
            if found.operation_name.replace(token).is_some() {
                return None;
            }
            continue;
        }
        if place.defines_variable && token == "$" {
            found.variable_positions.push(position);
        }
        // Two names would become one, and two quotes a third.
        let is_word = kind != Kind::Punctuator;
        if std::mem::replace(&mut may_run_together, is_word) && (is_word || token == "...") {
            found.text.push(' ');
        }
        found.text.push_str(token);
    }
    (place.operations == 1 && place.depth == 0).then_some(found)
}

/// Where in a document the reader is.
#[derive(Default)]
struct Place {
    /// How many brackets are open.
    depth: usize,
    operations: usize,
    /// The keyword before was one of an operation, at the top.
    follows_operation: bool,
    /// Between the keyword of an operation and its selection, outside of brackets.
    is_head: bool,
    /// Behind a directive on the operation, whose arguments hold variables but define none.
    has_directive: bool,
    /// In the definitions of variables.
    defines_variable: bool,
    /// In a fragment's head, where names are not operations.
    is_fragment: bool,
}

impl Place {
    /// Goes on to a token; whether it is the name of an operation.
    fn see(&mut self, token: &str, kind: Kind) -> bool {
        let follows_operation = std::mem::take(&mut self.follows_operation);
        match (token, kind) {
            (_, Kind::Name) if self.depth == 0 => {
                if follows_operation {
                    return true;
                }
                if !self.is_head && !self.is_fragment {
                    self.follows_operation = matches!(token, "query" | "mutation" | "subscription");
                    self.is_head = self.follows_operation;
                    self.operations += usize::from(self.follows_operation);
                    self.is_fragment = token == "fragment";
                }
            }
            ("{", Kind::Punctuator) if self.depth == 0 && !self.is_head && !self.is_fragment => {
                self.operations += 1;
                self.depth += 1;
            }
            ("@", Kind::Punctuator) if self.depth == 0 && self.is_head => self.has_directive = true,
            ("(" | "[" | "{", Kind::Punctuator) => {
                if self.depth == 0 {
                    self.defines_variable = token == "(" && self.is_head && !self.has_directive;
                }
                self.depth += 1;
            }
            (")" | "]" | "}", Kind::Punctuator) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.defines_variable = false;
                    if token == "}" {
                        self.is_head = false;
                        self.is_fragment = false;
                    }
                }
            }
            _ => {}
        }
        false
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name or a number.
    Name,
    Text,
    Punctuator,
}

struct Reader<'a> {
    query: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
}

type Token<'a> = (&'a str, Kind, (usize, usize));

impl<'a> Reader<'a> {
    /// The next token; `None` for what is none, `Some(None)` at the end.
    fn token(&mut self) -> Option<Option<Token<'a>>> {
        self.skip_ignored();
        let bytes = self.query.as_bytes();
        let start = self.at;
        let position = (self.line, start - self.line_start + 1);
        let Some(&first) = bytes.get(start) else { return Some(None) };
        let kind = match first {
            b'_' | b'-' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                // A sign and a point belong to numbers; no name is next to them.
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.');
                let is_number = first == b'-' || first.is_ascii_digit();
                let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let rest = bytes.get(start..)?;
                let length =
                    rest.iter().take_while(|byte| if is_number { is_part(byte) } else { is_name(byte) }).count();
                self.at += length;
                Kind::Name
            }
            b'"' => {
                self.text()?;
                Kind::Text
            }
            b'.' => {
                self.at += 3;
                Kind::Punctuator
            }
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                self.at += 1;
                Kind::Punctuator
            }
            _ => return None,
        };
        let token = self.query.get(start..self.at)?;
        (first != b'.' || token == "...").then_some(Some((token, kind, position)))
    }

    fn skip_ignored(&mut self) {
        let bytes = self.query.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b',' => self.at += 1,
                b'\n' | b'\r' => self.end_line(),
                b'#' => {
                    let rest = bytes.get(self.at..).unwrap_or_default();
                    self.at += rest.iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                }
                _ => return,
            }
        }
    }

    fn end_line(&mut self) {
        let rest = self.query.as_bytes().get(self.at..).unwrap_or_default();
        self.at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
        self.line += 1;
        self.line_start = self.at;
    }

    fn text(&mut self) -> Option<()> {
        let bytes = self.query.as_bytes();
        let is_block = bytes.get(self.at..)?.starts_with(b"\"\"\"");
        self.at += if is_block { 3 } else { 1 };
        loop {
            let rest = bytes.get(self.at..)?;
            match rest.first()? {
                b'"' if !is_block => {
                    self.at += 1;
                    return Some(());
                }
                b'"' if rest.starts_with(b"\"\"\"") => {
                    self.at += 3;
                    return Some(());
                }
                b'\\' if is_block && rest.starts_with(b"\\\"\"\"") => self.at += 4,
                b'\\' if !is_block => self.at += 2,
                b'\n' | b'\r' if is_block => self.end_line(),
                b'\n' | b'\r' => return None,
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: &str) -> Option<String> {
        canonical(query).map(|canonical| canonical.text)
    }

    #[test]
    fn texts_that_mean_the_same_are_the_same() {
        let plain = text("query A($a: Int = 1, $b: [ID!]) { a(x: $a, y: [1 2]) { b ...F } } fragment F on T { c }");
        assert_eq!(
            plain,
            text("# first\nquery Other ( $a:Int=1 $b:[ID!] )\r\n{a(x:$a,y:[1,2]){b...F}}fragment F on T{c},,")
        );
        assert_eq!(plain.as_deref(), Some("query($a:Int=1$b:[ID!]){a(x:$a y:[1 2]){b ...F}}fragment F on T{c}"));
        assert_eq!(text("{ a b }").as_deref(), Some("{a b}"));
    }

    #[test]
    fn texts_that_mean_something_else_differ() {
        let all = [
            "{ a }",
            "{ b }",
            "{ a b }",
            "{ ab }",
            "{ a: b }",
            "query { a }",
            "mutation { a }",
            "{ a(x: 12) }",
            "{ a(x: [1, 2]) }",
            "{ a(x: \"1,2\") }",
            "{ a(x: \"1 2\") }",
            "{ a(x: \"\"\"1 2\"\"\") }",
            "{ a @x }",
            "query @x { a }",
            "query($a: Int) { a }",
            "query($b: Int) { a }",
            "{ a ...query } fragment query on T { b }",
        ];
        for (index, one) in all.iter().enumerate() {
            for other in &all[index + 1..] {
                assert!(text(one).is_some(), "{one}");
                assert_ne!(text(one), text(other), "{one} and {other}");
            }
        }
    }

    #[test]
    fn the_name_and_the_places_of_variables_are_kept_apart() {
        let found = canonical("query query(\n  $a: Int,\n  $b: T = { c: \"$\" }) @d(x: $a) { a(b: $b) }").unwrap();
        assert_eq!((found.operation_name, found.variable_positions), (Some("query"), vec![(2, 3), (3, 3)]));
        let found = canonical("fragment mutation on T { a } query { ...mutation }").unwrap();
        assert_eq!((found.operation_name, found.text.as_str()), (None, "fragment mutation on T{a}query{...mutation}"));
    }

    #[test]
    fn several_operations_and_what_is_no_document_have_no_canonical_form() {
        for query in
            ["", "query A { a } query B { a }", "{ a } { b }", "{ a(x: \"1) }", "{ a ; }", "{ a .. }", "{ a", "é"]
        {
            assert_eq!(canonical(query), None, "{query}");
        }
    }
}

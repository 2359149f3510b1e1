//! From text to tokens.

use super::{
    ast::Offset,
    string::{block_string_end, string_end},
    token::{SyntaxError, Token, TokenKind},
};

/// Reads one token after the other.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// How many more tokens may come.
    tokens_left: usize,
    max_tokens: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str, max_tokens: usize) -> Self {
        Self { text, at: 0, tokens_left: max_tokens, max_tokens }
    }

    /// The text of a token.
    pub(super) fn text(&self, token: Token) -> &'a str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or_default()
    }

    /// The next token; [`TokenKind::End`] behind the last.
    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        self.skip_ignored();
        let start = self.at;
        let Some(byte) = self.peek(0) else { return Ok(self.token(TokenKind::End, start)) };
        let kind = match byte {
            b'!' => self.punctuator(TokenKind::Bang),
            b'$' => self.punctuator(TokenKind::Dollar),
            b'&' => self.punctuator(TokenKind::Amp),
            b'(' => self.punctuator(TokenKind::ParenOpen),
            b')' => self.punctuator(TokenKind::ParenClose),
            b':' => self.punctuator(TokenKind::Colon),
            b'=' => self.punctuator(TokenKind::Equals),
            b'@' => self.punctuator(TokenKind::At),
            b'[' => self.punctuator(TokenKind::BracketOpen),
            b']' => self.punctuator(TokenKind::BracketClose),
            b'{' => self.punctuator(TokenKind::BraceOpen),
            b'|' => self.punctuator(TokenKind::Pipe),
            b'}' => self.punctuator(TokenKind::BraceClose),
            b'.' if self.peek(1) == Some(b'.') && self.peek(2) == Some(b'.') => {
                self.at += 3;
                TokenKind::Spread
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.skip_while(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
                TokenKind::Name
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b'"' if self.peek(1) == Some(b'"') && self.peek(2) == Some(b'"') => {
                self.at = block_string_end(self.text, start)?;
                TokenKind::BlockString
            }
            b'"' => {
                self.at = string_end(self.text, start)?;
                TokenKind::String
            }
            b'\'' => {
                let message =
                    "Unexpected single quote character ('), did you mean to use a double quote (\")?".to_owned();
                return Err(SyntaxError::new(start, message));
            }
            _ => return Err(SyntaxError::new(start, format!("Unexpected character: {}.", self.shown(start)))),
        };
        if self.tokens_left == 0 {
            let message = format!("Document contains more than {} tokens. Parsing aborted.", self.max_tokens);
            return Err(SyntaxError::new(start, message));
        }
        self.tokens_left -= 1;
        Ok(self.token(kind, start))
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        let offset = |at| Offset::try_from(at).unwrap_or(Offset::MAX);
        Token { kind, start: offset(start), end: offset(self.at) }
    }

    fn punctuator(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn skip_while(&mut self, accepts: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&accepts) {
            self.at += 1;
        }
    }

    /// White space, line ends, commas, comments, and byte order marks.
    fn skip_ignored(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
                b'#' => self.skip_while(|byte| byte != b'\n' && byte != b'\r'),
                0xEF if self.peek(1) == Some(0xBB) && self.peek(2) == Some(0xBF) => self.at += 3,
                _ => return,
            }
        }
    }

    fn number(&mut self) -> Result<TokenKind, SyntaxError> {
        let mut kind = TokenKind::Int;
        if self.peek(0) == Some(b'-') {
            self.at += 1;
        }
        if self.peek(0) == Some(b'0') {
            self.at += 1;
            if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
                let message = format!("Invalid number, unexpected digit after 0: {}.", self.shown(self.at));
                return Err(SyntaxError::new(self.at, message));
            }
        } else {
            self.digits()?;
        }
        if self.peek(0) == Some(b'.') {
            kind = TokenKind::Float;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            kind = TokenKind::Float;
            self.at += 1;
            if matches!(self.peek(0), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        // What follows a number must not look like a part of it.
        match self.peek(0) {
            Some(b'.' | b'_' | b'a'..=b'z' | b'A'..=b'Z') => Err(self.no_digit()),
            _ => Ok(kind),
        }
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.no_digit());
        }
        self.skip_while(|byte| byte.is_ascii_digit());
        Ok(())
    }

    fn no_digit(&self) -> SyntaxError {
        SyntaxError::new(self.at, format!("Invalid number, expected digit but got: {}.", self.shown(self.at)))
    }

    /// The character at `at` for a message.
    fn shown(&self, at: usize) -> String {
        match self.text.get(at..).and_then(|rest| rest.chars().next()) {
            None => "<EOF>".to_owned(),
            Some('"') => "'\"'".to_owned(),
            Some(character @ ' '..='~') => format!("\"{character}\""),
            Some(character) => format!("U+{:04X}", u32::from(character)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<&str>, SyntaxError> {
        let mut lexer = Lexer::new(text, 1_000);
        let mut found = Vec::new();
        loop {
            let token = lexer.next()?;
            if token.kind == TokenKind::End {
                return Ok(found);
            }
            found.push(lexer.text(token));
        }
    }

    fn fails(text: &str) -> (Offset, String) {
        let SyntaxError { at, message } = tokens(text).unwrap_err();
        (at, message)
    }

    #[test]
    fn what_carries_no_meaning_is_passed_over() {
        assert_eq!(tokens("\u{FEFF} , a#b \" ' é\rc\t\u{FEFF}d # end").unwrap(), ["a", "c", "d"]);
        assert_eq!(tokens("").unwrap(), [""; 0]);
    }

    #[test]
    fn numbers() {
        let numbers = ["0", "-0", "9", "12345678901234567890", "1e9", "1E-0", "-1.50e+05", "0.9"];
        for number in numbers {
            assert_eq!(tokens(number).unwrap(), [number]);
        }
        assert_eq!(fails("01"), (1, "Invalid number, unexpected digit after 0: \"1\".".to_owned()));
        assert_eq!(fails("-"), (1, "Invalid number, expected digit but got: <EOF>.".to_owned()));
        assert_eq!(fails("1."), (2, "Invalid number, expected digit but got: <EOF>.".to_owned()));
        assert_eq!(fails("1.e1"), (2, "Invalid number, expected digit but got: \"e\".".to_owned()));
        assert_eq!(fails("1x"), (1, "Invalid number, expected digit but got: \"x\".".to_owned()));
        assert_eq!(fails("1.2.3"), (3, "Invalid number, expected digit but got: \".\".".to_owned()));
        assert_eq!(fails("+1"), (0, "Unexpected character: \"+\".".to_owned()));
    }

    #[test]
    fn what_is_no_token_is_named() {
        assert_eq!(fails(".."), (0, "Unexpected character: \".\".".to_owned()));
        assert_eq!(fails("a \u{0}"), (2, "Unexpected character: U+0000.".to_owned()));
        assert_eq!(fails("é"), (0, "Unexpected character: U+00E9.".to_owned()));
        assert!(fails("'a'").1.contains("double quote"));
    }

    #[test]
    fn tokens_are_counted() {
        let mut lexer = Lexer::new("{ a b }", 3);
        for _ in 0..3 {
            lexer.next().unwrap();
        }
        assert_eq!(lexer.next().unwrap_err().message, "Document contains more than 3 tokens. Parsing aborted.");
    }
}

//! The lexical tokens of GraphQL.

use super::ast::Offset;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Before the first and behind the last.
    End,
    Bang,
    Dollar,
    Amp,
    ParenOpen,
    ParenClose,
    Spread,
    Colon,
    Equals,
    At,
    BracketOpen,
    BracketClose,
    BraceOpen,
    Pipe,
    BraceClose,
    Name,
    Int,
    Float,
    String,
    BlockString,
}

impl TokenKind {
    /// How messages call it.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::End => "<EOF>",
            Self::Bang => "\"!\"",
            Self::Dollar => "\"$\"",
            Self::Amp => "\"&\"",
            Self::ParenOpen => "\"(\"",
            Self::ParenClose => "\")\"",
            Self::Spread => "\"...\"",
            Self::Colon => "\":\"",
            Self::Equals => "\"=\"",
            Self::At => "\"@\"",
            Self::BracketOpen => "\"[\"",
            Self::BracketClose => "\"]\"",
            Self::BraceOpen => "\"{\"",
            Self::Pipe => "\"|\"",
            Self::BraceClose => "\"}\"",
            Self::Name => "Name",
            Self::Int => "Int",
            Self::Float => "Float",
            Self::String => "String",
            Self::BlockString => "BlockString",
        }
    }

    /// Whether it is written as itself, so that its text says nothing more.
    pub(super) const fn is_punctuator(self) -> bool {
        !matches!(self, Self::Name | Self::Int | Self::Float | Self::String | Self::BlockString)
    }
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: Offset,
    pub(super) end: Offset,
}

/// Why a text is not GraphQL, in the words of graphql-js, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) at: Offset,
    pub(super) message: String,
}

impl SyntaxError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at: Offset::try_from(at).unwrap_or(Offset::MAX), message: message.into() }
    }
}

//! From tokens to document, by recursive descent.

use super::{
    ast::{
        Argument, Definition, Directive, Field, FragmentDefinition, FragmentSpread, InlineFragment, Name,
        OperationDefinition, Selection, SelectionSet, TypeNode, Value, ValueKind, VariableDefinition,
    },
    lexer::Lexer,
    string::meaning,
    token::{SyntaxError, Token, TokenKind},
};
use crate::operation::OperationKind;

/// How many brackets may be open at once, which bounds the stack.
const MAX_OPEN: usize = 200;

type Parsed<T> = Result<T, SyntaxError>;

/// Reads the definitions of a text.
pub(super) fn parse_definitions(text: &str, max_tokens: usize) -> Parsed<Vec<Definition<'_>>> {
    let mut lexer = Lexer::new(text, max_tokens);
    let token = lexer.next()?;
    let mut parser = Parser { text, lexer, token, open: 0 };
    let mut definitions = vec![parser.definition()?];
    while parser.token.kind != TokenKind::End {
        definitions.push(parser.definition()?);
    }
    Ok(definitions)
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// The token to be read next.
    token: Token,
    open: usize,
}

impl<'a> Parser<'a> {
    fn definition(&mut self) -> Parsed<Definition<'a>> {
        let at = self.token.start;
        if self.token.kind == TokenKind::BraceOpen {
            let selection_set = self.selection_set()?;
            let (variables, directives) = (Vec::new(), Vec::new());
            let kind = OperationKind::Query;
            let operation = OperationDefinition { at, kind, name: None, variables, directives, selection_set };
            return Ok(Definition::Operation(operation));
        }
        let is_described = self.description()?;
        if self.token.kind == TokenKind::BraceOpen && is_described {
            let message = "Unexpected description, descriptions are not supported on shorthand queries.";
            return Err(SyntaxError::new(at as usize, message));
        }
        let kind = match self.keyword() {
            Some("query") => OperationKind::Query,
            Some("mutation") => OperationKind::Mutation,
            Some("subscription") => OperationKind::Subscription,
            Some("fragment") => return self.fragment_definition(at).map(Definition::Fragment),
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        let name = if self.token.kind == TokenKind::Name { Some(self.name()?) } else { None };
        let variables = self.optional_list(TokenKind::ParenOpen, Self::variable_definition, TokenKind::ParenClose)?;
        let directives = self.directives(false)?;
        let selection_set = self.selection_set()?;
        Ok(Definition::Operation(OperationDefinition { at, kind, name, variables, directives, selection_set }))
    }

    /// Passes over a description, which has no meaning for execution; says whether there was one.
    fn description(&mut self) -> Parsed<bool> {
        let is_there = matches!(self.token.kind, TokenKind::String | TokenKind::BlockString);
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    fn fragment_definition(&mut self, at: u32) -> Parsed<FragmentDefinition<'a>> {
        self.advance()?;
        if self.keyword() == Some("on") {
            return Err(self.unexpected());
        }
        let name = self.name()?;
        if self.keyword() != Some("on") {
            return Err(self.expected("\"on\""));
        }
        self.advance()?;
        let type_condition = self.name()?;
        let directives = self.directives(false)?;
        let selection_set = self.selection_set()?;
        Ok(FragmentDefinition { at, name, type_condition, directives, selection_set })
    }

    fn variable_definition(&mut self) -> Parsed<VariableDefinition<'a>> {
        let at = self.token.start;
        self.description()?;
        self.expect(TokenKind::Dollar)?;
        let name = self.name()?;
        self.expect(TokenKind::Colon)?;
        let type_node = self.type_node()?;
        let default = if self.accept(TokenKind::Equals)? { Some(self.value(true)?) } else { None };
        let directives = self.directives(true)?;
        Ok(VariableDefinition { at, name, type_node, default, directives })
    }

    /// The name of a variable, at the place of its `$`.
    fn variable(&mut self) -> Parsed<Name<'a>> {
        let at = self.token.start;
        self.expect(TokenKind::Dollar)?;
        Ok(Name { at, ..self.name()? })
    }

    fn type_node(&mut self) -> Parsed<TypeNode<'a>> {
        let at = self.token.start;
        let inner = if self.accept(TokenKind::BracketOpen)? {
            self.enter()?;
            let inner = self.type_node()?;
            self.open -= 1;
            self.expect(TokenKind::BracketClose)?;
            TypeNode::List(at, Box::new(inner))
        } else {
            TypeNode::Named(self.name()?)
        };
        Ok(if self.accept(TokenKind::Bang)? { TypeNode::NonNull(Box::new(inner)) } else { inner })
    }

    fn selection_set(&mut self) -> Parsed<SelectionSet<'a>> {
        let at = self.token.start;
        let items = self.list(TokenKind::BraceOpen, Self::selection, TokenKind::BraceClose)?;
        Ok(SelectionSet { at, items })
    }

    fn selection(&mut self) -> Parsed<Selection<'a>> {
        let at = self.token.start;
        if !self.accept(TokenKind::Spread)? {
            return self.field().map(Selection::Field);
        }
        let is_condition = self.keyword() == Some("on");
        if self.token.kind == TokenKind::Name && !is_condition {
            let name = self.name()?;
            let directives = self.directives(false)?;
            return Ok(Selection::Spread(FragmentSpread { at, name, directives }));
        }
        let mut type_condition = None;
        if is_condition {
            self.advance()?;
            type_condition = Some(self.name()?);
        }
        let directives = self.directives(false)?;
        let selection_set = self.selection_set()?;
        Ok(Selection::Inline(InlineFragment { at, type_condition, directives, selection_set }))
    }

    fn field(&mut self) -> Parsed<Field<'a>> {
        let first = self.name()?;
        let (alias, name) = if self.accept(TokenKind::Colon)? { (Some(first), self.name()?) } else { (None, first) };
        let arguments = self.arguments(false)?;
        let directives = self.directives(false)?;
        let selection_set = if self.token.kind == TokenKind::BraceOpen { Some(self.selection_set()?) } else { None };
        Ok(Field { alias, name, arguments, directives, selection_set })
    }

    fn directives(&mut self, is_constant: bool) -> Parsed<Vec<Directive<'a>>> {
        let mut directives = Vec::new();
        while self.token.kind == TokenKind::At {
            let at = self.token.start;
            self.advance()?;
            let name = self.name()?;
            let arguments = self.arguments(is_constant)?;
            directives.push(Directive { at, name, arguments });
        }
        Ok(directives)
    }

    fn arguments(&mut self, is_constant: bool) -> Parsed<Vec<Argument<'a>>> {
        let read = if is_constant { Self::constant_argument } else { Self::argument };
        self.optional_list(TokenKind::ParenOpen, read, TokenKind::ParenClose)
    }

    fn argument(&mut self) -> Parsed<Argument<'a>> {
        self.named_value(false)
    }

    fn constant_argument(&mut self) -> Parsed<Argument<'a>> {
        self.named_value(true)
    }

    fn named_value(&mut self, is_constant: bool) -> Parsed<Argument<'a>> {
        let name = self.name()?;
        self.expect(TokenKind::Colon)?;
        let value = self.value(is_constant)?;
        Ok(Argument { name, value })
    }

    /// A literal, or a variable where `is_constant` does not forbid it.
    fn value(&mut self, is_constant: bool) -> Parsed<Value<'a>> {
        let token = self.token;
        let text = self.lexer.text(token);
        let kind = match token.kind {
            TokenKind::BracketOpen => ValueKind::List(self.items(is_constant)?),
            TokenKind::BraceOpen => ValueKind::Object(self.fields(is_constant)?),
            TokenKind::Dollar if is_constant => return Err(self.unexpected_variable()),
            TokenKind::Dollar => ValueKind::Variable(self.variable()?),
            _ => {
                let kind = match token.kind {
                    TokenKind::Int => ValueKind::Int(text),
                    TokenKind::Float => ValueKind::Float(text),
                    TokenKind::String | TokenKind::BlockString => ValueKind::String {
                        text: meaning(self.text, token),
                        is_block: token.kind == TokenKind::BlockString,
                    },
                    TokenKind::Name => match text {
                        "true" => ValueKind::Boolean(true),
                        "false" => ValueKind::Boolean(false),
                        "null" => ValueKind::Null,
                        _ => ValueKind::Enum(text),
                    },
                    _ => return Err(self.unexpected()),
                };
                self.advance()?;
                kind
            }
        };
        Ok(Value { at: token.start, kind })
    }

    fn items(&mut self, is_constant: bool) -> Parsed<Vec<Value<'a>>> {
        self.advance()?;
        self.enter()?;
        let mut items = Vec::new();
        while !self.accept(TokenKind::BracketClose)? {
            items.push(self.value(is_constant)?);
        }
        self.open -= 1;
        Ok(items)
    }

    fn fields(&mut self, is_constant: bool) -> Parsed<Vec<Argument<'a>>> {
        self.advance()?;
        self.enter()?;
        let mut fields = Vec::new();
        while !self.accept(TokenKind::BraceClose)? {
            fields.push(self.named_value(is_constant)?);
        }
        self.open -= 1;
        Ok(fields)
    }

    fn name(&mut self) -> Parsed<Name<'a>> {
        let token = self.token;
        self.expect(TokenKind::Name)?;
        Ok(Name { text: self.lexer.text(token), at: token.start })
    }

    /// One or more items between brackets, or no brackets at all.
    fn optional_list<T>(
        &mut self,
        open: TokenKind,
        item: fn(&mut Self) -> Parsed<T>,
        close: TokenKind,
    ) -> Parsed<Vec<T>> {
        if self.token.kind == open { self.list(open, item, close) } else { Ok(Vec::new()) }
    }

    /// One or more items between brackets.
    fn list<T>(&mut self, open: TokenKind, item: fn(&mut Self) -> Parsed<T>, close: TokenKind) -> Parsed<Vec<T>> {
        self.expect(open)?;
        self.enter()?;
        let mut items = vec![item(self)?];
        while !self.accept(close)? {
            items.push(item(self)?);
        }
        self.open -= 1;
        Ok(items)
    }

    fn enter(&mut self) -> Parsed<()> {
        self.open += 1;
        if self.open > MAX_OPEN {
            let message = format!("Document nests more than {MAX_OPEN} brackets. Parsing aborted.");
            return Err(SyntaxError::new(self.token.start as usize, message));
        }
        Ok(())
    }

    fn advance(&mut self) -> Parsed<()> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn accept(&mut self, kind: TokenKind) -> Parsed<bool> {
        let is_there = self.token.kind == kind;
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    fn expect(&mut self, kind: TokenKind) -> Parsed<()> {
        if self.accept(kind)? { Ok(()) } else { Err(self.expected(kind.described())) }
    }

    /// The text of the next token, if it is a name.
    fn keyword(&self) -> Option<&'a str> {
        (self.token.kind == TokenKind::Name).then(|| self.lexer.text(self.token))
    }

    fn expected(&self, what: &str) -> SyntaxError {
        SyntaxError::new(self.token.start as usize, format!("Expected {what}, found {}.", self.described()))
    }

    fn unexpected(&self) -> SyntaxError {
        SyntaxError::new(self.token.start as usize, format!("Unexpected {}.", self.described()))
    }

    fn unexpected_variable(&mut self) -> SyntaxError {
        let at = self.token.start as usize;
        match self.variable() {
            Ok(name) => SyntaxError::new(at, format!("Unexpected variable \"${}\" in constant value.", name.text)),
            Err(error) => error,
        }
    }

    /// How a message calls the next token.
    fn described(&self) -> String {
        let kind = self.token.kind;
        match kind {
            TokenKind::String | TokenKind::BlockString => {
                format!("{} \"{}\"", kind.described(), meaning(self.text, self.token))
            }
            _ if kind.is_punctuator() => kind.described().to_owned(),
            _ => format!("{} \"{}\"", kind.described(), self.lexer.text(self.token)),
        }
    }
}

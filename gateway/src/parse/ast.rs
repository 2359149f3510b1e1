//! An executable document, as it is written: names and literals borrow the text.

use std::borrow::Cow;

use crate::operation::OperationKind;

/// A place in the text, in bytes from its start.
pub(crate) type Offset = u32;

/// A name and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: Offset,
}

/// What can be defined in an executable document.
#[derive(Debug)]
pub(crate) enum Definition<'a> {
    Operation(OperationDefinition<'a>),
    Fragment(FragmentDefinition<'a>),
}

/// A query, mutation or subscription.
#[derive(Debug)]
pub(crate) struct OperationDefinition<'a> {
    pub(crate) at: Offset,
    pub(crate) kind: OperationKind,
    pub(crate) name: Option<Name<'a>>,
    pub(crate) variables: Vec<VariableDefinition<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) selection_set: SelectionSet<'a>,
}

/// `fragment NAME on TYPE { … }`.
#[derive(Debug)]
pub(crate) struct FragmentDefinition<'a> {
    pub(crate) at: Offset,
    pub(crate) name: Name<'a>,
    pub(crate) type_condition: Name<'a>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) selection_set: SelectionSet<'a>,
}

/// `$name: Type = default @directive`.
#[derive(Debug)]
pub(crate) struct VariableDefinition<'a> {
    pub(crate) at: Offset,
    /// Without `$`, and behind it.
    pub(crate) name: Name<'a>,
    pub(crate) type_node: TypeNode<'a>,
    pub(crate) default: Option<Value<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
}

/// The type of a variable, as it is written.
#[derive(Debug)]
pub(crate) enum TypeNode<'a> {
    Named(Name<'a>),
    List(Offset, Box<Self>),
    NonNull(Box<Self>),
}

impl<'a> TypeNode<'a> {
    /// The name inside lists and non-null marks.
    pub(crate) fn named(&self) -> Name<'a> {
        match self {
            Self::Named(name) => *name,
            Self::List(_, inner) | Self::NonNull(inner) => inner.named(),
        }
    }

    /// Where it starts.
    pub(crate) fn at(&self) -> Offset {
        match self {
            Self::Named(name) => name.at,
            Self::List(at, _) => *at,
            Self::NonNull(inner) => inner.at(),
        }
    }

    /// Whether null is among its values.
    pub(crate) const fn is_nullable(&self) -> bool {
        !matches!(self, Self::NonNull(_))
    }
}

/// `{ … }`.
#[derive(Debug)]
pub(crate) struct SelectionSet<'a> {
    pub(crate) at: Offset,
    pub(crate) items: Vec<Selection<'a>>,
}

/// One item of a selection set.
#[derive(Debug)]
pub(crate) enum Selection<'a> {
    Field(Field<'a>),
    Spread(FragmentSpread<'a>),
    Inline(InlineFragment<'a>),
}

impl<'a> Selection<'a> {
    /// The directives on it.
    pub(crate) fn directives(&self) -> &[Directive<'a>] {
        match self {
            Self::Field(field) => &field.directives,
            Self::Spread(spread) => &spread.directives,
            Self::Inline(fragment) => &fragment.directives,
        }
    }
}

/// `alias: name(arguments) @directives { … }`.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) alias: Option<Name<'a>>,
    pub(crate) name: Name<'a>,
    pub(crate) arguments: Vec<Argument<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) selection_set: Option<SelectionSet<'a>>,
}

impl<'a> Field<'a> {
    /// The key of its value in the response.
    pub(crate) fn response_key(&self) -> &'a str {
        self.alias.unwrap_or(self.name).text
    }

    /// Where it starts.
    pub(crate) fn at(&self) -> Offset {
        self.alias.unwrap_or(self.name).at
    }
}

/// `...name @directives`.
#[derive(Debug)]
pub(crate) struct FragmentSpread<'a> {
    pub(crate) at: Offset,
    pub(crate) name: Name<'a>,
    pub(crate) directives: Vec<Directive<'a>>,
}

/// `... on Type @directives { … }`.
#[derive(Debug)]
pub(crate) struct InlineFragment<'a> {
    pub(crate) at: Offset,
    pub(crate) type_condition: Option<Name<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) selection_set: SelectionSet<'a>,
}

/// `@name(arguments)`.
#[derive(Debug)]
pub(crate) struct Directive<'a> {
    pub(crate) at: Offset,
    pub(crate) name: Name<'a>,
    pub(crate) arguments: Vec<Argument<'a>>,
}

/// `name: value`, of a field, a directive or an input object.
#[derive(Debug)]
pub(crate) struct Argument<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) value: Value<'a>,
}

/// A literal or a variable, and where it stands.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    pub(crate) at: Offset,
    pub(crate) kind: ValueKind<'a>,
}

/// A literal or a variable.
#[derive(Debug)]
pub(crate) enum ValueKind<'a> {
    /// Its name without `$`, but at its place.
    Variable(Name<'a>),
    /// As it is written, since it may be of any size.
    Int(&'a str),
    /// As it is written.
    Float(&'a str),
    /// What it means, escapes and indentation resolved.
    String {
        text: Cow<'a, str>,
        is_block: bool,
    },
    Boolean(bool),
    Null,
    Enum(&'a str),
    List(Vec<Value<'a>>),
    Object(Vec<Argument<'a>>),
}

impl ValueKind<'_> {
    /// Whether there is no variable in it.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Self::Variable(_) => false,
            Self::List(items) => items.iter().all(|item| item.kind.is_constant()),
            Self::Object(fields) => fields.iter().all(|field| field.value.kind.is_constant()),
            _ => true,
        }
    }
}

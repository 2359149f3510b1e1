//! From text to document, within limits.

pub(crate) mod ast;
mod document;
mod lexer;
mod limits;
mod measure;
mod parser;
mod printed;
mod source;
mod string;
mod token;

pub(crate) use document::{Document, parse};
pub use limits::Limits;
pub(crate) use measure::check_limits;

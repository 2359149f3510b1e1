//! From text to document, within limits.
mod limits;

pub use limits::Limits;

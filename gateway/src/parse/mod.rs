//! From text to document, within limits.

mod document;
mod escapes;
mod limits;
mod measure;
mod repeated;

pub use document::parse;
pub use limits::Limits;
pub use measure::check_limits;

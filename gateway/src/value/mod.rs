//! What subgraphs answered: one tree that borrows spans of their bytes, read along the shape that was asked for.
//!
//! Scalars stay raw bytes from the wire to the response; nothing is copied that is not needed.

mod keys;
mod read;
mod shape;
mod tree;

pub use keys::{KeyId, Keys};
pub use read::{Answer, ReadError, read_answer};
pub use shape::{Shape, ShapeEntry, ShapeId, Shapes};
pub use tree::{Buffers, Object, Span, Value};

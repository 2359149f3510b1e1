//! What subgraphs answered: one tree that borrows spans of their bytes, read along the shape that was asked for into the
//! slots that were laid out for it.
//!
//! Scalars stay raw bytes from the wire to the response; nothing is copied that is not needed.

mod keys;
mod layout;
mod node;
mod read;
mod scan;
mod shape;
mod tree;

pub use keys::{KeyId, Keys};
pub use layout::{LayoutId, Layouts, SlotId};
pub use node::{List, Object, Span, Value};
pub use read::{Answer, ReadError, read_answer, read_value};
pub use shape::{Shape, ShapeEntry, ShapeId, Shapes};
pub use tree::Tree;

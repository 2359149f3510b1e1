//! The tree of categories, and which node a product is at.

mod assign;
mod tree;

pub use assign::{CategoriesSet, SetCategories};
pub use tree::{CHILDREN_MAX, CategoryEdit, CategoryWritten};

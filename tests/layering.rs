//! Imports of the binary point down one list of layers.

#[path = "support/layering.rs"]
mod layering;

/// From the bottom; modules of one row do not import each other.
const LAYERS: &[&[&str]] = &[&["failure", "console", "entity_mapping"], &["config", "assets"], &["assemble"], &["cli"]];

#[test]
fn imports_point_down() {
    layering::assert_imports_point_down(env!("CARGO_MANIFEST_DIR"), LAYERS);
}

//! Imports point down one list of layers.

#[path = "../../../tests/support/layering.rs"]
mod layering;

/// From the bottom; modules of one row do not import each other.
const LAYERS: &[&[&str]] = &[
    &["domain", "config"],
    &["announce"],
    &["store"],
    &["command", "error"],
    &["privacy", "intake"],
    &["graphql"],
    &["server"],
];

#[test]
fn imports_point_down() {
    layering::assert_imports_point_down(env!("CARGO_MANIFEST_DIR"), LAYERS);
}

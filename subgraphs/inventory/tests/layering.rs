//! Imports point down one list of layers.

#[path = "../../../tests/support/layering.rs"]
mod layering;

/// From the bottom; modules of one row do not import each other.
const LAYERS: &[&[&str]] = &[
    &["config", "error"],
    &["domain", "entity"],
    &["store"],
    &["payment", "notify"],
    &["command", "projection"],
    &["catalog"],
    &["graphql"],
    &["server"],
];

#[test]
fn imports_point_down() {
    layering::assert_imports_point_down(env!("CARGO_MANIFEST_DIR"), LAYERS);
}

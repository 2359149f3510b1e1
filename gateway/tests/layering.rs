//! Imports point down one list of layers.

#[path = "../../tests/support/layering.rs"]
mod layering;

/// From the bottom; modules of one row do not import each other.
const LAYERS: &[&[&str]] = &[
    &["freshness", "weight"],
    &["in_flight", "clock", "config", "error", "operation", "worker"],
    &["parse"],
    &["schema"],
    &["value"],
    &["validate"],
    &["project"],
    &["plan"],
    &["contract", "deliver", "subgraph"],
    &["cache"],
    &["execute"],
    &["authenticate", "request"],
    &["respond"],
    &["subscribe"],
    &["hooks"],
    &["pipeline"],
    &["reload"],
    &["server"],
];

#[test]
fn imports_point_down() {
    layering::assert_imports_point_down(env!("CARGO_MANIFEST_DIR"), LAYERS);
}

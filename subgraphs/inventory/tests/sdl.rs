//! The committed SDL is what the code serves: clients and the composition read the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/subgraphs/inventory.graphql");

#[test]
fn the_committed_sdl_is_what_the_subgraph_serves() {
    let served = selvedge_inventory::sdl();
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        std::fs::write(COMMITTED, &served).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    if let Some((number, (own, other))) =
        served.lines().zip(committed.lines()).enumerate().find(|(_, (own, other))| own != other)
    {
        panic!(
            "schema/subgraphs/inventory.graphql is stale from line {}:\n  served:    {own}\n  committed: {other}\n\
             write it anew with `UPDATE_SCHEMA=1 cargo test -p selvedge-inventory --test sdl`",
            number + 1
        );
    }
    assert_eq!(
        served.lines().count(),
        committed.lines().count(),
        "schema/subgraphs/inventory.graphql has another length"
    );
}

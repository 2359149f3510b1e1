//! The committed SDL is what the code serves: clients and the composition read the file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/subgraphs/recommendation.graphql");

#[test]
fn the_committed_sdl_is_what_the_subgraph_serves() {
    let served = selvedge_recommendation::sdl();
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        std::fs::write(COMMITTED, &served).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(
        served == committed,
        "schema/subgraphs/recommendation.graphql is stale; write it anew with \
         `UPDATE_SCHEMA=1 cargo test -p selvedge-recommendation --test sdl`. Served:\n{served}"
    );
}

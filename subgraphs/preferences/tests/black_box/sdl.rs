//! The committed SDL is what the code serves: clients and the composition read the file.

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/subgraphs/preferences.graphql");

#[test]
fn the_committed_sdl_is_what_the_subgraph_serves() {
    let served = selvedge_preferences::sdl();
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        std::fs::write(COMMITTED, &served).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    let differs = served.lines().zip(committed.lines()).position(|(own, other)| own != other);
    assert!(
        differs.is_none() && served.lines().count() == committed.lines().count(),
        "schema/subgraphs/preferences.graphql is stale from line {}; write it anew with \
         `UPDATE_SCHEMA=1 cargo test -p selvedge-preferences sdl`",
        differs.unwrap_or_else(|| committed.lines().count().min(served.lines().count())) + 1
    );
}

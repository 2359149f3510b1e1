//! What real clients make of answers in parts.

use super::{node, script, support::run};

#[tokio::test]
async fn apollo_client_and_graphql_js_read_deferred_parts_nodejs() {
    let test = "incremental::apollo_client_and_graphql_js_read_deferred_parts_nodejs";
    let Some(node) = node(test) else { return };
    let mut command = script(&node, "incremental/clients.mjs");
    command.arg(env!("CARGO_BIN_EXE_selvedge"));
    let (status, said, problems) = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    println!("{said}");
    assert_eq!(status, Some(0), "{said}{problems}");
}

//! The gateway beside graphql-js, on operations that are made up.

use super::{node, script, support::run};

#[tokio::test]
async fn the_gateway_answers_as_graphql_js_does_nodejs() {
    let test = "oracle::the_gateway_answers_as_graphql_js_does_nodejs";
    let Some(node) = node(test) else { return };
    let mut command = script(&node, "oracle/run.mjs");
    command.arg(env!("CARGO_BIN_EXE_selvedge"));
    // OPERATIONS and SEED are the caller's to set.
    let (status, said, problems) = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    println!("{said}");
    assert_eq!(status, Some(0), "{said}{problems}");
}

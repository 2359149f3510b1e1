//! What real clients hear of live data.

use super::{node, script, support::run};

async fn listens(library: &str, test: &str) {
    let Some(node) = node(&format!("live::{test}")) else { return };
    let mut command = script(&node, "live/run.mjs");
    command.arg(env!("CARGO_BIN_EXE_selvedge")).arg(library);
    let (status, said, problems) = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    println!("{said}");
    assert_eq!(status, Some(0), "{said}{problems}");
}

#[tokio::test]
async fn graphql_ws_listens_nodejs() {
    listens("graphql-ws", "graphql_ws_listens_nodejs").await;
}

#[tokio::test]
async fn subscriptions_transport_ws_listens_nodejs() {
    listens("subscriptions-transport-ws", "subscriptions_transport_ws_listens_nodejs").await;
}

#[tokio::test]
async fn graphql_sse_listens_in_both_modes_nodejs() {
    listens("graphql-sse", "graphql_sse_listens_in_both_modes_nodejs").await;
}

#[tokio::test]
async fn apollo_client_listens_in_parts_nodejs() {
    listens("apollo", "apollo_client_listens_in_parts_nodejs").await;
}

#[tokio::test]
async fn urql_listens_nodejs() {
    listens("urql", "urql_listens_nodejs").await;
}

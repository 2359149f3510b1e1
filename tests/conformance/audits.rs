//! The audits of graphql-http.

use super::{Gateway, node, script, support::run};

#[tokio::test]
async fn all_audits_of_graphql_http_pass_nodejs() {
    let test = "audits::all_audits_of_graphql_http_pass_nodejs";
    let Some(node) = node(test) else { return };
    let gateway = Gateway::start().await;
    let mut command = script(&node, "audits.mjs");
    command.arg(&gateway.url);
    let (status, said, problems) = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    println!("{said}");
    assert_eq!(status, Some(0), "{said}{problems}");
}

//! Asking another subgraph.

use selvedge_kit::client::{ClientError, SubgraphClient};
use serde_json::json;

use crate::{
    server::serve,
    support::{server, signer},
};

async fn both() -> [SubgraphClient; 2] {
    let served = serve(server()).await;
    let url = format!("http://{}/graphql", served.address);
    [
        SubgraphClient::in_process("inventory", server(), signer()).calling_as("recommendation"),
        SubgraphClient::http("inventory", url, signer()).calling_as("recommendation"),
    ]
}

#[tokio::test]
async fn it_asks_as_a_service() {
    for client in both().await {
        let data =
            client.query("query($t: String!) { subject scopes echo(text: $t) }", json!({"t": "x"})).await.unwrap();
        assert_eq!(data, json!({"subject": "service:recommendation", "scopes": ["service"], "echo": "x"}));
    }
}

#[tokio::test]
async fn errors_of_the_subgraph_are_errors() {
    for client in both().await {
        let error = client.query("{ missing }", json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "subgraph `inventory` refused the query: no such product");
    }
}

#[tokio::test]
async fn a_subgraph_that_is_away_is_named() {
    let client = SubgraphClient::http("inventory", "http://127.0.0.1:1/graphql".into(), signer());
    let error = client.query("{ subject }", json!({})).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { subgraph: "inventory", .. }));
    assert!(error.to_string().starts_with("subgraph `inventory` is not reachable: "), "{error}");
}

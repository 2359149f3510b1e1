//! `selvedge gateway` over the supergraph of anyone, with nothing configured.

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::support::{Process, run, selvedge};

const START_WITHIN: Duration = Duration::from_secs(60);

/// A subgraph of anyone: it knows no identity, and answers every query alike.
fn foreign_subgraph(answers: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for _ in 0..answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap();
            assert!(!String::from_utf8_lossy(&request[..length]).contains("x-selvedge-identity"));
            let body = r#"{"data":{"greeting":"hello"}}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length:";
            write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    format!("http://{address}/graphql")
}

fn foreign_supergraph(url: &str) -> String {
    format!(
        r#"schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {{ query: Query }}
        directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
        directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
        directive @join__graph(name: String!, url: String!) on ENUM_VALUE
        directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
        directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
        directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
        directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
        scalar join__FieldSet
        scalar link__Import
        enum link__Purpose {{ SECURITY EXECUTION }}
        enum join__Graph {{ A @join__graph(name: "a", url: "{url}") }}
        type Query @join__type(graph: A) {{ greeting: String }}"#
    )
}

#[tokio::test]
async fn a_gateway_needs_nothing_but_a_supergraph() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("any.graphql"), foreign_supergraph(&foreign_subgraph(1))).unwrap();
    let mut command = selvedge(folder.path());
    command.args(["gateway", "--supergraph", "any.graphql", "--listen", "127.0.0.1:0"]);
    let mut gateway = Process::start("gateway", command);
    let url = gateway.told("the gateway serves ", &[], START_WITHIN).await;
    let client = reqwest::Client::new();
    let health = client.get(url.replace("/graphql", "/health")).send().await.unwrap();
    assert_eq!(health.status(), 200);
    let query = json!({ "query": "{ greeting __schema { queryType { name } } }" });
    let post = client.post(&url).header("authorization", "Bearer for-the-subgraph").json(&query);
    let answer: Value = post.send().await.unwrap().json().await.unwrap();
    let expected = json!({ "data": { "greeting": "hello", "__schema": { "queryType": { "name": "Query" } } } });
    assert_eq!(answer, expected);
    assert!(gateway.output().contains("no keys are configured"), "{}", gateway.output());
}

#[tokio::test]
async fn a_supergraph_may_be_at_an_address() {
    let supergraph = foreign_supergraph("http://127.0.0.1:1/graphql");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for status in ["200 OK", "404 Not Found"] {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{supergraph}", supergraph.len()).unwrap();
        }
    });
    let folder = tempdir().unwrap();
    let at = format!("http://{address}/supergraph");
    let arguments = ["gateway", "--supergraph", &at, "--listen", "127.0.0.1:0"];
    let mut command = selvedge(folder.path());
    command.args(arguments);
    let mut gateway = Process::start("gateway", command);
    gateway.told("the gateway serves ", &[], START_WITHIN).await;
    drop(gateway);
    let (status, _, problems) = run(selvedge(folder.path()).args(arguments));
    assert_eq!(status, Some(1));
    assert!(problems.contains(&format!("{at} answered with HTTP status 404")), "{problems}");
}

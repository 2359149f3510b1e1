//! `selvedge gateway` over a supergraph file that changes.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::support::{PROJECT, Process, selvedge};

const WITHIN: Duration = Duration::from_secs(60);
const FIELDS: &str = "{ __type(name: \"Location\") { fields { name } } }";

/// Asks until the answer has `wanted`.
async fn eventually(what: &str, url: &str, body: Option<Value>, wanted: impl Fn(&Value) -> bool) {
    let client = reqwest::Client::new();
    let mut last = Value::Null;
    for _ in 0..600 {
        let request = match &body {
            Some(body) => client.post(url).json(body),
            None => client.get(url),
        };
        last = request.send().await.unwrap().json().await.unwrap();
        if wanted(&last) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not come: {last}");
}

#[tokio::test]
async fn a_gateway_follows_its_supergraph_file_and_tells_why_it_does_not() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    let supergraph = fs::read_to_string(Path::new(PROJECT).join("schema/supergraph.graphql")).unwrap();
    fs::write(&file, &supergraph).unwrap();
    let mut command = selvedge(folder.path());
    command.args(["gateway", "--development", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--supergraph"]);
    command.arg(&file);
    let mut gateway = Process::start("gateway", command);
    let url = format!("http://{}/graphql", gateway.told("the gateway serves http://", &['/'], WITHIN).await);
    let admin =
        format!("http://{}/schema", gateway.told("metrics, health and schema at http://", &['/'], WITHIN).await);
    let fields = || Some(json!({ "query": FIELDS }));
    let has = |name: &'static str| move |answer: &Value| answer["data"]["__type"]["fields"].to_string().contains(name);
    eventually("the schema", &url, fields(), has("\"name\"")).await;

    fs::write(&file, "type Query { a: Int }").unwrap();
    eventually("the refusal", &admin, None, |report| {
        report["source"]["lastError"]["reason"].to_string().contains("names no subgraph")
    })
    .await;
    eventually("the schema before", &url, fields(), has("\"name\"")).await;

    let changed = supergraph.replacen("  countryCode: String!", "  countryCode: String!\n  openingHours: String", 1);
    assert_ne!(changed, supergraph);
    fs::write(&file, changed).unwrap();
    eventually("the new field", &url, fields(), has("openingHours")).await;
    eventually("order", &admin, None, |report| report["source"]["isInOrder"] == json!(true)).await;
}

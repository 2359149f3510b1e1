//! Header rules, from the client through the gateway to subgraphs and back.

use std::{collections::BTreeMap, io::Write};

use http::HeaderValue;
use selvedge_gateway::config::load;
use serde_json::json;

use crate::{
    edge_support::socket::Socket,
    subgraph_support::{
        Subgraph,
        gateway::{TestGateway, bearer, serve},
        json as answer,
    },
};

#[tokio::test]
async fn rules_for_all_and_for_one_subgraph_add_up() {
    let (first, second) = (
        Subgraph::new(|_| answer("{\"data\":{\"me\":\"m\"}}")),
        Subgraph::new(|_| answer("{\"data\":{\"other\":\"o\"}}")),
    );
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    secret.write_all(b"from a file\n").unwrap();
    let config = json!({ "subgraphs": {
        "default": { "headers": { "request": [
            { "propagate": { "matching": "x-.*" } },
            { "insert": { "name": "x-source", "value": "gateway" } },
        ] } },
        "by_name": { "second": { "headers": { "request": [
            { "remove": { "named": ["x-private"] } },
            { "propagate": { "named": ["accept-language"], "rename": "x-language", "default": "en" } },
            { "insert": { "name": "x-key", "from_file": secret.path() } },
        ] } } },
    } });
    let gateway = TestGateway::start(config, [serve(&first).await, serve(&second).await]).await;
    let sent = [
        ("x-private", "p"),
        ("x-source", "client"),
        ("x-selvedge-identity", "forged"),
        ("connection", "x-hop"),
        ("x-hop", "h"),
        ("cookie", "c"),
    ];
    let data = gateway.query("{ me other }", &sent).await;
    assert_eq!(data, json!({ "data": { "me": "m", "other": "o" } }));
    let (first, second) = (first.last().headers, second.last().headers);
    assert_eq!(
        (&first["x-private"], &first["x-source"]),
        (&HeaderValue::from_static("p"), &HeaderValue::from_static("gateway"))
    );
    for headers in [&first, &second] {
        assert_eq!(headers.get_all("x-selvedge-identity").iter().count(), 1);
        assert_ne!(headers["x-selvedge-identity"], "forged");
        assert!(!headers.contains_key("x-hop") && !headers.contains_key("cookie"));
    }
    assert!(!first.contains_key("x-key") && !second.contains_key("x-private"));
    assert_eq!((second["x-key"].to_str().unwrap(), second["x-language"].to_str().unwrap()), ("from a file", "en"));
    gateway.query("{ other }", &[("accept-language", "de")]).await;
}

#[tokio::test]
async fn a_token_of_connection_init_goes_where_the_header_would() {
    let (first, second) = (
        Subgraph::new(|_| answer("{\"data\":{\"me\":\"m\"}}")),
        Subgraph::new(|_| answer("{\"data\":{\"other\":\"o\"}}")),
    );
    let config = json!({ "subgraphs": { "by_name": { "first": { "headers": { "request": [
        { "propagate": { "named": ["authorization", "x-app"] } },
    ] } } } } });
    let gateway = TestGateway::start(config, [serve(&first).await, serve(&second).await]).await;
    let (early, late) = (bearer("early"), bearer("late"));
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let headers = [protocol, ("authorization", early.as_str()), ("x-app", "app")];
    let mut socket = Socket::open_with(gateway.address, &headers).await.unwrap();
    socket.send(json!({ "type": "connection_init", "payload": { "Authorization": late } })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    socket.subscribe("1", "{ me other }").await;
    assert_eq!(socket.receive().await["payload"]["data"], json!({ "me": "m", "other": "o" }));
    let (first, second) = (first.last().headers, second.last().headers);
    let sent: Vec<_> = first.get_all("authorization").iter().collect();
    assert_eq!(sent, [late.as_str()], "the newer one alone");
    assert_eq!(first["x-app"], "app");
    assert!(!second.contains_key("authorization"), "no rule says so");
}

#[tokio::test]
async fn headers_of_subgraphs_reach_the_client_as_rules_say() {
    let with = |body: &'static str, headers: &'static [(&'static str, &'static str)]| {
        Subgraph::new(move |_| {
            let mut response = answer(body);
            for (name, value) in headers {
                response.headers_mut().append(*name, HeaderValue::from_static(value));
            }
            response
        })
    };
    let first = with("{\"data\":{\"me\":\"m\"}}", &[("set-cookie", "a=1"), ("x-cost", "1"), ("x-secret", "s")]);
    let second = with("{\"data\":{\"other\":\"o\"}}", &[("set-cookie", "b=2"), ("set-cookie", "c=3"), ("x-cost", "2")]);
    let config = json!({ "subgraphs": { "default": { "headers": { "response": [
        { "propagate": { "named": ["set-cookie", "x-cost"], "strategy": "append" } },
        { "propagate": { "named": ["x-cache"], "default": "MISS", "strategy": "first" } },
    ] } } } });
    let gateway = TestGateway::start(config, [serve(&first).await, serve(&second).await]).await;
    let response = gateway.post("{ me other }", &[]).await;
    let values = |name: &str| {
        let mut values: Vec<_> = response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        values.sort_unstable();
        values
    };
    assert_eq!(values("set-cookie"), ["a=1", "b=2", "c=3"]);
    assert_eq!((values("x-cost"), values("x-cache")), (vec!["1", "2"], vec!["MISS"]));
    assert!(!response.headers().contains_key("x-secret"));
    assert_eq!(values("content-type").len(), 1);
}

#[test]
fn wrong_rules_are_refused_with_their_key() {
    let message = |yaml: &str| load(&format!("mode: development\n{yaml}"), &BTreeMap::new()).unwrap_err().to_string();
    assert_eq!(
        message("subgraphs: { default: { headers: { request: [{ propagate: { named: [a] } }, {}] } } }"),
        "configuration key `subgraphs.default.headers.request.1` must have exactly one of `propagate`, `insert` and `remove`"
    );
    assert_eq!(
        message(
            "subgraphs: { default: { headers: { response: [{ remove: { named: [a] } }] } }, by_name: { s: { headers: { response: [{ insert: { name: host, value: x } }] } } } }"
        ),
        "configuration key `subgraphs.by_name.s.headers.response.0.insert` has `host`, which the gateway sets itself"
    );
    assert_eq!(
        message("subgraphs: { default: { headers: { requests: [] } } }"),
        "unknown configuration key `subgraphs.default.headers.requests`; did you mean `subgraphs.default.headers.request`?"
    );
}

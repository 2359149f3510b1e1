//! Identical requests that share one answer, and that users are never mixed by it; overload at the door.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    edge_support::socket::Socket,
    subgraph_support::{
        Subgraph,
        gateway::{TestGateway, bearer, serve, subject_of},
        json as answer,
    },
};

/// A subgraph that tells who asks, what cookie came along, and how often it was written to.
fn mirror() -> Subgraph {
    let writes = AtomicUsize::new(0);
    Subgraph::new(move |seen| {
        let body = String::from_utf8_lossy(&seen.body);
        if body.contains("write") {
            let write = writes.fetch_add(1, Ordering::SeqCst) + 1;
            return answer(json!({ "data": { "write": write.to_string() } }).to_string());
        }
        let cookie = seen.headers.get("cookie").map(|cookie| cookie.to_str().unwrap());
        answer(json!({ "data": { "me": subject_of(&seen.headers), "cookie": cookie } }).to_string())
    })
}

async fn start(config: Value, first: &Subgraph) -> Arc<TestGateway> {
    let second = Subgraph::new(|_| answer("{\"data\":{\"other\":\"o\"}}"));
    Arc::new(TestGateway::start(config, [serve(first).await, serve(&second).await]).await)
}

fn slow(subgraph: &Subgraph, ms: u64) {
    *subgraph.pause.lock().unwrap() = Duration::from_millis(ms);
}

/// Everything that may be shared is: at the door and towards subgraphs.
fn all_shared() -> Value {
    json!({
        "traffic": { "deduplicate_requests": true },
        "subgraphs": { "default": {
            "deduplicate": true,
            "headers": { "request": [{ "propagate": { "named": ["cookie"] } }] },
        } },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_are_never_mixed() {
    for config in [
        all_shared(),
        json!({ "subgraphs": { "default": { "headers": { "request": [{ "propagate": { "matching": "coo.*" } }] } } } }),
    ] {
        let first = mirror();
        slow(&first, 3);
        let gateway = start(config, &first).await;
        let asking = (0..400).map(|request| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move {
                // Few users with few cookies each, some without a token, so that many are alike and many nearly are.
                let user = Some(format!("user-{}", request % 7)).filter(|_| request % 7 != 0);
                let cookie = format!("session-{}", request % 3);
                let token = user.as_deref().map(bearer);
                let mut headers = vec![("cookie", cookie.as_str())];
                headers.extend(token.as_deref().map(|token| ("authorization", token)));
                for _ in 0..5 {
                    let answered = gateway.query("{ me cookie }", &headers).await;
                    assert_eq!(answered, json!({ "data": { "me": user, "cookie": cookie } }));
                }
            })
        });
        for asked in join_all(asking).await {
            asked.unwrap();
        }
        let calls = first.calls();
        assert!(calls < 1_500, "of 2000 requests many must have been shared, but there were {calls}");
    }
}

#[tokio::test]
async fn identical_queries_are_one_fetch_and_off_means_off() {
    for (config, expected) in [
        (all_shared(), 1),
        (
            json!({ "traffic": { "deduplicate_requests": true }, "subgraphs": { "default": { "deduplicate": false } } }),
            1,
        ),
        (json!({}), 1),
        (json!({ "subgraphs": { "default": { "deduplicate": false } } }), 20),
    ] {
        let first = mirror();
        slow(&first, 1_000);
        let gateway = start(config.clone(), &first).await;
        let token = bearer("ada");
        let headers = [("authorization", token.as_str())];
        let asking = (0..20).map(|_| gateway.query("{ me }", &headers));
        for answered in join_all(asking).await {
            assert_eq!(answered, json!({ "data": { "me": "ada" } }));
        }
        assert_eq!(first.calls(), expected, "{config}");
    }
}

#[tokio::test]
async fn mutations_run_each_and_are_seen_by_what_comes_after() {
    let first = mirror();
    slow(&first, 50);
    let gateway = start(all_shared(), &first).await;
    let written = join_all((0..5).map(|_| gateway.query("mutation { write }", &[]))).await;
    let mut written: Vec<_> = written.iter().map(|one| one["data"]["write"].as_str().unwrap()).collect();
    written.sort_unstable();
    assert_eq!(written, ["1", "2", "3", "4", "5"]);
    // A query that is under way when a mutation ends is not joined after it.
    slow(&first, 2_000);
    let before = {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move { gateway.query("{ me }", &[]).await })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let calls = first.calls();
    slow(&first, 0);
    gateway.query("mutation { write }", &[]).await;
    gateway.query("{ me }", &[]).await;
    assert_eq!(first.calls(), calls + 2);
    before.await.unwrap();
}

#[tokio::test]
async fn who_waits_is_served_when_the_first_client_goes_away() {
    let first = mirror();
    slow(&first, 1_500);
    let gateway = start(all_shared(), &first).await;
    let ask = || {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move { gateway.query("{ me }", &[]).await })
    };
    let leader = ask();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let follower = ask();
    tokio::time::sleep(Duration::from_millis(300)).await;
    leader.abort();
    assert_eq!(follower.await.unwrap(), json!({ "data": { "me": null } }));
    assert_eq!(first.calls(), 1);
}

#[tokio::test]
async fn answers_with_cookies_are_not_shared() {
    let given = AtomicUsize::new(0);
    let first = Subgraph::new(move |_| {
        let mut response = answer("{\"data\":{\"me\":\"m\"}}");
        let cookie = format!("session={}", given.fetch_add(1, Ordering::SeqCst));
        response.headers_mut().insert("set-cookie", cookie.parse().unwrap());
        response
    });
    slow(&first, 500);
    let mut config = all_shared();
    config["subgraphs"]["default"]["headers"] = json!({ "response": [{ "propagate": { "named": ["set-cookie"] } }] });
    let gateway = start(config, &first).await;
    let answers = join_all((0..10).map(|_| gateway.post("{ me }", &[]))).await;
    let mut cookies: Vec<_> = answers.iter().map(|one| one.headers()["set-cookie"].to_str().unwrap()).collect();
    cookies.sort_unstable();
    cookies.dedup();
    assert_eq!(cookies.len(), 10, "each client has a session of its own");
}

#[tokio::test]
async fn overload_is_shed_at_the_door() {
    let first = mirror();
    slow(&first, 1_500);
    let config =
        json!({ "server": { "max_concurrent_requests": 3 }, "subgraphs": { "default": { "deduplicate": false } } });
    let gateway = start(config, &first).await;
    let answers = join_all((0..10).map(|_| gateway.post("{ me }", &[]))).await;
    let (served, shed): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == StatusCode::OK);
    assert_eq!((served.len(), shed.len(), first.calls()), (3, 7, 3));
    for answer in shed {
        assert_eq!(
            (answer.status(), &answer.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
        );
        assert!(answer.headers().contains_key("x-correlation-id"));
        let body: Value = serde_json::from_str(answer.body()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "OVERLOADED");
    }
    assert_eq!(gateway.post("{ me }", &[]).await.status(), StatusCode::OK, "there is room again");
}

#[tokio::test]
async fn operations_over_websocket_take_room_at_the_door() {
    let first = mirror();
    slow(&first, 1_500);
    let config =
        json!({ "server": { "max_concurrent_requests": 2 }, "subgraphs": { "default": { "deduplicate": false } } });
    let gateway = start(config, &first).await;
    let mut socket = Socket::ready(gateway.address).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, "{ me }").await;
    }
    let shed = socket.receive().await;
    assert_eq!((&shed["type"], &shed["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("OVERLOADED")));
    assert_eq!(
        gateway.post("{ me }", &[]).await.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "they are counted together"
    );
    // The two are answered side by side, so that their messages may mix.
    let mut open = std::collections::HashMap::new();
    for _ in 0..4 {
        let message = socket.receive().await;
        let id = message["id"].as_str().unwrap().to_owned();
        if message["type"] == "next" {
            open.insert(id, message["payload"]["data"].clone());
        } else {
            assert_eq!((&message["type"], open.remove(&id)), (&json!("complete"), Some(json!({ "me": null }))));
        }
    }
    assert_eq!(gateway.post("{ me }", &[]).await.status(), StatusCode::OK, "there is room again");
}

#[tokio::test]
async fn a_subgraph_with_too_much_to_do_costs_its_own_part_alone() {
    let first = mirror();
    slow(&first, 1_500);
    let config = json!({ "subgraphs": { "by_name": { "first": {
        "deduplicate": false,
        "concurrency": { "max_requests": 1, "max_waiting": 0 },
    } } } });
    let gateway = start(config, &first).await;
    let answers = join_all((0..3).map(|_| gateway.query("{ me other }", &[]))).await;
    let shed: Vec<_> = answers.iter().filter(|answer| answer.get("errors").is_some()).collect();
    assert_eq!(shed.len(), 2);
    for answer in shed {
        assert_eq!(answer["data"], json!({ "me": null, "other": "o" }));
        assert_eq!(answer["errors"][0]["extensions"]["reason"], "SUBGRAPH_OVERLOADED");
        assert_eq!(answer["errors"][0]["message"], "subgraph `first` has too many requests under way");
    }
}

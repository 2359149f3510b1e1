//! Nobody is ever given what was made for someone else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod cache_support;

use std::sync::Arc;

use cache_support::{Headers, Shop, World, config};
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use selvedge_gateway::config::CacheScope;
use serde_json::{Value, json};

const USERS: usize = 24;
const ROUNDS: usize = 60;

/// Everything in `answer` that was made for someone is for `subject`.
fn assert_for(answer: &Value, subject: &str) {
    match answer {
        Value::Object(fields) => {
            if let Some(note) = fields.get("note") {
                assert_eq!(note, &json!(format!("for {subject}")), "{answer}");
            }
            fields.values().for_each(|value| assert_for(value, subject));
        }
        Value::Array(items) => items.iter().for_each(|value| assert_for(value, subject)),
        _ => {}
    }
}

/// Many users ask at once for the same entities and fields, by few texts, with few different variables.
async fn storm(shop: Arc<Shop>, anonymous: bool) {
    let queries = [
        "query($name: String) { page(name: $name) { products { id title note } } }",
        "query($name: String) { page(name: $name) { products { note } } me { id note } }",
        "query($name: String) { me { note } page(name: $name) { products { id badge { sku } } } }",
    ];
    let users = (0..USERS).map(|number| {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            let mut random = SmallRng::seed_from_u64(number as u64);
            for _ in 0..ROUNDS {
                let subject = (!anonymous || number % 4 > 0).then(|| format!("user-{number}"));
                let name = ["1", "1,2", "2,3,1"][random.random_range(0..3)];
                let query = queries[random.random_range(0..queries.len())];
                let answer = shop.ask_with(query, json!({ "name": name }), subject.as_deref()).await;
                assert_for(&answer, subject.as_deref().unwrap_or("nobody"));
            }
        })
    });
    for user in join_all(users.collect::<Vec<_>>()).await {
        user.unwrap();
    }
}

fn world(wishes: Headers) -> World {
    let world = World::new().saying("public, max-age=60");
    world.hints.lock().unwrap().insert("wishes".to_owned(), wishes);
    world
}

fn control(value: &str) -> Headers {
    vec![("cache-control", value.to_owned())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_subgraph_calls_private() {
    let shop = Arc::new(Shop::new(world(control("private, max-age=60"))));
    storm(Arc::clone(&shop), true).await;
    let asked = shop.world.asked("wishes").len();
    assert!(asked < USERS * ROUNDS, "it is kept for each of them: {asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_subgraph_says_nothing_of() {
    let shop = Arc::new(Shop::new(world(control("max-age=60"))));
    storm(Arc::clone(&shop), true).await;
    assert!(shop.world.asked("wishes").len() < USERS * ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_varies_with_the_caller() {
    let mut headers = control("public, max-age=60");
    headers.push(("vary", "Authorization".to_owned()));
    storm(Arc::new(Shop::new(world(headers))), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_public_for_some_and_private_for_others() {
    let shop = Arc::new(Shop::new(world(control("private, max-age=60"))));
    shop.ask("{ me { note } page { products { note } } }", Some("first")).await;
    // The subgraph forgets to say it from now on; what was private once is not shared any more.
    shop.world.says("wishes", "public, max-age=60");
    let query = "{ me { note } page { products { note } } }";
    for subject in ["first", "second", "third"] {
        assert_for(&shop.ask(query, Some(subject)).await, subject);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_events_and_writes_go_on() {
    let mut config = config();
    config.cache.implicit_scope = CacheScope::Private;
    config.cache.max_marks = 50;
    let shop = Arc::new(Shop::with(world(control("max-age=60")), config));
    let evicting = tokio::spawn({
        let shop = Arc::clone(&shop);
        async move {
            for number in 0..400 {
                let event = selvedge_gateway::cache::EntityEvent::of("Product", "id", (number % 4).to_string());
                shop.events().evict(&event);
                if number % 10 == 0 {
                    shop.ask("mutation { reserveSilently(sku: \"s1\") }", Some("user-1")).await;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    storm(Arc::clone(&shop), true).await;
    evicting.await.unwrap();
}

#[tokio::test]
async fn scopes_are_part_of_who_someone_is() {
    let shop = Shop::new(world(control("private, max-age=60")));
    let pipeline = shop.gateway.pipeline();
    let body = json!({ "query": "{ me { id note } }" }).to_string();
    for scopes in [vec![], vec!["staff".to_owned()], vec![]] {
        let selvedge_gateway::request::Decoded::Single(request) =
            selvedge_gateway::request::decode_body(body.as_bytes(), 0).unwrap()
        else {
            panic!("one request")
        };
        let mut caller = cache_support::caller(Some("ada"));
        caller.identity.scopes = scopes;
        let prepared = pipeline.prepare(&request).await.unwrap();
        pipeline.execute(&prepared, request, &caller, false).await;
    }
    assert_eq!(shop.world.asked("wishes").len(), 2, "with the scope, and without");
}

#[tokio::test]
async fn what_is_private_is_not_kept_for_callers_that_nobody_knows() {
    let shop = Shop::new(world(control("private, max-age=60")));
    shop.ask("{ me { note } }", None).await;
    shop.ask("{ me { note } }", None).await;
    assert_eq!(shop.world.asked("wishes").len(), 2);
}

/// A gateway that knows no keys leaves tokens to the subgraphs: it cannot tell callers apart by who they are.
#[tokio::test]
async fn headers_that_are_passed_on_tell_callers_apart() {
    for hint in ["max-age=60", "public, max-age=60"] {
        let shop = Shop::new(world(control(hint)));
        let pipeline = shop.gateway.pipeline();
        let body = json!({ "query": "{ me { note } page { products { id note } } }" }).to_string();
        for _ in 0..3 {
            for number in 0..10 {
                let selvedge_gateway::request::Decoded::Single(request) =
                    selvedge_gateway::request::decode_body(body.as_bytes(), 0).unwrap()
                else {
                    panic!("one request")
                };
                let token = format!("token-{number}");
                let mut caller = cache_support::caller(None);
                let header = (http::header::AUTHORIZATION, http::HeaderValue::from_str(&token).unwrap());
                caller.forwarded = [header].into_iter().collect();
                let prepared = pipeline.prepare(&request).await.unwrap();
                let response = pipeline.execute(&prepared, request, &caller, false).await;
                assert_for(&serde_json::from_slice(&response.data.unwrap()).unwrap(), &token);
            }
        }
        assert_eq!(shop.world.asked("wishes").len(), 20, "two fetches for each, kept for each");
    }
}

#[tokio::test]
async fn an_answer_with_a_cookie_is_not_kept() {
    let mut headers = control("public, max-age=60");
    headers.push(("set-cookie", "session=1".to_owned()));
    let shop = Shop::new(world(headers));
    shop.ask("{ me { note } }", Some("ada")).await;
    shop.ask("{ me { note } }", Some("ada")).await;
    assert_eq!(shop.world.asked("wishes").len(), 2);
}

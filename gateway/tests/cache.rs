//! What is kept, for how long, and what ends it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod cache_support;

use std::{sync::Arc, time::Duration};

use cache_support::{Shop, World, config, subgraphs, supergraph};
use selvedge_gateway::{
    cache::EntityEvent,
    config::{CacheScope, CacheSubgraphConfig, CacheTypeConfig},
};
use serde_json::{Value, json};

const PAGE: &str = "{ page { products { id title badge { sku available } } } }";
const PUBLIC: &str = "public, max-age=60";

fn badge(sku: &str) -> EntityEvent {
    EntityEvent::of("Badge", "sku", sku)
}

fn available(page: &Value) -> Vec<i64> {
    let products = page["page"]["products"].as_array().unwrap();
    products.iter().map(|product| product["badge"]["available"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn what_was_asked_before_is_not_asked_again() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    let first = shop.ask(PAGE, None).await;
    assert_eq!(available(&first), [100, 100, 100]);
    shop.world.forget_log();
    assert_eq!(shop.ask(PAGE, Some("ada")).await, first);
    assert!(shop.world.log.lock().unwrap().is_empty());
    // Another operation that needs the same from a subgraph is answered from the same pieces.
    let other = shop.ask("query Again { page { products { badge { sku available } title id } } }", None).await;
    assert_eq!(available(&other), [100, 100, 100]);
}

#[tokio::test]
async fn a_batch_asks_for_what_is_missing_alone() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    let query = "query($name: String) { page(name: $name) { products { id title } } }";
    shop.ask_with(query, json!({ "name": "1,2" }), None).await;
    let page = shop.ask_with(query, json!({ "name": "3,2,1,4,2" }), None).await;
    assert_eq!(shop.world.stock_ids(), [vec!["1", "2"], vec!["3", "4"]]);
    let titles: Vec<_> = page["page"]["products"].as_array().unwrap().iter().map(|it| it["title"].clone()).collect();
    assert_eq!(titles, ["title 3", "title 2", "title 1", "title 4", "title 2"]);
}

#[tokio::test]
async fn nothing_is_kept_unless_the_subgraph_says_so() {
    for hint in ["", "no-store", "no-cache, max-age=60", "max-age=0, public"] {
        let shop = Shop::new(World::new().saying(hint));
        shop.ask(PAGE, None).await;
        shop.ask(PAGE, None).await;
        assert_eq!((shop.world.asked("pages").len(), shop.world.asked("stock").len()), (2, 2), "{hint}");
    }
}

#[tokio::test]
async fn configuration_lowers_and_switches_off() {
    let mut config = config();
    let off = CacheSubgraphConfig { enabled: Some(false), ..CacheSubgraphConfig::default() };
    config.cache.subgraphs.insert("pages".to_owned(), off);
    let off = CacheTypeConfig { enabled: Some(false), ..CacheTypeConfig::default() };
    config.cache.types.insert("Badge".to_owned(), off);
    let shop = Shop::with(World::new().saying(PUBLIC), config);
    for _ in 0..2 {
        shop.ask(PAGE, None).await;
        shop.ask("{ page { products { id title } } }", None).await;
    }
    assert_eq!(shop.world.asked("pages").len(), 4);
    assert_eq!(shop.world.asked("stock").len(), 3, "titles alone are kept");
}

#[tokio::test]
async fn entities_are_kept_by_default_where_it_is_configured() {
    let mut config = config();
    config.cache.entity_max_age_s = 60;
    config.cache.implicit_scope = CacheScope::Public;
    let shop = Shop::with(World::new(), config);
    shop.ask(PAGE, None).await;
    shop.ask(PAGE, Some("ada")).await;
    assert_eq!((shop.world.asked("pages").len(), shop.world.asked("stock").len()), (2, 1), "root fields are not");
}

#[tokio::test(start_paused = true)]
async fn the_schema_says_how_long_where_the_answer_does_not() {
    let said = |text: &str, hint: &str| text.replace(hint.split(" @").next().unwrap(), hint);
    let schema = said(&supergraph(), "type Badge @cacheControl(maxAge: 20, scope: PUBLIC)");
    let schema = said(&schema, "type Product @cacheControl(maxAge: 30)");
    let schema = said(&schema, "page(name: String): Page @cacheControl(maxAge: 50)");
    let schema = said(&schema, "products: [Product!]! @cacheControl(inheritMaxAge: true)");
    let mut config = config();
    config.cache.implicit_scope = CacheScope::Public;
    let shop = Shop::over(World::new(), config, &schema);
    let mut asked = Vec::new();
    for _ in 0..4 {
        shop.ask(PAGE, None).await;
        asked.push((shop.world.asked("pages").len(), shop.world.asked("stock").len()));
        tokio::time::advance(Duration::from_secs(19)).await;
    }
    assert_eq!(asked, [(1, 1), (1, 1), (1, 2), (2, 2)], "50 s for the page, 20 s for products with their badges");
}

/// Composition drops the directive, so the gateway reads it where it composes.
#[tokio::test(start_paused = true)]
async fn subgraphs_say_how_long_in_their_own_schemas_each_for_itself() {
    let directive = "enum CacheControlScope { PUBLIC PRIVATE }
        directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
            on FIELD_DEFINITION | OBJECT | INTERFACE | UNION";
    let saying =
        |sdl: &str, what: &str, more: &str| format!("{} {directive}", sdl.replace(what, &format!("{what}{more}")));
    let mut subgraphs = subgraphs();
    let public = |seconds: u32| format!(" @cacheControl(maxAge: {seconds}, scope: PUBLIC)");
    subgraphs[0].sdl = saying(&subgraphs[0].sdl, "page(name: String): Page", &public(50));
    subgraphs[0].sdl = subgraphs[0].sdl.replace("[Product!]!", "[Product!]! @cacheControl(inheritMaxAge: true)");
    subgraphs[1].sdl = saying(&subgraphs[1].sdl, "type Badge @key(fields: \"sku\")", &public(20));
    let product = "type Product @key(fields: \"id\") @key(fields: \"handle\")";
    subgraphs[1].sdl = subgraphs[1].sdl.replace(product, &format!("{product}{}", public(30)));
    let mut config = config();
    // `wishes` says nothing of its own products.
    config.cache.implicit_scope = CacheScope::Public;
    let shop = Shop::composed(World::new(), config, &subgraphs);
    let mut asked = Vec::new();
    for _ in 0..4 {
        shop.ask(PAGE, None).await;
        shop.ask("{ product(id: \"1\") { note } }", None).await;
        asked.push(["pages", "stock", "wishes"].map(|name| shop.world.asked(name).len()));
        tokio::time::advance(Duration::from_secs(19)).await;
    }
    assert_eq!(asked, [[1, 2, 1], [1, 2, 2], [1, 4, 3], [2, 4, 4]]);
}

#[tokio::test(start_paused = true)]
async fn what_is_old_is_asked_again() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    shop.world.hints.lock().unwrap().get_mut("stock").unwrap().push(("age", "50".to_owned()));
    shop.ask(PAGE, None).await;
    tokio::time::advance(Duration::from_secs(9)).await;
    shop.ask(PAGE, None).await;
    assert_eq!((shop.world.asked("pages").len(), shop.world.asked("stock").len()), (1, 1));
    tokio::time::advance(Duration::from_secs(2)).await;
    shop.ask(PAGE, None).await;
    assert_eq!((shop.world.asked("pages").len(), shop.world.asked("stock").len()), (1, 2));
    tokio::time::advance(Duration::from_secs(50)).await;
    shop.ask(PAGE, None).await;
    assert_eq!((shop.world.asked("pages").len(), shop.world.asked("stock").len()), (2, 3));
}

#[tokio::test]
async fn answers_with_errors_are_not_kept() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    *shop.world.failing.lock().unwrap() = Some("stock".to_owned());
    let response = shop.response(PAGE, None).await;
    assert_eq!(response.errors.len(), 1, "{:?}", response.errors);
    *shop.world.failing.lock().unwrap() = None;
    let response = shop.response(PAGE, None).await;
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    assert_eq!((shop.world.asked("pages").len(), shop.world.asked("stock").len()), (1, 2));
}

#[tokio::test]
async fn an_event_ends_what_has_read_its_entity_however_deep_and_nothing_else() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    shop.ask(PAGE, None).await;
    shop.ask("{ product(id: \"2\") { title badge { sku available } } }", None).await;
    shop.ask("{ product(id: \"3\") { title badge { sku available } } }", None).await;
    shop.world.forget_log();
    shop.world.sell("s2");
    shop.events().evict(&badge("s2"));
    assert_eq!(available(&shop.ask(PAGE, None).await), [100, 99, 100]);
    assert_eq!(shop.world.stock_ids(), [vec!["2"]]);
    assert_eq!(shop.world.asked("pages").len(), 0);
    shop.ask("{ product(id: \"3\") { title badge { sku available } } }", None).await;
    assert_eq!(shop.world.asked("stock").len(), 1, "product 3 is untouched");
    let product = shop.ask("{ product(id: \"2\") { title badge { sku available } } }", None).await;
    assert_eq!(product["product"]["badge"]["available"], 99);
    // The page has read which products there are: without their own keys, any of them ends it.
    shop.events().evict(&EntityEvent::of("Product", "id", "1"));
    shop.ask(PAGE, None).await;
    assert_eq!(shop.world.asked("pages").len(), 1);
}

#[tokio::test]
async fn what_shows_no_key_goes_with_any_entity_of_its_type() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    let query = "{ product(id: \"1\") { badge { available } } }";
    shop.ask(query, None).await;
    shop.ask(query, None).await;
    assert_eq!(shop.world.asked("stock").len(), 1);
    shop.world.sell("s1");
    // Which badge it is nobody can tell from the answer.
    shop.events().evict(&badge("s9"));
    assert_eq!(shop.ask(query, None).await["product"]["badge"]["available"], 99);
}

#[tokio::test]
async fn what_is_not_there_may_appear() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    let query = "{ find(text: \"none\") { id } }";
    assert_eq!(shop.ask(query, None).await["find"], json!([null]));
    shop.ask(query, None).await;
    assert_eq!(shop.world.asked("stock").len(), 1);
    shop.events().evict(&EntityEvent::of("Product", "id", "77"));
    shop.ask(query, None).await;
    assert_eq!(shop.world.asked("stock").len(), 2);
}

#[tokio::test]
async fn an_answer_that_was_read_before_an_event_is_not_kept_after_it() {
    let shop = Arc::new(Shop::new(World::new().saying(PUBLIC).gated()));
    let query = "{ product(id: \"1\") { badge { sku available } } }";
    let early = tokio::spawn({
        let shop = Arc::clone(&shop);
        async move { shop.ask(query, None).await }
    });
    until(|| shop.world.asked("stock").len() == 1).await;
    shop.world.sell("s1");
    shop.events().evict(&badge("s1"));
    // Someone who asks after the event does not wait for the answer from before it.
    let late = tokio::spawn({
        let shop = Arc::clone(&shop);
        async move { shop.ask(query, None).await }
    });
    tokio::task::yield_now().await;
    shop.world.open(8);
    assert_eq!(early.await.unwrap()["product"]["badge"]["available"], 100, "it was true when it was asked for");
    assert_eq!(late.await.unwrap()["product"]["badge"]["available"], 99);
    assert_eq!(shop.ask(query, None).await["product"]["badge"]["available"], 99);
}

#[tokio::test]
async fn a_late_answer_that_shows_a_revision_as_new_as_the_event_is_kept() {
    let mut config = config();
    let known = CacheTypeConfig { revision_field: Some("revision".to_owned()), ..CacheTypeConfig::default() };
    config.cache.types.insert("Badge".to_owned(), known);
    let query = "{ badge(sku: \"s1\") { sku available revision } }";
    for (told, is_kept) in [(2, true), (3, false)] {
        let shop = Arc::new(Shop::with(World::new().saying(PUBLIC).gated(), config.clone()));
        assert_eq!(shop.world.sell("s1"), 2);
        let asking = tokio::spawn({
            let shop = Arc::clone(&shop);
            async move { shop.ask(query, None).await }
        });
        until(|| shop.world.asked("stock").len() == 1).await;
        shop.events().evict(&badge("s1").at(told));
        shop.world.open(8);
        asking.await.unwrap();
        shop.ask(query, None).await;
        assert_eq!(shop.world.asked("stock").len() == 1, is_kept, "{told}");
    }
}

#[tokio::test]
async fn while_nobody_tells_of_changes_nothing_is_kept_that_they_end() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    let source = shop.events().source(&["Badge".to_owned()]);
    shop.ask(PAGE, None).await;
    shop.ask(PAGE, None).await;
    assert_eq!(shop.world.asked("stock").len(), 2, "not connected yet");
    source.connect();
    for _ in 0..3 {
        shop.ask(PAGE, None).await;
    }
    assert_eq!(shop.world.asked("stock").len(), 3);
    source.disconnect();
    shop.world.sell("s1");
    assert_eq!(available(&shop.ask(PAGE, None).await), [99, 100, 100]);
    source.connect();
    shop.world.forget_log();
    shop.ask(PAGE, None).await;
    shop.ask(PAGE, None).await;
    assert_eq!(shop.world.asked("stock").len(), 1);
    drop(source);
    shop.ask(PAGE, None).await;
    assert_eq!(shop.world.asked("stock").len(), 2, "the source has gone away for good");
    assert_eq!(shop.world.asked("pages").len(), 0, "pages depend on nobody");
}

#[tokio::test]
async fn who_writes_reads_their_own_writes() {
    let query = "{ product(id: \"1\") { badge { sku available } } }";
    let shop = Shop::new(World::new().saying(PUBLIC));
    let seen = async |subject| shop.ask(query, subject).await["product"]["badge"]["available"].as_i64().unwrap();
    assert_eq!((seen(Some("ada")).await, seen(None).await), (100, 100));
    // The answer names the badge: it is gone for everyone.
    shop.ask("mutation { reserve(sku: \"s1\") { id badge { sku available } } }", Some("ada")).await;
    assert_eq!((seen(None).await, seen(Some("ada")).await), (99, 99));
    // The answer names nothing: whoever wrote sees nothing from before.
    shop.ask("mutation { reserveSilently(sku: \"s1\") }", Some("ada")).await;
    assert_eq!(seen(Some("ada")).await, 98);
    shop.ask("mutation { reserveSilently(sku: \"s1\") }", None).await;
    assert_eq!(seen(None).await, 97);
}

#[tokio::test]
async fn a_subgraph_that_says_what_it_has_changed_is_taken_at_its_word() {
    let shop = Shop::new(World::new().saying(PUBLIC));
    *shop.world.changed.lock().unwrap() = Some(json!([{ "typename": "Badge", "key": { "sku": "s1" } }]));
    shop.ask(PAGE, None).await;
    shop.world.forget_log();
    shop.ask("mutation { reserveSilently(sku: \"s1\") }", None).await;
    assert_eq!(available(&shop.ask(PAGE, None).await), [99, 100, 100]);
    assert_eq!(shop.world.stock_ids(), [vec!["1"]], "2 and 3 are kept, for the writer too");
}

#[tokio::test]
async fn clients_are_told_how_long_answers_stay_true() {
    let shop = Shop::new(World::new());
    shop.world.says("pages", "public, max-age=30");
    shop.world.says("stock", "public, max-age=20");
    shop.world.says("wishes", "private, max-age=60");
    let said = async |query, subject| {
        let response = shop.response(query, subject).await;
        let freshness = response.freshness?;
        let left = freshness.left + Duration::from_millis(999);
        Some((left.as_secs(), freshness.is_private))
    };
    for _ in 0..2 {
        assert_eq!(said(PAGE, None).await, Some((20, false)));
        assert_eq!(said("{ page { products { id note } } }", Some("ada")).await, Some((30, true)));
    }
    let source = shop.events().source(&["Badge".to_owned()]);
    source.connect();
    assert_eq!(said(PAGE, None).await, Some((0, false)), "clients hear of no events");
    assert_eq!(shop.response("mutation { reserveSilently(sku: \"s1\") }", None).await.freshness, None);
}

async fn until(holds: impl Fn() -> bool) {
    tokio::time::timeout(Duration::from_secs(5), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("it never came to hold");
}

#[tokio::test(start_paused = true)]
async fn a_mutation_whose_client_goes_away_may_have_run_all_the_same() {
    let shop = Arc::new(Shop::new(World::new().saying(PUBLIC).gated()));
    shop.world.open(1_000);
    let seen = async || shop.ask("{ product(id: \"1\") { badge { available } } }", Some("ada")).await;
    assert_eq!(seen().await["product"]["badge"]["available"], 100);
    // It waits for a permit, after it has run.
    let permits = shop.world.gate.as_ref().unwrap().available_permits();
    shop.world.gate.as_ref().unwrap().forget_permits(permits);
    shop.world.forget_log();
    let writing = {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move { shop.ask("mutation { reserveSilently(sku: \"s1\") }", Some("ada")).await })
    };
    while shop.world.asked("stock").is_empty() {
        tokio::task::yield_now().await;
    }
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    shop.world.open(1_000);
    assert_eq!(seen().await["product"]["badge"]["available"], 99);
    // What a subgraph does even later is seen a little later.
    shop.world.sell("s1");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(seen().await["product"]["badge"]["available"], 98);
}

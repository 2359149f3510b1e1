//! The tests, by the name of their engine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use selvedge_gateway::{
    cache::EntityEvent,
    config::{CacheRedisConfig, CacheTypeConfig, Config},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    cache_support::{Shop, World, config},
    shared::{Proxy, Redis},
};

const PRODUCT: &str = "{ product(id: \"1\") { id title badge { sku available revision } } }";
const PUBLIC: &str = "public, max-age=60";

/// Time for what happens in the background.
const SOON: Duration = Duration::from_millis(200);

fn sharing(redis: &Redis) -> Config {
    let mut config = config();
    config.cache.redis =
        Some(CacheRedisConfig { prefix: redis.prefix.clone(), timeout_ms: 1_000, ..CacheRedisConfig::at(&redis.url) });
    config
}

fn badge(sku: &str) -> EntityEvent {
    EntityEvent::of("Badge", "sku", sku)
}

fn available(answer: &Value) -> i64 {
    answer["product"]["badge"]["available"].as_i64().unwrap()
}

async fn fetches(shop: &Shop, subject: Option<&str>, query: &str) -> usize {
    shop.world.forget_log();
    shop.ask(query, subject).await;
    let fetches = shop.world.log.lock().unwrap().len();
    sleep(SOON).await;
    fetches
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_gateway_has_fetched_another_has_too() {
    let Some(redis) = Redis::start("what_one_gateway_has_fetched_another_has_too").await else { return };
    let first = Shop::with(World::new().saying(PUBLIC), sharing(&redis));
    assert_eq!(fetches(&first, None, "{ page { products { id title } } }").await, 2);
    let second = first.beside(sharing(&redis));
    assert_eq!(fetches(&second, Some("ada"), "{ page { products { id title } } }").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_takes_what_is_there_and_asks_for_the_rest() {
    let Some(redis) = Redis::start("a_batch_takes_what_is_there_and_asks_for_the_rest").await else { return };
    let query = "query($name: String) { page(name: $name) { products { id title } } }";
    let first = Shop::with(World::new().saying(PUBLIC), sharing(&redis));
    first.ask_with(query, json!({ "name": "1,2" }), None).await;
    sleep(SOON).await;
    let second = first.beside(sharing(&redis));
    let page = second.ask_with(query, json!({ "name": "3,2,1,4,2" }), None).await;
    assert_eq!(first.world.stock_ids(), [vec!["1", "2"], vec!["3", "4"]]);
    let titles: Vec<_> = page["page"]["products"].as_array().unwrap().iter().map(|it| it["title"].clone()).collect();
    assert_eq!(titles, ["title 3", "title 2", "title 1", "title 4", "title 2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_a_callers_own_is_shared_with_nobody_and_names_nobody() {
    let Some(redis) = Redis::start("what_is_a_callers_own_is_shared_with_nobody_and_names_nobody").await else {
        return;
    };
    let query = "{ me { id note } }";
    let first = Shop::with(World::new().saying("private, max-age=60"), sharing(&redis));
    assert_eq!(fetches(&first, Some("ada-lovelace"), query).await, 1);
    let second = first.beside(sharing(&redis));
    assert_eq!(fetches(&second, Some("bob"), query).await, 1);
    assert_eq!(second.ask(query, Some("bob")).await["me"]["note"], "for bob");
    assert_eq!(fetches(&second, None, query).await, 1, "nor has who is not known");
    assert_eq!(fetches(&second, Some("ada-lovelace"), query).await, 0);
    assert_eq!(second.ask(query, Some("ada-lovelace")).await["me"]["note"], "for ada-lovelace");
    let keys = redis.keys().await;
    assert!(keys.len() >= 3 && keys.iter().all(|key| !key.contains("lovelace") && !key.contains("bob")), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_evicts_ends_for_all() {
    let Some(redis) = Redis::start("what_one_evicts_ends_for_all").await else { return };
    let first = Shop::with(World::new().saying(PUBLIC), sharing(&redis));
    let evictions = [
        badge("s1"),
        EntityEvent::whole_type("Badge"),
        // By a key that the answer does not show.
        EntityEvent::of("Product", "handle", "h1"),
        badge("s1").at(1_000),
    ];
    for eviction in evictions {
        first.ask(PRODUCT, None).await;
        sleep(SOON).await;
        assert_eq!(fetches(&first.beside(sharing(&redis)), None, PRODUCT).await, 0, "{eviction:?}");
        first.world.sell("s1");
        first.events().evict(&eviction);
        sleep(SOON).await;
        let other = first.beside(sharing(&redis));
        assert_eq!(fetches(&other, None, PRODUCT).await, 1, "{eviction:?}");
    }
    let other = first.beside(sharing(&redis));
    first.events().evict(&badge("s2"));
    sleep(SOON).await;
    assert_eq!(fetches(&other, None, PRODUCT).await, 0, "of another one");
    first.events().evict_all();
    sleep(SOON).await;
    assert_eq!(fetches(&other.beside(sharing(&redis)), None, PRODUCT).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_decide_where_both_sides_know_them() {
    let Some(redis) = Redis::start("revisions_decide_where_both_sides_know_them").await else { return };
    let config = || {
        let mut config = sharing(&redis);
        let with_revision = CacheTypeConfig { revision_field: Some("revision".to_owned()), ..Default::default() };
        config.cache.types.insert("Badge".to_owned(), with_revision);
        config
    };
    let first = Shop::with(World::new().saying(PUBLIC), config());
    let revision = first.world.sell("s1");
    first.ask(PRODUCT, None).await;
    sleep(SOON).await;
    // The event of the sale comes after its state was read.
    first.events().evict(&badge("s1").at(revision));
    sleep(SOON).await;
    assert_eq!(fetches(&first.beside(config()), None, PRODUCT).await, 0);
    first.events().evict(&badge("s1").at(revision + 1));
    sleep(SOON).await;
    // A replica that lags is not believed: what it answers is not kept.
    assert_eq!(fetches(&first.beside(config()), None, PRODUCT).await, 1);
    assert_eq!(fetches(&first.beside(config()), None, PRODUCT).await, 1);
    first.world.sell("s1");
    assert_eq!(fetches(&first.beside(config()), None, PRODUCT).await, 1);
    assert_eq!(fetches(&first.beside(config()), None, PRODUCT).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_answer_does_not_bring_back_what_another_process_has_evicted() {
    let Some(redis) = Redis::start("a_late_answer_does_not_bring_back").await else { return };
    let slow = Arc::new(Shop::with(World::new().saying(PUBLIC).gated(), sharing(&redis)));
    let asking = {
        let slow = Arc::clone(&slow);
        tokio::spawn(async move { available(&slow.ask(PRODUCT, None).await) })
    };
    while slow.world.asked("stock").is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
    // It has been read and is on its way: the sale, and its event at another process.
    slow.world.sell("s1");
    let other = slow.beside(sharing(&redis));
    other.events().evict(&badge("s1"));
    sleep(SOON).await;
    slow.world.open(100);
    assert_eq!(asking.await.unwrap(), 100);
    sleep(SOON).await;
    assert_eq!(available(&slow.beside(sharing(&redis)).ask(PRODUCT, None).await), 99);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_is_given_nothing_from_before_by_another_gateway() {
    let Some(redis) = Redis::start("who_writes_is_given_nothing_from_before").await else { return };
    let first = Shop::with(World::new().saying(PUBLIC), sharing(&redis));
    first.ask(PRODUCT, None).await;
    sleep(SOON).await;
    // The subgraph does not say what it has changed, and the answer does not show it.
    first.ask("mutation { reserveSilently(sku: \"s1\") }", Some("ada")).await;
    sleep(SOON).await;
    let other = first.beside(sharing(&redis));
    assert_eq!(available(&other.ask(PRODUCT, Some("ada")).await), 99);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_what_redis_knew_of_evictions_nothing_from_before_is_true() {
    let Some(redis) = Redis::start("without_what_redis_knew_of_evictions").await else { return };
    let first = Shop::with(World::new().saying(PUBLIC), sharing(&redis));
    first.ask(PRODUCT, None).await;
    sleep(SOON).await;
    redis.delete("marks").await;
    assert_eq!(fetches(&first.beside(sharing(&redis)), None, PRODUCT).await, 1);
    assert_eq!(fetches(&first.beside(sharing(&redis)), None, PRODUCT).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sizes_and_ages_are_limited() {
    let Some(redis) = Redis::start("sizes_and_ages_are_limited").await else { return };
    let limited = |max_piece_bytes, max_age_s| {
        let mut config = sharing(&redis);
        let of_redis = config.cache.redis.as_mut().unwrap();
        (of_redis.max_piece_bytes, of_redis.max_age_s) = (max_piece_bytes, max_age_s);
        config
    };
    let first = Shop::with(World::new().saying(PUBLIC), limited(20, 60));
    first.ask(PRODUCT, None).await;
    sleep(SOON).await;
    assert_eq!(fetches(&first.beside(limited(1_000, 60)), None, PRODUCT).await, 1, "it was too large");
    let brief = first.beside(limited(1_000, 1));
    assert_eq!(fetches(&brief, None, "{ badge(sku: \"s1\") { sku available } }").await, 1);
    let keys = redis.keys().await;
    assert!(keys.iter().any(|key| key.contains(":p:")), "{keys:?}");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(fetches(&brief, None, "{ badge(sku: \"s1\") { sku available } }").await, 0, "the first level has it");
    let other = first.beside(limited(1_000, 1));
    assert_eq!(fetches(&other, None, "{ badge(sku: \"s1\") { sku available } }").await, 1, "the second no longer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_redis_the_first_level_goes_on_and_what_was_missed_has_ended() {
    let Some(redis) = Redis::start("without_redis_the_first_level_goes_on").await else { return };
    let proxy = Proxy::start(&redis.url).await;
    let through = |timeout_ms| {
        let mut config = sharing(&redis);
        let of_redis = config.cache.redis.as_mut().unwrap();
        (of_redis.url, of_redis.timeout_ms, of_redis.back_off_ms) = (proxy.url(), timeout_ms, 200);
        config
    };
    let first = Shop::with(World::new().saying(PUBLIC), through(100));
    assert_eq!(fetches(&first, None, PRODUCT).await, 1);
    proxy.cut();
    let began = Instant::now();
    assert_eq!(fetches(&first, None, PRODUCT).await, 0, "the first level has it");
    assert_eq!(available(&first.ask("{ product(id: \"2\") { id badge { sku available } } }", None).await), 100);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    // A sale whose event Redis does not hear.
    first.world.sell("s1");
    first.events().evict(&badge("s1"));
    assert_eq!(available(&first.ask(PRODUCT, None).await), 99);
    sleep(SOON).await;
    proxy.mend();
    let other = first.beside(sharing(&redis));
    let back = async {
        loop {
            first.events().evict(&badge("s9"));
            first.ask("{ badge(sku: \"s7\") { sku available } }", None).await;
            sleep(Duration::from_millis(50)).await;
            if fetches(&other.beside(sharing(&redis)), None, "{ badge(sku: \"s7\") { sku available } }").await == 0 {
                return;
            }
            first.events().evict(&badge("s7"));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("it is used again");
    assert_eq!(available(&other.ask(PRODUCT, None).await), 99, "what it had has ended");
}

/// Gateways without room for a first level, so that each answer comes from Redis or from the subgraph.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_concurrency_no_answer_is_older_than_an_event_by_much() {
    const TOLERATED: Duration = Duration::from_millis(250);
    let Some(redis) = Redis::start("under_concurrency_no_answer_is_older").await else { return };
    let config = || {
        let mut config = sharing(&redis);
        config.cache.max_bytes = 1;
        config
    };
    let first = Arc::new(Shop::with(World::new().saying(PUBLIC), config()));
    // When each number of sales was told.
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let is_over = Arc::new(AtomicBool::new(false));
    let mut reading = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (shop, told, is_over) = (first.beside(config()), Arc::clone(&told), Arc::clone(&is_over));
        reading.spawn(async move {
            let mut reads = 0;
            while !is_over.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let sales = usize::try_from(100 - available(&shop.ask(PRODUCT, None).await)).unwrap();
                let unseen: Option<Instant> = told.lock().unwrap().get(sales).copied();
                let age = unseen.and_then(|told| asked.checked_duration_since(told)).unwrap_or_default();
                assert!(age < TOLERATED, "{sales} sales are shown, the next was told {age:?} ago");
                reads += 1;
            }
            reads
        });
    }
    for _ in 0..60 {
        sleep(Duration::from_millis(30)).await;
        first.world.sell("s1");
        first.events().evict(&badge("s1"));
        told.lock().unwrap().push(Instant::now());
    }
    is_over.store(true, Ordering::Relaxed);
    let reads: usize = reading.join_all().await.into_iter().sum();
    let fetches = first.world.asked("stock").len();
    println!("{reads} reads, {fetches} fetches");
    assert!(fetches < reads, "some came from Redis");
}

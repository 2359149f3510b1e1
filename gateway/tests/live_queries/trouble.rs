//! Subgraphs that fail, a bus that is away, answers that lag, and another schema.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use selvedge_gateway::{
    cache::EntityEvent,
    error::GraphqlResponse,
    hooks::{Hooks, async_trait},
    schema::ServedSchema,
    subscribe::Caller,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    cache_support::{Shop, World, subgraphs},
    support::{
        available, badge_event, join, keeping, keeping_nothing, live, next, sell, settle, shop, silent, waiting,
    },
};

#[tokio::test(start_paused = true)]
async fn an_error_is_told_once_and_what_fails_is_tried_again() {
    let shop = shop();
    let mut page = join(&shop, &live("(patch: true)")).await;
    next(&mut page).await;
    *shop.world.failing.lock().unwrap() = Some("stock".to_owned());
    sell(&shop, "s1");
    let failed = next(&mut page).await;
    assert!(failed["errors"].is_array() && failed["revision"] == 2, "{failed}");
    settle().await;
    assert_eq!(waiting(&mut page), None);
    *shop.world.failing.lock().unwrap() = None;
    let begun = Instant::now();
    let whole = next(&mut page).await;
    assert_eq!(
        (available(&whole), &whole["errors"], &whole["revision"]),
        (vec![99, 100, 100], &Value::Null, &json!(3))
    );
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_lasts_is_asked_for_less_and_less() {
    let shop = shop();
    *shop.world.failing.lock().unwrap() = Some("stock".to_owned());
    let mut page = join(&shop, &live("")).await;
    assert!(next(&mut page).await["errors"].is_array());
    tokio::time::sleep(Duration::from_secs(300)).await;
    let asked = shop.world.asked("stock").len();
    assert!((8..20).contains(&asked), "{asked}");
    assert_eq!(waiting(&mut page), None);
}

#[tokio::test(start_paused = true)]
async fn while_nobody_tells_changes_they_are_asked_for() {
    for config in [keeping(), keeping_nothing()] {
        let shop = Shop::with(World::new().saying("public, max-age=600"), config);
        let source = shop.events().source(&["Badge".to_owned()]);
        source.connect();
        let mut page = join(&shop, &live("")).await;
        next(&mut page).await;
        source.disconnect();
        shop.world.sell("s1");
        assert_eq!(available(&next(&mut page).await), [99, 100, 100]);
        shop.world.sell("s1");
        assert_eq!(available(&next(&mut page).await), [98, 100, 100]);
        source.connect();
        settle().await;
        shop.world.forget_log();
        silent(&mut page).await;
        assert!(shop.world.asked("stock").is_empty(), "nobody asks any more");
        shop.world.sell("s1");
        source.evict(&badge_event(&shop, "s1"));
        assert_eq!(available(&next(&mut page).await), [97, 100, 100]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_lags_is_not_told_and_asked_for_again() {
    let shop = shop();
    let mut page = join(&shop, &live("")).await;
    shop.world.stock.lock().unwrap().insert("s1".to_owned(), (50, 10));
    next(&mut page).await;
    sell(&shop, "s1");
    assert_eq!(available(&next(&mut page).await), [49, 100, 100]);
    // A replica that has not heard of the last two changes.
    shop.world.stock.lock().unwrap().insert("s1".to_owned(), (50, 10));
    shop.events().evict(&EntityEvent::of("Badge", "sku", "s1").at(12));
    silent(&mut page).await;
    shop.world.stock.lock().unwrap().insert("s1".to_owned(), (48, 12));
    assert_eq!(available(&next(&mut page).await), [48, 100, 100]);
    silent(&mut page).await;
}

#[tokio::test(start_paused = true)]
async fn a_live_query_goes_on_over_a_new_schema_and_one_that_it_does_not_serve_is_told() {
    let shop = shop();
    let mut page = join(&shop, &live("")).await;
    let mut note = join(&shop, "query @live { me { note } }").await;
    next(&mut page).await;
    next(&mut note).await;
    let mut changed = subgraphs();
    changed[2].sdl = changed[2].sdl.replace("note: String }\n    type Product", "remark: String }\n    type Product");
    let supergraph = selvedge_gateway::schema::compose(&changed).unwrap();
    let pipeline = shop.gateway.pipeline();
    pipeline.replace_schema(Arc::new(ServedSchema::from_supergraph_sdl(&supergraph).unwrap())).await;
    let last = next(&mut note).await;
    assert!(last["errors"][0]["message"].as_str().unwrap().contains("note"), "{last}");
    assert!(futures::StreamExt::next(&mut note).await.is_none(), "it has ended");
    settle().await;
    assert_eq!(waiting(&mut page), None, "the answer is the same");
    sell(&shop, "s2");
    assert_eq!(available(&next(&mut page).await), [100, 99, 100]);
    assert_eq!(pipeline.live_queries().unwrap().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_never_comes_is_not_asked_for_for_ever() {
    let shop = shop();
    let mut page = join(&shop, &live("")).await;
    next(&mut page).await;
    shop.events().evict(&EntityEvent::of("Badge", "sku", "s1").at(99));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(shop.world.asked("stock").len() > 10, "a replica may lag");
    tokio::time::sleep(Duration::from_secs(60)).await;
    shop.world.forget_log();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(shop.world.asked("stock").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_subgraph_that_hangs_does_not_stop_queries_that_do_not_ask_it() {
    let mut config = keeping_nothing();
    config.subscriptions.max_subscriptions = 1_000;
    let shop = Shop::with(World::new().gated(), config);
    let mut hanging = Vec::new();
    for number in 0..300 {
        let query = format!("query @live {{ badge(sku: \"s{number}\") {{ sku available }} }}");
        hanging.push(join(&shop, &query).await);
    }
    settle().await;
    let begun = Instant::now();
    let mut other = join(&shop, "query @live { __typename }").await;
    assert_eq!(next(&mut other).await["data"]["__typename"], "Query");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

/// An installation's own code, with a defect.
#[derive(Clone, Default)]
struct Defect(Arc<AtomicBool>);

#[async_trait]
impl Hooks for Defect {
    async fn on_response(&self, _: &mut GraphqlResponse, _: &Caller) {
        assert!(!self.0.load(Ordering::SeqCst), "a defect");
    }
}

#[tokio::test(start_paused = true)]
async fn a_defect_ends_the_stream_and_nobody_joins_it_any_more() {
    let defect = Defect::default();
    let shop = Shop::hooked(World::new(), keeping_nothing(), defect.clone());
    let mut page = join(&shop, &live("")).await;
    next(&mut page).await;
    defect.0.store(true, Ordering::SeqCst);
    sell(&shop, "s1");
    let last = next(&mut page).await;
    assert_eq!(last["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{last}");
    assert!(futures::StreamExt::next(&mut page).await.is_none(), "it has ended");
    defect.0.store(false, Ordering::SeqCst);
    let mut again = join(&shop, &live("")).await;
    assert_eq!(available(&next(&mut again).await), [99, 100, 100]);
    assert_eq!(shop.gateway.pipeline().live_queries().unwrap().count(), 1);
}

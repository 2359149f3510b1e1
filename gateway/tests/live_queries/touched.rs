//! What runs again, and for whom.

use selvedge_gateway::cache::EntityEvent;
use serde_json::{Value, json};

use crate::{
    cache_support::{Shop, World},
    support::{
        PAGE, asked, available, badge_event, join, keeping, keeping_nothing, live, next, sell, settle, shop, silent,
        try_join, waiting,
    },
};

#[tokio::test(start_paused = true)]
async fn one_event_is_one_run_of_the_touched_part_and_one_answer() {
    let shop = shop();
    let mut page = join(&shop, &live("")).await;
    let first = next(&mut page).await;
    assert_eq!((available(&first), &first["revision"]), (vec![100, 100, 100], &json!(1)));
    shop.world.forget_log();
    sell(&shop, "s2");
    let second = next(&mut page).await;
    assert_eq!((available(&second), &second["revision"]), (vec![100, 99, 100], &json!(2)));
    assert_eq!((asked(&shop), shop.world.stock_ids()), ([0, 1, 0], vec![vec!["2".to_owned()]]));
    silent(&mut page).await;
    assert_eq!(asked(&shop), [0, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_one_event_changes_of_several_entities_is_one_run() {
    let shop = shop();
    let mut page = join(&shop, &live("")).await;
    next(&mut page).await;
    shop.world.forget_log();
    shop.world.sell("s1");
    let source = shop.events().source(&["Badge".to_owned(), "Product".to_owned()]);
    source.connect();
    settle().await;
    while waiting(&mut page).is_some() {}
    shop.world.forget_log();
    shop.world.sell("s1");
    source.evict_together(&[badge_event(&shop, "s1"), EntityEvent::of("Product", "id", "1")]);
    assert_eq!(available(&next(&mut page).await), [98, 100, 100]);
    silent(&mut page).await;
    assert_eq!(asked(&shop)[1], 1);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_and_what_is_shown_already_runs_nothing() {
    let shop = shop();
    shop.world.sell("s1");
    let mut page = join(&shop, &live("")).await;
    assert_eq!(available(&next(&mut page).await), [99, 100, 100]);
    shop.world.forget_log();
    sell(&shop, "s9");
    // The answer was read after the sale, which is told only now.
    shop.events().evict(&badge_event(&shop, "s1"));
    shop.events().evict(&EntityEvent::of("Customer", "id", "ann"));
    silent(&mut page).await;
    assert_eq!(asked(&shop), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_appears_where_there_was_none_is_seen() {
    let shop = shop();
    let mut found = join(&shop, r#"query @live { find(text: "none") { id title } }"#).await;
    assert_eq!(next(&mut found).await["data"], json!({ "find": [null] }));
    shop.world.forget_log();
    shop.events().evict(&EntityEvent::of("Product", "id", "7"));
    settle().await;
    assert_eq!(asked(&shop), [0, 1, 0]);
    assert_eq!(waiting(&mut found), None, "nothing else is true");
}

#[tokio::test(start_paused = true)]
async fn without_kept_answers_queries_live_as_well() {
    let shop = Shop::with(World::new(), keeping_nothing());
    let mut page = join(&shop, &live("")).await;
    assert_eq!(available(&next(&mut page).await), [100, 100, 100]);
    sell(&shop, "s3");
    assert_eq!(available(&next(&mut page).await), [100, 100, 99]);
    // Whoever asks once gets what is true now, told or not.
    shop.world.sell("s3");
    let once = shop.ask(PAGE, None).await;
    assert_eq!(once["page"]["products"][2]["badge"]["available"], 98);
}

#[tokio::test(start_paused = true)]
async fn without_events_mutations_through_this_gateway_are_seen() {
    for config in [keeping(), keeping_nothing()] {
        let shop = Shop::with(World::new(), config);
        let mut page = join(&shop, &live("")).await;
        assert_eq!(available(&next(&mut page).await), [100, 100, 100]);
        shop.ask(r#"mutation { reserve(sku: "s1") { badge { sku } } }"#, Some("someone")).await;
        assert_eq!(available(&next(&mut page).await), [99, 100, 100]);
        // It names nothing: whoever sent it sees it, as it may have changed anything.
        shop.ask(r#"mutation { reserveSilently(sku: "s2") }"#, Some("ann")).await;
        assert_eq!(available(&next(&mut page).await), [99, 99, 100]);
    }
}

#[tokio::test(start_paused = true)]
async fn equal_queries_of_one_caller_run_once_and_callers_are_told_apart() {
    let shop = shop();
    let (mut one, mut two) = (join(&shop, &live("")).await, join(&shop, &live("")).await);
    let mut bob = try_join(&shop, &live(""), Value::Null, Some("bob")).await.unwrap();
    for client in [&mut one, &mut two] {
        assert_eq!(next(client).await["data"]["page"]["products"][0]["note"], "for ann");
    }
    assert_eq!(next(&mut bob).await["data"]["page"]["products"][0]["note"], "for bob");
    let queries = shop.gateway.pipeline().live_queries().unwrap();
    assert_eq!(queries.count(), 2);
    shop.world.forget_log();
    sell(&shop, "s1");
    for client in [&mut one, &mut two, &mut bob] {
        assert_eq!(available(&next(client).await), [99, 100, 100]);
    }
    assert_eq!(asked(&shop), [0, 1, 0], "what is everyone's is fetched once for all");
    drop((one, two));
    settle().await;
    assert_eq!(queries.count(), 1);
    drop(bob);
    settle().await;
    assert_eq!(queries.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_gets_what_is_true_when_it_comes_and_the_others_are_told_too() {
    let shop = Shop::with(World::new(), keeping_nothing());
    let mut early = join(&shop, &live("")).await;
    assert_eq!(available(&next(&mut early).await), [100, 100, 100]);
    // Written, and not told yet.
    shop.world.sell("s1");
    let mut late = join(&shop, &live("")).await;
    let first = next(&mut late).await;
    assert_eq!((available(&first), &first["revision"]), (vec![99, 100, 100], &json!(2)));
    assert_eq!(available(&next(&mut early).await), [99, 100, 100]);
    shop.events().evict(&badge_event(&shop, "s1"));
    silent(&mut late).await;
    assert_eq!(waiting(&mut early), None, "nobody gets it twice");
}

#[tokio::test(start_paused = true)]
async fn a_change_during_a_run_is_one_more_run_and_no_second() {
    let shop = Shop::with(World::new().gated(), keeping_nothing());
    shop.world.open(1);
    let mut badge = join(&shop, r#"query @live { badge(sku: "s1") { sku available revision } }"#).await;
    assert_eq!(next(&mut badge).await["data"]["badge"]["available"], 100);
    shop.world.forget_log();
    sell(&shop, "s1");
    settle().await;
    // It has been read, and is under way still.
    sell(&shop, "s1");
    shop.world.open(10);
    settle().await;
    let newest = std::iter::from_fn(|| waiting(&mut badge)).last().unwrap();
    assert_eq!(newest["data"]["badge"]["available"], 98);
    silent(&mut badge).await;
    assert_eq!(asked(&shop), [0, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn of_entities_whose_keys_are_not_shown_only_the_one_that_is_named_is_asked_for() {
    let shop = shop();
    let mut page = join(&shop, &live("")).await;
    next(&mut page).await;
    shop.world.forget_log();
    // `stock` and `wishes` show what they were asked to add to a product, and not which product it is.
    shop.events().evict(&EntityEvent::of("Product", "id", "2"));
    settle().await;
    assert_eq!(waiting(&mut page), None, "nothing is new");
    assert_eq!((asked(&shop), shop.world.stock_ids()), ([1, 1, 1], vec![vec!["2".to_owned()]]));
}

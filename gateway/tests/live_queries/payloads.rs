//! Whole answers, patches, and what a client wishes of them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    cache_support::{Shop, World},
    support::{
        asked, available, join, keeping_nothing, live, next, patched, sell, settle, shop, silent, try_join, waiting,
    },
};

#[tokio::test(start_paused = true)]
async fn a_patch_leads_from_one_answer_to_the_next() {
    let shop = shop();
    let mut page = join(&shop, &live("(patch: true)")).await;
    let first = next(&mut page).await;
    sell(&shop, "s2");
    let second = next(&mut page).await;
    assert_eq!((&second["data"], &second["revision"]), (&Value::Null, &json!(2)));
    assert_eq!(second["patch"].as_array().unwrap().len(), 2, "units and revision: {second}");
    let data = patched(&first["data"], &second);
    assert_eq!(available(&json!({ "data": data })), [100, 99, 100]);
    let once = shop.ask(crate::support::PAGE, Some("ann")).await;
    assert_eq!(data, once);
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_the_newest_answer_whole_instead_of_patches_that_it_missed() {
    let shop = shop();
    let mut page = join(&shop, &live("(patch: true)")).await;
    next(&mut page).await;
    for _ in 0..5 {
        sell(&shop, "s1");
        settle().await;
    }
    let newest = next(&mut page).await;
    assert_eq!((available(&newest), &newest["revision"]), (vec![95, 100, 100], &json!(6)));
    assert_eq!(waiting(&mut page), None);
    sell(&shop, "s1");
    let step = next(&mut page).await;
    assert_eq!(available(&json!({ "data": patched(&newest["data"], &step) })), [94, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn changes_that_come_fast_are_answered_together() {
    let shop = shop();
    let mut page = join(&shop, &live("(throttle: 2000)")).await;
    next(&mut page).await;
    shop.world.forget_log();
    let begun = Instant::now();
    for _ in 0..50 {
        sell(&shop, "s1");
        sell(&shop, "s2");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(available(&next(&mut page).await), [50, 50, 100]);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(asked(&shop), [0, 1, 0]);
    let mut other = try_join(&shop, &live(""), json!({ "minIntervalMs": 3000 }), Some("ann")).await.unwrap();
    next(&mut other).await;
    let begun = Instant::now();
    sell(&shop, "s1");
    next(&mut other).await;
    assert!(begun.elapsed() >= Duration::from_millis(2900), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_wishes_for_few_answers_gets_no_more_of_them_because_others_come() {
    let shop = Shop::with(World::new(), keeping_nothing());
    let query = live("(throttle: 2000, patch: true)");
    let mut page = join(&shop, &query).await;
    next(&mut page).await;
    let begun = Instant::now();
    for sold in 1..=3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        // Nobody tells it, but whoever comes sees it.
        shop.world.sell("s1");
        let mut newcomer = join(&shop, &query).await;
        assert_eq!(available(&next(&mut newcomer).await), [100 - sold, 100, 100]);
        assert_eq!(waiting(&mut page), None);
    }
    let newest = next(&mut page).await;
    assert_eq!((available(&newest), &newest["revision"]), (vec![97, 100, 100], &json!(4)));
    assert!(begun.elapsed() >= Duration::from_millis(1_900), "{:?}", begun.elapsed());
    silent(&mut page).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_gets_only_what_it_lacks() {
    let shop = shop();
    let mut page = join(&shop, &live("(patch: true)")).await;
    let first = next(&mut page).await;
    let tag = first["extensions"]["live"]["tag"].as_str().unwrap().to_owned();
    drop(page);
    let query = live("(patch: true)");
    let again = || try_join(&shop, &query, json!({ "tag": tag }), Some("ann"));
    let mut page = again().await.unwrap();
    let unchanged = next(&mut page).await;
    assert_eq!((&unchanged["patch"], &unchanged["data"]), (&json!([]), &Value::Null));
    sell(&shop, "s3");
    let step = next(&mut page).await;
    assert_eq!(available(&json!({ "data": patched(&first["data"], &step) })), [100, 100, 99]);
    drop(page);
    let mut page = again().await.unwrap();
    assert_eq!(available(&next(&mut page).await), [100, 100, 99], "it has another answer");
}

#[tokio::test(start_paused = true)]
async fn what_a_client_may_wish_is_said() {
    let shop = shop();
    let refused = async |query: &str| {
        let mut errors = try_join(&shop, query, Value::Null, None).await.err().unwrap();
        errors.remove(0).message
    };
    assert!(refused(&live("(throttle: 0)")).await.contains("from 1 to 60000"));
    assert!(refused(&live("(every: 5)")).await.contains("every"));
    let wrong = try_join(&shop, &live(""), json!({ "soon": true }), None).await.err().unwrap().remove(0);
    assert!(wrong.message.contains("`minIntervalMs`, `resume` and `tag`"), "{wrong:?}");
    let needs = r"query($id: ID!) @live { product(id: $id) { id } }";
    assert!(refused(needs).await.contains("$id"));
}

#[tokio::test(start_paused = true)]
async fn a_variable_switches_it() {
    let shop = shop();
    let query = "query($on: Boolean! = false) @live(if: $on) { product(id: \"1\") { id } }";
    let request = crate::cache_support::request(query, &serde_json::Map::new());
    let pipeline = shop.gateway.pipeline();
    let prepared = pipeline.prepare(&request).await.unwrap();
    assert_eq!(pipeline.live_wishes(&prepared, &request), None);
    let on = json!({ "on": true });
    let request = crate::cache_support::request(query, on.as_object().unwrap());
    let caller = crate::cache_support::caller(None);
    let mut product = pipeline.subscribe(prepared, request, caller).unwrap();
    assert_eq!(next(&mut product).await["data"]["product"]["id"], "1");
    silent(&mut product).await;
}

//! The schema is changed under a crowd, in a place that nobody looks at.

use std::{fs, path::Path, sync::Arc, time::Duration};

use rand::Rng;
use serde_json::json;
use tokio::time::Instant;

use super::{crowd::Crowd, setting, shop::LiveShop, stage::Stage, writers};
use crate::support::PROJECT;

const SKUS: usize = 40;
const CHANGES_PER_SECOND: u64 = 50;
const CURRENT_WITHIN: Duration = Duration::from_secs(30);
const RELOAD_WITHIN: Duration = Duration::from_secs(60);
const RELOADS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_whose_plan_is_the_same_stay_open_over_a_new_schema_on_postgres_redis() {
    let test = "streams_whose_plan_is_the_same_stay_open_over_a_new_schema_on_postgres_redis";
    let Some(mut shop) = LiveShop::open(test, 24).await else { return };
    let composed = fs::read_to_string(Path::new(PROJECT).join("schema/supergraph.graphql")).unwrap();
    let inventory = format!("http://{}/graphql", shop.inventory.address);
    let supergraph = composed.replace("http://127.0.0.1:4001/graphql", &inventory);
    assert_ne!(supergraph, composed);
    let file = shop.folder.path().join("supergraph.graphql");
    fs::write(&file, &supergraph).unwrap();
    shop.serve_file(file.clone());
    shop.add_gateway().await;
    let seed = rand::rng().random_range(0..1_000_000_000);
    let stage = Arc::new(Stage::set(shop.urls(), shop.staff(), SKUS, seed).await);
    let count = usize::try_from(setting("LIVE_CROWD", 400)).unwrap();
    let crowd = Crowd::enter(&stage, count).await;
    let began = Instant::now();
    let writing = writers::begin(&stage, CHANGES_PER_SECOND);

    let mut late = Vec::new();
    for number in 0..RELOADS {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let field = format!("openingHours{number}");
        let changed = format!("  countryCode: String!\n  {field}: String");
        fs::write(&file, supergraph.replacen("  countryCode: String!", &changed, 1)).unwrap();
        let took = reloaded(&stage, &field).await;
        println!("`Location.{field}` is there after {} ms", took.as_millis());
        // Who comes now is on the new schema, and sees the same.
        late.push(Crowd::enter(&stage, SKUS).await);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;

    let quiet = stage.writing.write().await;
    for crowd in late.iter().chain([&crowd]) {
        let took = crowd.current_after(&stage, CURRENT_WITHIN).await;
        let late = crowd.late(&stage);
        assert!(took.is_some(), "{} have missed a final value: {:?}", late.len(), late.iter().take(5));
    }
    let cuts = crowd.cuts_since(began).len();
    assert_eq!(cuts, 0, "streams of {count} were closed");
    drop(quiet);
    for crowd in late.into_iter().chain([crowd]) {
        crowd.leave(&stage).await;
    }
    writing.join_all().await;
    stage.books.assert_no_violations(seed);
}

/// Waits until clients can see the new field.
async fn reloaded(stage: &Stage, field: &str) -> Duration {
    let began = Instant::now();
    loop {
        let fields = stage.ask(0, "{ __type(name: \"Location\") { fields { name } } }", json!({})).await;
        if fields.unwrap()["__type"]["fields"].to_string().contains(field) {
            return began.elapsed();
        }
        assert!(began.elapsed() < RELOAD_WITHIN, "`{field}` did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

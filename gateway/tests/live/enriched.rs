//! What other subgraphs add to events.

use std::collections::BTreeSet;

use crate::support::{Shop, config, next};

#[tokio::test]
async fn other_subgraphs_are_asked_once_for_many_events() {
    let shop = Shop::open(&config());
    let skus: Vec<String> = (0..50).map(|index| format!("S-{index}")).collect();
    skus.iter().for_each(|sku| _ = shop.world.set(sku, 1));
    let list = serde_json::to_string(&skus).unwrap();
    let mut client = shop.join(&format!("subscription {{ badges(skus: {list}) {{ sku revision title }} }}")).await;
    for _ in &skus {
        next(&mut client).await;
    }
    assert!(shop.world.titled.lock().unwrap().len() < 10, "{:?}", shop.world.titled);
    shop.world.titled.lock().unwrap().clear();
    skus.iter().for_each(|sku| shop.change(sku, 2));
    let mut seen = BTreeSet::new();
    while seen.len() < skus.len() {
        let response = next(&mut client).await;
        let badge = &response["data"]["badges"];
        let sku = badge["sku"].as_str().unwrap().to_owned();
        assert_eq!((badge["title"].as_str(), badge["revision"].as_i64()), (Some(&*format!("Shirt {sku}")), Some(2)));
        seen.insert(sku);
    }
    let titled = shop.world.titled.lock().unwrap().clone();
    assert!(titled.len() < 10 && titled.iter().sum::<usize>() == skus.len(), "{titled:?}");
}

//! Fields whose values are not the same for everyone.

use crate::support::{Shop, config, next, silent};

const SECRETS: &str = r#"subscription { secrets(skus: ["A"]) { sku available revision } }"#;

#[tokio::test]
async fn an_event_is_only_a_reason_to_ask_as_the_caller() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut one = shop.try_join(SECRETS, serde_json::Value::Null, Some("one")).await.unwrap();
    let mut two = shop.try_join(SECRETS, serde_json::Value::Null, Some("two")).await.unwrap();
    next(&mut one).await;
    next(&mut two).await;
    assert_eq!(shop.pipeline.hub().stream_count(), 2);
    let asked = shop.world.asked();
    // What the event says is not what the subgraph answers.
    shop.world.set("A", 2);
    let mut event = shop.world.event("A");
    event["available"] = 666.into();
    shop.source.as_ref().unwrap().tell("changed", &event);
    for client in [&mut one, &mut two] {
        assert_eq!(next(client).await["data"]["secrets"]["available"], 2);
        silent(client).await;
    }
    assert_eq!(shop.world.asked(), asked + 2);
}

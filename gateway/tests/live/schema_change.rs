//! Streams and another schema.

use futures::StreamExt;

use crate::support::{STOCK, Shop, badge, config, eventually, next, schema, silent};

#[tokio::test]
async fn a_stream_goes_on_with_the_new_schema_and_lets_the_old_one_go() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut client = shop.watch(&["A"]).await;
    badge(&mut client).await;
    let old = std::sync::Arc::downgrade(&shop.pipeline.schema());
    let more = STOCK.replace("note: String", "note: String other: Int");
    shop.pipeline.replace_schema(schema(&more)).await;
    eventually("the old schema's end", || old.upgrade().is_none()).await;
    silent(&mut client).await;
    shop.change("A", 2);
    assert_eq!(badge(&mut client).await.1, 2);
    let mut newcomer = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut newcomer).await.1, 2);
    assert_eq!(shop.pipeline.hub().stream_count(), 1, "it joins the stream that was there");
}

#[tokio::test]
async fn a_stream_that_the_new_schema_does_not_serve_is_told_and_ends() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut kept = shop.watch(&["A"]).await;
    let mut gone = shop.join(r#"subscription { badges(skus: ["A"]) { sku note } }"#).await;
    badge(&mut kept).await;
    next(&mut gone).await;
    shop.pipeline.replace_schema(schema(&STOCK.replace("note: String", "remark: String"))).await;
    let error = next(&mut gone).await;
    assert_eq!(error["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{error}");
    assert!(gone.next().await.is_none());
    shop.change("A", 2);
    assert_eq!(badge(&mut kept).await.1, 2);
}

#[tokio::test]
async fn what_feeds_a_field_may_change() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut client = shop.watch(&["A"]).await;
    badge(&mut client).await;
    shop.pipeline.replace_schema(schema(&STOCK.replace("event: \"changed\"", "event: \"moved\""))).await;
    shop.world.set("A", 2);
    shop.source.as_ref().unwrap().tell("moved", &shop.world.event("A"));
    assert_eq!(badge(&mut client).await.1, 2);
}

#[tokio::test]
async fn what_is_not_for_everyone_any_more_ends() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut client = shop.watch(&["A"]).await;
    badge(&mut client).await;
    shop.pipeline.replace_schema(schema(&STOCK.replace("public: true", "public: false"))).await;
    let error = next(&mut client).await;
    assert_eq!(error["errors"][0]["extensions"]["code"], "SCHEMA_CHANGED", "{error}");
    assert!(client.next().await.is_none());
}

//! Nothing personal without consent.

use crate::shop::{Shop, catalog};

#[tokio::test]
async fn in_process_without_consent_the_feed_is_common_and_degraded() {
    let shop = Shop::open(catalog()).await;
    shop.behave("VIEW", "trousers-1", "s", Some("bert")).await;
    shop.behave("VIEW", "boots-1", "t", None).await;
    shop.until("behaviour arrived", async || {
        shop.feed(Some("bert"), 5).await["items"][0]["reason"]["code"] == "POPULAR"
    })
    .await;
    let (own, common) = (shop.feed(Some("bert"), 5).await, shop.feed(None, 5).await);
    assert_eq!(own["degraded"], true);
    assert_eq!(own, common);
}

#[tokio::test]
async fn in_process_consent_withdrawn_ends_personal_feeds_for_good() {
    let shop = Shop::open(catalog()).await;
    shop.consent("anna", true, 1).await;
    shop.behave("VIEW", "trousers-1", "s", Some("anna")).await;
    shop.until("the feed is personal", async || shop.feed(Some("anna"), 3).await["degraded"] == false).await;
    shop.consent("anna", false, 2).await;
    shop.until("the feed is common", async || shop.feed(Some("anna"), 3).await["degraded"] == true).await;
    shop.consent("anna", true, 3).await;
    shop.behave("VIEW", "boots-1", "s", None).await;
    shop.until("later events arrived", async || shop.feed(None, 1).await["items"][0]["reason"]["code"] == "POPULAR")
        .await;
    assert_eq!(shop.feed(Some("anna"), 3).await["degraded"], true, "what was known is forgotten");
}

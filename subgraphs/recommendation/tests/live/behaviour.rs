//! What shoppers do changes what is shown.

use crate::shop::{Shop, catalog, ids};

#[tokio::test]
async fn in_process_purchases_teach_what_is_bought_together() {
    let shop = Shop::open(catalog()).await;
    assert!(ids(&shop.list(None, "boughtTogether", "shirt-1").await).is_empty());
    for session in ["a", "b"] {
        shop.behave("PURCHASE", "shirt-1", session, None).await;
        shop.behave("PURCHASE", "trousers-1", session, None).await;
    }
    shop.behave("PURCHASE", "shirt-1", "c", None).await;
    shop.behave("PURCHASE", "boots-1", "c", None).await;
    shop.until("both are known", async || {
        ids(&shop.list(None, "boughtTogether", "shirt-1").await) == ["trousers-1", "boots-1"]
    })
    .await;
    let list = shop.list(None, "boughtTogether", "shirt-1").await;
    assert_eq!(list[0]["reason"]["code"], "BOUGHT_TOGETHER");
    assert_eq!(list[0]["reason"]["text"], "Often bought together with Linen Shirt");
    assert_eq!(list[0]["reason"]["because"]["id"], "shirt-1");

    shop.sell_out("trousers-1", 2).await;
    shop.until("sold out is not offered", async || {
        ids(&shop.list(None, "boughtTogether", "shirt-1").await) == ["boots-1"]
    })
    .await;
}

#[tokio::test]
async fn in_process_a_view_changes_the_next_feed_within_a_second() {
    let shop = Shop::open(catalog()).await;
    shop.consent("anna", true, 1).await;
    shop.behave("VIEW", "trousers-1", "s", Some("anna")).await;
    shop.until("it is the reason", async || {
        let feed = shop.feed(Some("anna"), 3).await;
        feed["items"][0]["reason"]["text"] == "Because you viewed Pleated Trousers"
    })
    .await;
    let feed = shop.feed(Some("anna"), 3).await;
    assert_eq!(feed["degraded"], false);
    assert_eq!(feed["items"][0]["product"]["id"], "trousers-2");
    assert_eq!(feed["items"][0]["reason"]["code"], "SIMILAR_ATTRIBUTES");
    assert_eq!(feed["items"][0]["reason"]["because"]["id"], "trousers-1");
}

#[tokio::test]
async fn in_process_popular_products_lead_the_common_feed() {
    let shop = Shop::open(catalog()).await;
    for shopper in 0..10 {
        shop.behave("VIEW", "boots-1", &format!("s{shopper}"), None).await;
    }
    for _ in 0..50 {
        shop.behave("VIEW", "shirt-4", "one who reloads", None).await;
    }
    shop.until("the boots lead", async || ids(&shop.feed(None, 3).await["items"])[0] == "boots-1").await;
    let feed = shop.feed(None, 3).await;
    let code = feed["items"][0]["reason"]["code"].as_str().unwrap();
    assert!(["POPULAR", "TRENDING"].contains(&code), "{feed}");
    assert_eq!(ids(&feed["items"]).len(), 3, "the rest is filled up");
}

//! Only what lies in stock is recommended, at any moment.

use serde_json::json;

use crate::{
    inventory::Product,
    shop::{Shop, catalog, ids},
};

#[tokio::test]
async fn in_process_sold_out_products_disappear_within_a_second() {
    let shop = Shop::open(catalog()).await;
    assert_eq!(shop.similar("shirt-1").await[0], "shirt-2", "same material, style and category");
    assert!(ids(&shop.feed(None, 10).await["items"]).contains(&"shirt-2".to_owned()));

    shop.sell_out("shirt-2", 2).await;
    shop.until("it left the similar list", async || !shop.similar("shirt-1").await.contains(&"shirt-2".into())).await;
    assert!(!ids(&shop.feed(None, 10).await["items"]).contains(&"shirt-2".to_owned()));
    assert_eq!(shop.similar("shirt-2").await.len(), 5, "its own page still shows what is alike");

    shop.badge("shirt-2", "M", 3, 3).await;
    shop.until("it is back", async || shop.similar("shirt-1").await[0] == "shirt-2").await;
}

#[tokio::test]
async fn in_process_sizes_of_the_profile_must_lie_in_stock() {
    let shop = Shop::open(catalog()).await;
    shop.consent("anna", true, 1).await;
    let profile = json!({
        "customerId": "anna", "sizes": [{ "garment": "shirt", "size": "m" }], "styles": [], "colors": [], "brands": [],
        "revision": 1,
    });
    shop.publish("preferences", "profile_changed", 1, profile).await;
    shop.badge("shirt-2", "M", 0, 2).await;
    shop.until("a shirt without her size is not for her", async || {
        !ids(&shop.list(Some("anna"), "similar", "shirt-1").await).contains(&"shirt-2".into())
    })
    .await;
    assert!(shop.similar("shirt-1").await.contains(&"shirt-2".into()), "for others it is");
    assert!(!ids(&shop.feed(Some("anna"), 10).await["items"]).contains(&"shirt-2".to_owned()));
}

#[tokio::test]
async fn in_process_new_products_are_found_and_deleted_ones_are_gone_within_a_second() {
    let shop = Shop::open(catalog()).await;
    let change = |deleted: bool, revision: i64| {
        json!({
            "productId": "shirt-9", "handle": "shirt-9", "title": "Linen Shirt Long", "description": "A minimal piece.",
            "vendor": "House 7", "category": "Shirts", "gender": "women", "material": "linen", "style": "minimal",
            "occasion": null, "tags": [], "currencyCode": "EUR", "priceMin": 4900, "createdAt": shop.now(),
            "deleted": deleted, "revision": revision,
            "variants": [{ "sku": "shirt-9-M", "variantId": "v", "size": "M", "color": "Navy" }],
        })
    };
    shop.publish("inventory", "product_changed", 1, change(false, 1)).await;
    shop.badge("shirt-9", "M", 5, 1).await;
    shop.until("it is found", async || shop.similar("shirt-1").await.contains(&"shirt-9".into())).await;
    assert_eq!(ids(&shop.feed(None, 1).await["items"]), ["shirt-9"], "nothing is newer");

    shop.publish("inventory", "product_changed", 2, change(true, 2)).await;
    shop.until("it is gone", async || !shop.similar("shirt-1").await.contains(&"shirt-9".into())).await;
}

#[tokio::test]
async fn in_process_a_product_that_only_its_badge_names_is_fetched() {
    let shop = Shop::open(catalog()).await;
    shop.shelves.add(Product::new("shirt-8", "Linen Tunic Shirt", "Shirts", "minimal"));
    shop.badge("shirt-8", "M", 4, 5).await;
    shop.until("it is found", async || shop.similar("shirt-1").await.contains(&"shirt-8".into())).await;
}

#[tokio::test]
async fn in_process_a_page_is_full_when_stock_allows() {
    let mut products = catalog();
    products.push(Product::new("boots-2", "Desert Boots", "Shoes", "classic").sold_out());
    let shop = Shop::open(products).await;
    shop.consent("anna", true, 1).await;
    for product in ["shirt-1", "shirt-2", "shirt-3"] {
        shop.behave("VIEW", product, "s", Some("anna")).await;
    }
    shop.until("the feed is personal", async || !shop.feed(Some("anna"), 7).await["degraded"].as_bool().unwrap()).await;
    let feed = shop.feed(Some("anna"), 7).await;
    let mut shown = ids(&feed["items"]);
    shown.sort();
    shown.dedup();
    assert_eq!(shown.len(), 7, "all that lies in stock, each once: {feed}");
}

//! A merchant's own catalog.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PROJECT, Shop, eventually, on_own_shops, selvedge};

mod into_a_running_shop {
    use super::*;
    on_own_shops!(12 => imported_products_appear_with_their_sizes);

    async fn imported_products_appear_with_their_sizes(shop: Shop) {
        appear(&shop, 12).await;
    }
}

mod into_an_empty_shop {
    use super::*;
    on_own_shops!(0 => imported_products_appear_with_their_sizes);

    async fn imported_products_appear_with_their_sizes(shop: Shop) {
        appear(&shop, 0).await;
    }
}

/// Shopify's sample export: 20 products in 22 rows.
fn export() -> String {
    format!("{PROJECT}/subgraphs/inventory/tests/catalog/shopify-apparel.csv")
}

async fn appear(shop: &Shop, before: u64) {
    let shopper = shop.anonymous();
    let count = "{ products(first: 1) { totalCount } }";
    assert_eq!(shopper.ask(count, json!({})).await["products"]["totalCount"], before);
    let (status, said, problems) = shop.tool(&["import", "shopify", &export(), "--currency", "CAD"]);
    assert_eq!(status, Some(0), "{said}{problems}");
    assert!(said.contains("20 products created, 0 updated"), "{said}{problems}");
    assert_eq!(shopper.ask(count, json!({})).await["products"]["totalCount"], before + 20);

    let page =
        "{ product(handle: \"classic-varsity-top\") { title images { url } priceRange { min { amount currencyCode } }
        options { name values } variants { size badge { state available } } } }";
    let page = shopper.ask(page, json!({})).await["product"].take();
    assert_eq!(page["title"], "Classic Varsity Top");
    assert_eq!(page["priceRange"]["min"], json!({ "amount": 6000, "currencyCode": "CAD" }));
    let sizes: Vec<&Value> = page["variants"].as_array().unwrap().iter().map(|variant| &variant["size"]).collect();
    assert_eq!(sizes, ["Small", "Medium", "Large"]);
    assert!(page["images"][0]["url"].as_str().unwrap().starts_with("https:"), "{page}");

    let found = "{ products(first: 250, filter: { size: [\"Medium\"] }) { nodes { handle } } }";
    let found = shopper.ask(found, json!({})).await;
    assert!(found.to_string().contains("classic-varsity-top"), "{found}");

    // Recommendation hears of it over the bus.
    let alike = "{ product(handle: \"classic-varsity-top\") { similar(first: 5) { score product { handle } } } }";
    eventually("imported products are recommended", Duration::from_secs(10), || async {
        let page = shopper.ask(alike, json!({})).await["product"].take();
        (!page["similar"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;

    let (status, again, problems) = shop.tool(&["import", "shopify", &export(), "--currency", "CAD"]);
    assert_eq!(status, Some(0), "{again}{problems}");
    assert!(again.contains("0 products created, 20 updated"), "{again}{problems}");
    assert_eq!(shopper.ask(count, json!({})).await["products"]["totalCount"], before + 20);
    let (status, said, problems) = shop.tool(&["ledger", "verify"]);
    assert_eq!(status, Some(0), "{said}{problems}");
}

#[test]
fn bad_rows_are_reported_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n\
        good,Good Shirt,Size,M,G-M,3,19.90\n\
        bad,Bad Shirt,Size,M,B-M,3,cheap\n";
    std::fs::write(folder.path().join("products.csv"), text).unwrap();
    let mut command = selvedge(folder.path());
    let (status, said, problems) =
        crate::support::run(command.args(["import", "shopify", "products.csv", "--dry-run"]));
    assert_eq!(status, Some(0), "{said}{problems}");
    assert!(problems.contains("line 3") && problems.contains("cheap"), "{said}{problems}");
    assert!(said.contains("1 rows left out") || said.contains("1 row left out"), "{said}{problems}");
}

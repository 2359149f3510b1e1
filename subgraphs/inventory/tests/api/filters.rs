//! Each filter leaves exactly the products that a naive reading of the rows leaves.

use std::collections::BTreeSet;

use selvedge_inventory::entity::{product, variant};
use serde_json::{Value, json};

use crate::shop::Shop;

async fn found(shop: &Shop, filter: Value) -> BTreeSet<String> {
    let query = "query($filter: ProductFilter) {
        products(first: 250, filter: $filter) { totalCount nodes { id } } }";
    let products = shop.data(query, json!({"filter": filter})).await["products"].take();
    let ids: BTreeSet<String> =
        products["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(products["totalCount"], json!(ids.len()), "{filter}");
    ids
}

async fn check(shop: &Shop, filter: Value, fits: impl Fn(&product::Model, &[&variant::Model]) -> bool) {
    let expected: BTreeSet<String> = shop
        .sample
        .shown()
        .filter(|row| fits(row, &shop.sample.variants_of(&row.id).collect::<Vec<_>>()))
        .map(|row| row.id.clone())
        .collect();
    let found = found(shop, filter.clone()).await;
    assert_eq!(found, expected, "{filter}");
    let all = shop.sample.shown().count();
    assert!(!expected.is_empty() && expected.len() < all, "{filter} does not tell apart: {} of {all}", expected.len());
}

async fn products_are_filtered_by_their_own_fields(shop: Shop) {
    check(&shop, json!({"category": ["Shirts"]}), |row, _| row.category == "Shirts").await;
    check(&shop, json!({"vendor": ["Bramley", "100%_wool"]}), |row, _| row.vendor != "Aldgate & Sons").await;
    check(&shop, json!({"material": ["Linen"]}), |row, _| row.material.as_deref() == Some("Linen")).await;
    check(&shop, json!({"style": ["Formal"]}), |row, _| row.style.as_deref() == Some("Formal")).await;
    check(&shop, json!({"occasion": ["Work"]}), |row, _| row.occasion.is_some()).await;
    check(&shop, json!({"gender": ["Men"]}), |row, _| row.gender.as_deref() == Some("Men")).await;
    let tagged = |row: &product::Model, tag: &str| row.tags.as_array().unwrap().contains(&json!(tag));
    check(&shop, json!({"tag": ["sale"]}), |row, _| tagged(row, "sale")).await;
    check(&shop, json!({"tag": ["sale", "new"]}), |row, _| tagged(row, "sale") || tagged(row, "new")).await;
    check(&shop, json!({"category": ["Shirts"], "tag": ["new"], "style": ["Casual"]}), |row, _| {
        row.category == "Shirts" && tagged(row, "new") && row.style.as_deref() == Some("Casual")
    })
    .await;
}

async fn products_are_filtered_by_one_variant_that_fits_in_all(shop: Shop) {
    let out = |row: &variant::Model| row.badge_state == "OUT_OF_STOCK";
    check(&shop, json!({"available": true}), |_, variants| variants.iter().any(|row| !out(row))).await;
    check(&shop, json!({"available": false}), |_, variants| variants.iter().all(|row| out(row))).await;
    check(&shop, json!({"size": ["M"], "color": ["Sand"], "available": true}), |_, variants| {
        variants.iter().any(|row| row.size.as_deref() == Some("M") && row.color.as_deref() == Some("Sand") && !out(row))
    })
    .await;
    check(&shop, json!({"size": ["M"], "color": ["Sand"], "available": false}), |_, variants| {
        let mut fitting = variants
            .iter()
            .filter(|row| row.size.as_deref() == Some("M") && row.color.as_deref() == Some("Sand"))
            .peekable();
        fitting.peek().is_some() && fitting.all(|row| out(row))
    })
    .await;
    check(&shop, json!({"priceMin": 2000, "priceMax": 2600, "size": ["S"]}), |_, variants| {
        variants.iter().any(|row| (2000..=2600).contains(&row.price_minor) && row.size.as_deref() == Some("S"))
    })
    .await;
    check(&shop, json!({"priceMin": 1600, "priceMax": 1800}), |_, variants| {
        variants.iter().any(|row| (1600..=1800).contains(&row.price_minor))
    })
    .await;
    assert_eq!(found(&shop, json!({"size": ["XXL"]})).await, BTreeSet::new());
}

async fn words_are_searched_in_title_vendor_and_category(shop: Shop) {
    check(&shop, json!({"query": "SHIRT 3"}), |row, _| row.title.contains('3')).await;
    check(&shop, json!({"query": "bramley trousers"}), |row, _| row.vendor == "Bramley" && row.category == "Trousers")
        .await;
    // What means something to the database is a plain character to a shopper.
    check(&shop, json!({"query": "0%_w"}), |row, _| row.vendor == "100%_wool").await;
    assert_eq!(found(&shop, json!({"query": "1%w"})).await, BTreeSet::new());
    assert_eq!(found(&shop, json!({"query": "x' OR '1'='1"})).await, BTreeSet::new());
    assert_eq!(found(&shop, json!({"query": r"\"})).await, BTreeSet::new());
}

async fn empty_filters_do_not_narrow(shop: Shop) {
    let all: BTreeSet<String> = shop.sample.shown().map(|row| row.id.clone()).collect();
    assert_eq!(found(&shop, json!({})).await, all);
    assert_eq!(found(&shop, json!({"query": "  ", "size": [], "tag": []})).await, all);
}

on_each_engine!(
    products_are_filtered_by_their_own_fields,
    products_are_filtered_by_one_variant_that_fits_in_all,
    words_are_searched_in_title_vendor_and_category,
    empty_filters_do_not_narrow,
);

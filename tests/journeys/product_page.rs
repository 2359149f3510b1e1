//! One query over all three subgraphs.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use crate::support::{Shop, on_both_columns};

on_both_columns!(
    twenty_products_of_three_subgraphs_take_the_requests_of_the_plan,
    a_product_page_has_sizes_badges_and_what_goes_with_it,
);

async fn twenty_products_of_three_subgraphs_take_the_requests_of_the_plan(shop: Arc<Shop>) {
    let query = include_str!("../../frontend-contract/operations/playground/ThreeSubgraphs.graphql");
    let answer = shop.anonymous().answer(query, json!({ "first": 20 })).await;
    assert!(answer.errors.is_empty(), "{:#?}", answer.errors);
    let products = answer.data["products"]["nodes"].as_array().unwrap();
    assert_eq!(products.len(), 20);
    for product in products {
        assert!(product["title"].is_string() && product["isWishlisted"] == false, "{product}");
        let similar = product["similar"].as_array().unwrap();
        assert!(!similar.is_empty() && similar.iter().all(|one| one["product"]["title"].is_string()), "{product}");
    }

    let details = &answer.extensions["selvedge"];
    let mut planned: BTreeMap<&str, u64> = BTreeMap::new();
    for line in details["plan"].as_str().unwrap().lines() {
        if let Some((number, step)) = line.split_once(". fetch from ")
            && number.parse::<u32>().is_ok()
        {
            *planned.entry(step.split([',', ' ']).next().unwrap()).or_default() += 1;
        }
    }
    let asked: BTreeMap<&str, u64> = details["subgraphRequests"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, count)| (name.as_str(), count.as_u64().unwrap()))
        .collect();
    assert_eq!(asked, planned);
    assert_eq!(planned, BTreeMap::from([("inventory", 2), ("preferences", 1), ("recommendation", 1)]));
}

async fn a_product_page_has_sizes_badges_and_what_goes_with_it(shop: Arc<Shop>) {
    let product = shop.take_product().await;
    let query = "query($handle: String!) { product(handle: $handle) { id title isWishlisted totalAvailable
        priceRange { min { amount currencyCode } } options { name values }
        variants { sku size price { amount } badge { state available revision } levels(first: 250) {
            nodes { location { code } quantities { available } } } }
        similar(first: 4) { score reason { code text } product { id } } boughtTogether { product { id } } } }";
    let page = shop.anonymous().ask(query, json!({ "handle": product["handle"] })).await["product"].take();
    assert_eq!(page["id"], product["id"]);
    let variants = page["variants"].as_array().unwrap();
    let of = |one: &Value| one["badge"]["available"].as_i64().unwrap();
    assert_eq!(page["totalAvailable"].as_i64().unwrap(), variants.iter().map(of).sum::<i64>());
    for variant in variants {
        let levels = variant["levels"]["nodes"].as_array().unwrap().iter();
        let at_locations: i64 = levels.map(|level| level["quantities"]["available"].as_i64().unwrap()).sum();
        assert_eq!(at_locations, of(variant), "{variant}");
        let in_stock = ["IN_STOCK", "LOW_STOCK"].contains(&variant["badge"]["state"].as_str().unwrap());
        assert_eq!(in_stock, of(variant) > 0, "{variant}");
    }
    let similar = page["similar"].as_array().unwrap();
    assert_eq!(similar.len(), 4);
    let scores: Vec<f64> = similar.iter().map(|one| one["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|left, right| left >= right) && scores.iter().all(|score| *score <= 1.0), "{scores:?}");
    assert!(similar.iter().all(|one| one["product"]["id"] != page["id"] && one["reason"]["text"].is_string()));
}

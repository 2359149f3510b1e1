//! A page costs a fixed number of statements, however many rows it has.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;

use crate::shop::Shop;

/// Counts the statements that the store says it has run.
#[derive(Default)]
struct Statements(Arc<AtomicU64>);

impl Recorder for Statements {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() == "inventory_statements_total" {
            return Counter::from_arc(Arc::clone(&self.0));
        }
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

async fn statements(shop: &Shop, query: &str, variables: serde_json::Value) -> u64 {
    let counter = Statements::default();
    let count = Arc::clone(&counter.0);
    // The recorder belongs to this thread, and so does the test's runtime with all its tasks.
    let guard = metrics::set_default_local_recorder(&counter);
    shop.data(query, variables).await;
    drop(guard);
    count.load(Ordering::Relaxed)
}

const PAGE: &str = "query($first: Int!) { products(first: $first) { totalCount nodes {
    title availableForSale totalAvailable options { name } images { url }
    variants { sku price { amount } badge { state available revision variant { product { title } } }
               levels { nodes { quantities { available } location { code } } } } } } }";

async fn a_page_costs_the_same_for_one_product_and_for_twenty(shop: Shop) {
    let one = statements(&shop, PAGE, json!({"first": 1})).await;
    let twenty = statements(&shop, PAGE, json!({"first": 20})).await;
    assert_eq!(one, twenty);
    // Page, count, stock of products, variants of products, options, images, variants by SKU, products by id, levels, locations.
    assert_eq!(twenty, 10);
}

async fn a_page_without_total_does_not_count(shop: Shop) {
    let query = "query($first: Int!) { products(first: $first) { nodes { title variants { sku badge { state } } } } }";
    assert_eq!(statements(&shop, query, json!({"first": 20})).await, 2);
}

async fn quotes_of_a_page_are_six_statements(shop: Shop) {
    let query =
        "query($first: Int!) { products(first: $first) { nodes { variants { priceFor { unitPrice { amount } } } } } }";
    let one = statements(&shop, query, json!({"first": 1})).await;
    let twenty = statements(&shop, query, json!({"first": 20})).await;
    // Page, variants of products; then the clock, variants, products, their collections, targets of promotions, tiers.
    assert_eq!((one, twenty), (8, 8));
}

async fn facets_are_one_statement(shop: Shop) {
    let query = "{ productFacets { name values { value count } } }";
    assert_eq!(statements(&shop, query, json!({})).await, 1);
}

async fn entities_are_one_statement_per_key_type(shop: Shop) {
    let query = "query($r: [_Any!]!) { _entities(representations: $r) {
        ... on Product { title } ... on ProductVariant { title } ... on StockBadge { available } ... on Location { code } } }";
    let mut representations = Vec::new();
    for number in 0..20 {
        representations.push(json!({"__typename": "Product", "id": format!("p{number:02}")}));
        representations.push(json!({"__typename": "Product", "handle": format!("handle-{number:02}")}));
        representations.push(json!({"__typename": "ProductVariant", "id": format!("v{number:02}-1")}));
        representations.push(json!({"__typename": "ProductVariant", "sku": crate::sample::sku(number, 2)}));
        representations.push(json!({"__typename": "StockBadge", "sku": crate::sample::sku(number, 3)}));
        representations.push(json!({"__typename": "Location", "id": "l1"}));
    }
    // A badge is part of its variant, so that badges and variants by SKU share a statement.
    assert_eq!(statements(&shop, query, json!({"r": representations})).await, 5);
}

on_each_engine!(
    a_page_costs_the_same_for_one_product_and_for_twenty,
    a_page_without_total_does_not_count,
    quotes_of_a_page_are_six_statements,
    facets_are_one_statement,
    entities_are_one_statement_per_key_type,
);

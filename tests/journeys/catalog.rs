//! Browsing: filters, facets and pages.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};

use crate::support::{Shop, on_both_columns};

on_both_columns!(pages_hold_every_product_once, filters_narrow_the_list_as_facets_promise, words_find_products);

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String) {
    products(first: $first, after: $after, last: $last, before: $before, sort: PRICE_ASC) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { id priceRange { min { amount } } } } }";

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().unwrap();
    nodes.iter().map(|product| product["id"].as_str().unwrap().to_owned()).collect()
}

async fn pages_hold_every_product_once(shop: Arc<Shop>) {
    let shopper = shop.anonymous();
    let (mut after, mut seen, mut prices, mut last_pages) = (Value::Null, Vec::new(), Vec::new(), Vec::new());
    loop {
        let page = shopper.ask(PAGE, json!({ "first": 37, "after": after })).await["products"].take();
        seen.extend(ids(&page));
        let amounts = page["nodes"].as_array().unwrap().iter();
        prices.extend(amounts.map(|product| product["priceRange"]["min"]["amount"].as_i64().unwrap()));
        after = page["pageInfo"]["endCursor"].clone();
        let done = page["pageInfo"]["hasNextPage"] == false;
        last_pages.push(page);
        if done {
            break;
        }
    }
    let total = last_pages.last().unwrap()["totalCount"].as_u64().unwrap();
    assert_eq!(u64::try_from(seen.len()).unwrap(), total);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len());
    assert!(prices.is_sorted(), "{prices:?}");

    let before = last_pages[1]["pageInfo"]["startCursor"].clone();
    let back = shopper.ask(PAGE, json!({ "last": 37, "before": before })).await["products"].take();
    assert_eq!(ids(&back), ids(&last_pages[0]));
    assert_eq!(back["pageInfo"]["hasPreviousPage"], false);
}

async fn filters_narrow_the_list_as_facets_promise(shop: Arc<Shop>) {
    let shopper = shop.anonymous();
    let facets = "query($filter: ProductFilter) { productFacets(filter: $filter) { name values { value count } } }";
    let facets = shopper.ask(facets, json!({ "filter": { "category": ["Shirts", "Knitwear"] } })).await;
    let facets = facets["productFacets"].as_array().unwrap().clone();
    for name in ["size", "color", "vendor", "gender"] {
        let facet = facets.iter().find(|facet| facet["name"] == name).unwrap();
        let value = facet["values"][0].clone();
        let mut filter = json!({ "category": ["Shirts", "Knitwear"] });
        filter[name] = json!([value["value"]]);
        let list = "query($filter: ProductFilter) { products(first: 250, filter: $filter) { totalCount
            nodes { category vendor gender variants { size color } } } }";
        let list = shopper.ask(list, json!({ "filter": filter })).await["products"].take();
        assert_eq!(list["totalCount"], value["count"], "{name} {value}");
        let nodes = list["nodes"].as_array().unwrap();
        assert_eq!(list["totalCount"].as_u64().unwrap(), u64::try_from(nodes.len()).unwrap());
        for product in nodes {
            assert!(["Shirts", "Knitwear"].contains(&product["category"].as_str().unwrap()), "{product}");
            let on_variants = product["variants"].as_array().unwrap().iter().any(|one| one[name] == value["value"]);
            assert!(product[name] == value["value"] || on_variants, "{name} {value}: {product}");
        }
    }
}

async fn words_find_products(shop: Arc<Shop>) {
    let product = shop.take_product().await;
    let title = product["title"].as_str().unwrap();
    let list = "query($words: String) { products(first: 250, filter: { query: $words }) { nodes { id } } }";
    let found = shop.anonymous().ask(list, json!({ "words": title.to_lowercase() })).await;
    assert!(ids(&found["products"]).contains(&product["id"].as_str().unwrap().to_owned()), "{title}: {found}");
    let nothing = shop.anonymous().ask(list, json!({ "words": "zeppelin" })).await;
    assert_eq!(nothing["products"]["nodes"], json!([]));
}

//! What is asked of the shop.

use serde_json::{Value, json};

use super::shop::Shop;

/// Products that are asked for, spread over the catalog.
const ASKED: usize = 1_000;
/// Badges of one page.
const BADGES: usize = 20;

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// Those of the so-manieth request.
    pub(crate) variables: Box<dyn Fn(u64) -> Value>,
    pub(crate) by_staff: bool,
}

const PAGE: &str = "query($handle: String!) { product(handle: $handle) { id title description images { url }
    options { name values } totalAvailable variants { sku size color price { amount }
        badge { state available revision } levels(first: 250) { nodes { location { name } quantities { available } } } } } }";
const BADGE: &str = "query($skus: [String!]!) { stockBadges(skus: $skus) { sku state available revision } }";
const LIST: &str =
    "query($filter: ProductFilter, $sort: ProductSort!) { products(first: 24, filter: $filter, sort: $sort) {
    nodes { id handle title priceRange { min { amount } } images { url } availableForSale totalAvailable } } }";
const FACETS: &str = "{ productFacets { name values { value count } } }";
const LOW: &str =
    "query { lowStock(first: 50, threshold: 3) { nodes { variant { sku } available location { name } } } }";
const LOW_THERE: &str = "query($place: ID!) { lowStock(first: 50, threshold: 3, locationId: $place) {
    nodes { variant { sku } available location { name } } } }";
const RESERVE: &str = "mutation($sku: String!, $key: String!) { reserveStock(idempotencyKey: $key,
    input: { lines: [{ sku: $sku, quantity: 1 }], ttlSeconds: 60 }) { reservation { id } userErrors { code } } }";

pub(crate) async fn operations(shop: &Shop) -> Vec<Operation> {
    let products = products(shop).await;
    let places = places(shop).await;
    let of = move |number: u64| products[usize::try_from(number).unwrap() * 7 % products.len()].clone();
    let (page, badges, reserve) = (of.clone(), of.clone(), of);
    let list = |name, filter: Value, sort: &'static str| Operation {
        name,
        text: LIST,
        variables: Box::new(move |_| json!({ "filter": filter, "sort": sort })),
        by_staff: false,
    };
    vec![
        Operation {
            name: "product page",
            text: PAGE,
            variables: Box::new(move |number| json!({ "handle": page(number).0 })),
            by_staff: false,
        },
        Operation {
            name: "badges of 20 SKUs",
            text: BADGE,
            variables: Box::new(move |number| {
                let skus: Vec<String> = (0..BADGES as u64).map(|place| badges(number * 20 + place).1).collect();
                json!({ "skus": skus })
            }),
            by_staff: false,
        },
        list("list as featured", json!({}), "FEATURED"),
        list("list of a category, by price", json!({ "category": ["Dresses"] }), "PRICE_ASC"),
        list(
            "list of a size and a colour, available",
            json!({ "category": ["Dresses"], "size": ["M"], "color": ["Black"], "available": true }),
            "FEATURED",
        ),
        list("list by words", json!({ "query": "linen shirt" }), "FEATURED"),
        Operation { name: "facets of all", text: FACETS, variables: Box::new(|_| json!({})), by_staff: false },
        Operation { name: "low stock", text: LOW, variables: Box::new(|_| json!({})), by_staff: true },
        Operation {
            name: "low stock at a location",
            text: LOW_THERE,
            variables: Box::new(
                move |number| json!({ "place": places[usize::try_from(number).unwrap() % places.len()] }),
            ),
            by_staff: true,
        },
        Operation {
            name: "reservation",
            text: RESERVE,
            variables: Box::new(
                move |number| json!({ "sku": reserve(number).1, "key": uuid::Uuid::now_v7().to_string() }),
            ),
            by_staff: false,
        },
    ]
}

async fn places(shop: &Shop) -> Vec<Value> {
    let found = shop.ask("{ locations(first: 250) { nodes { id } } }", json!({}), false).await;
    found["locations"]["nodes"].as_array().unwrap().iter().map(|place| place["id"].clone()).collect()
}

/// Handles, each with one of its SKUs.
async fn products(shop: &Shop) -> Vec<(String, String)> {
    let query =
        "query($after: String) { products(first: 250, after: $after, sort: TITLE) { pageInfo { endCursor hasNextPage }
        nodes { handle variants { sku } } } }";
    let mut found = Vec::new();
    let mut after = Value::Null;
    while found.len() < ASKED {
        let page = shop.ask(query, json!({ "after": after }), false).await["products"].take();
        for node in page["nodes"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((text(&node["handle"]), text(&node["variants"][0]["sku"])));
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    found
}

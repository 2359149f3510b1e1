//! Pages neither repeat nor skip, in every order and direction.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::shop::Shop;

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String, $sort: ProductSort!) {
  products(first: $first, after: $after, last: $last, before: $before, sort: $sort) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}";

fn ids(page: &Value) -> Vec<String> {
    page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].as_str().unwrap().to_owned()).collect()
}

async fn every_order_is_walked_without_gap_or_repetition(shop: Shop) {
    for sort in ["FEATURED", "NEWEST", "TITLE", "PRICE_ASC", "PRICE_DESC"] {
        let mut forward = Vec::new();
        let mut after = Value::Null;
        loop {
            let variables = json!({"first": 5, "after": after, "sort": sort});
            let page = shop.data(PAGE, variables).await["products"].take();
            forward.extend(ids(&page));
            assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        let shown: BTreeSet<String> = shop.sample.shown().map(|row| row.id.clone()).collect();
        assert_eq!(forward.len(), shown.len(), "{sort}");
        assert_eq!(forward.iter().cloned().collect::<BTreeSet<_>>(), shown, "{sort}");

        let mut backward: Vec<String> = Vec::new();
        let mut before = Value::Null;
        loop {
            let variables = json!({"last": 4, "before": before, "sort": sort});
            let page = shop.data(PAGE, variables).await["products"].take();
            let mut part = ids(&page);
            part.extend(backward);
            backward = part;
            before = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == json!(false) {
                break;
            }
        }
        assert_eq!(backward, forward, "{sort}");
    }
}

async fn orders_mean_what_they_say(shop: Shop) {
    let page = "query($sort: ProductSort!) { products(first: 250, sort: $sort) {
        nodes { title createdAt priceRange { min { amount currencyCode } max { amount } } } } }";
    let nodes = async |sort: &str| shop.data(page, json!({"sort": sort})).await["products"]["nodes"].take();
    let column = |nodes: &Value, pointer: &str| -> Vec<Value> {
        nodes.as_array().unwrap().iter().map(|node| node.pointer(pointer).unwrap().clone()).collect()
    };
    let amounts = |nodes: &Value| -> Vec<i64> {
        column(nodes, "/priceRange/min/amount").iter().map(|amount| amount.as_i64().unwrap()).collect()
    };
    assert!(amounts(&nodes("PRICE_ASC").await).is_sorted());
    assert!(amounts(&nodes("PRICE_DESC").await).iter().rev().is_sorted());
    let times = column(&nodes("NEWEST").await, "/createdAt");
    let times = times.iter().map(|time| time.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    assert!(times.rev().is_sorted());
    let titles = column(&nodes("TITLE").await, "/title");
    assert!(titles.iter().map(|title| title.as_str().unwrap()).is_sorted());
}

async fn rows_that_come_between_two_pages_do_not_shift_them(shop: Shop) {
    let first = shop.data(PAGE, json!({"first": 8, "sort": "TITLE"})).await["products"].take();
    let mut early = shop.sample.products[0].clone();
    "p-new".clone_into(&mut early.id);
    "handle-new".clone_into(&mut early.handle);
    "A title in front of all others".clone_into(&mut early.title);
    shop.insert_product(early).await;
    let variables = json!({"first": 8, "after": first["pageInfo"]["endCursor"], "sort": "TITLE"});
    let second = shop.data(PAGE, variables).await["products"].take();
    let (first, second) = (ids(&first), ids(&second));
    assert!(second.iter().all(|id| !first.contains(id) && id != "p-new"), "{first:?} {second:?}");
    assert_eq!(second.len(), 8);
}

async fn a_cursor_of_another_order_is_refused(shop: Shop) {
    let page = shop.data(PAGE, json!({"first": 1, "sort": "TITLE"})).await["products"].take();
    let variables = json!({"after": page["pageInfo"]["endCursor"], "sort": "FEATURED"});
    let error = shop.error(PAGE, variables).await;
    assert_eq!(error, ("BAD_USER_INPUT".into(), "`after` is not a cursor of this list in this order".into()));
}

async fn locations_and_levels_are_pages_too(shop: Shop) {
    let query = "query($after: String, $before: String) {
        locations(first: 1, after: $after) { nodes { code kind priority } pageInfo { hasNextPage endCursor } }
        variant(sku: \"SKU-01-1\") { levels(last: 1, before: $before) {
            nodes { id location { code } quantities { onHand committed safetyStock available incoming } version }
            pageInfo { hasPreviousPage startCursor } } } }";
    let first = shop.data(query, json!({})).await;
    assert_eq!(first["locations"]["nodes"], json!([{"code": "L1", "kind": "WAREHOUSE", "priority": 1}]));
    let level = &first["variant"]["levels"];
    assert_eq!(level["nodes"][0]["location"], json!({"code": "L2"}));
    assert_eq!(
        level["nodes"][0]["quantities"],
        json!({"onHand": 4, "committed": 0, "safetyStock": 0, "available": 4, "incoming": 0})
    );
    assert_eq!(level["pageInfo"]["hasPreviousPage"], json!(true));
    let variables = json!({
        "after": first["locations"]["pageInfo"]["endCursor"],
        "before": level["pageInfo"]["startCursor"],
    });
    let second = shop.data(query, variables).await;
    assert_eq!(second["locations"]["nodes"][0]["code"], "L2");
    assert_eq!(second["locations"]["pageInfo"]["hasNextPage"], json!(false));
    assert_eq!(second["variant"]["levels"]["nodes"][0]["location"]["code"], "L1");
    assert_eq!(second["variant"]["levels"]["pageInfo"]["hasPreviousPage"], json!(false));
}

on_each_engine!(
    every_order_is_walked_without_gap_or_repetition,
    orders_mean_what_they_say,
    rows_that_come_between_two_pages_do_not_shift_them,
    a_cursor_of_another_order_is_refused,
    locations_and_levels_are_pages_too,
);

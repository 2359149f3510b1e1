//! A facet counts what the list would show if its value were chosen.

use serde_json::{Value, json};

use crate::shop::Shop;

const FACETS: &str = "query($filter: ProductFilter) { productFacets(filter: $filter) { name values { value count } } }";

async fn each_count_is_what_the_list_shows(shop: Shop) {
    let filters = [
        json!({}),
        json!({"category": ["Shirts"]}),
        json!({"size": ["M"], "available": true}),
        json!({"color": ["Sand"], "size": ["S", "L"], "available": false}),
        json!({"tag": ["sale"], "priceMax": 2000}),
        json!({"query": "bramley", "gender": ["Men"]}),
    ];
    for filter in filters {
        let facets = shop.data(FACETS, json!({"filter": filter})).await["productFacets"].take();
        let facets = facets.as_array().unwrap();
        let names: Vec<&str> = facets.iter().map(|facet| facet["name"].as_str().unwrap()).collect();
        let all = ["category", "gender", "size", "color", "vendor", "material", "style", "occasion", "tag"];
        assert_eq!(names, all);
        for facet in facets {
            let counts: Vec<i64> =
                facet["values"].as_array().unwrap().iter().map(|value| value["count"].as_i64().unwrap()).collect();
            assert!(counts.iter().rev().is_sorted() && !counts.contains(&0), "{filter} {facet}");
            for value in facet["values"].as_array().unwrap() {
                let mut chosen = filter.clone();
                chosen[facet["name"].as_str().unwrap()] = json!([value["value"]]);
                assert_eq!(total(&shop, &chosen).await, value["count"], "{filter}: {} {value}", facet["name"]);
            }
        }
    }
}

async fn total(shop: &Shop, filter: &Value) -> Value {
    let query = "query($filter: ProductFilter) { products(first: 0, filter: $filter) { totalCount } }";
    shop.data(query, json!({"filter": filter})).await["products"]["totalCount"].take()
}

on_each_engine!(each_count_is_what_the_list_shows);

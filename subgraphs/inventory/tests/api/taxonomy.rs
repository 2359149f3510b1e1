//! The tree of categories: made, moved, and the products below its nodes.

use futures::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::entity::{outbox, taxonomy_ancestor, taxonomy_category};
use serde_json::{Value, json};

use crate::shop::{Shop, staff};

on_each_engine!(
    products_are_found_below_a_node,
    a_moved_node_takes_along_what_is_below_it,
    trees_that_cannot_be_are_refused,
    the_ways_up_are_right_whatever_is_moved_at_once,
);

const PARTS: &str = "category { id name fullName revision } userErrors { code field }";

async fn edit(shop: &Shop, field: &str, arguments: &str, key: &str) -> Value {
    let query = format!("mutation {{ {field}({arguments}, idempotencyKey: \"{key}\") {{ {PARTS} }} }}");
    shop.data_for(staff(&["catalog:write"]), &query, json!({})).await[field].take()
}

/// The id of a new node.
async fn grow(shop: &Shop, parent: Option<&str>, name: &str) -> String {
    let parent = parent.map(|id| format!(", parentId: \"{id}\"")).unwrap_or_default();
    let key = format!("{name}{parent}").replace('"', "");
    let made = edit(shop, "taxonomyCategoryCreate", &format!("name: \"{name}\"{parent}"), &key).await;
    assert_eq!(made["userErrors"], json!([]), "{name}");
    made["category"]["id"].as_str().unwrap().to_owned()
}

async fn put(shop: &Shop, ids: &[&str], category: Option<&str>, key: &str) -> Value {
    let query = "mutation($ids: [ID!]!, $category: ID, $key: String!) { productTaxonomySet(idempotencyKey: $key,
        input: { productIds: $ids, categoryId: $category }) {
        products { revision taxonomyCategory { fullName path { name } } } userErrors { code field } } }";
    let variables = json!({ "ids": ids, "category": category, "key": key });
    shop.data_for(staff(&["merchandiser"]), query, variables).await["productTaxonomySet"].take()
}

async fn below(shop: &Shop, id: &str) -> Vec<String> {
    let query =
        "query($id: ID!) { category(id: $id) { products(first: 250, sort: TITLE) { nodes { id } totalCount } } }";
    let products = shop.data(query, json!({ "id": id })).await["category"]["products"].take();
    let mut ids: Vec<String> =
        products["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(products["totalCount"], ids.len());
    ids.sort();
    ids
}

async fn products_are_found_below_a_node(shop: Shop) {
    let apparel = grow(&shop, None, "Apparel & Accessories").await;
    let clothing = grow(&shop, Some(&apparel), "Clothing").await;
    let tops = grow(&shop, Some(&clothing), "Tops").await;
    let shirts = grow(&shop, Some(&tops), "Shirts").await;
    let bags = grow(&shop, Some(&apparel), "Bags").await;
    let done = put(&shop, &["p01", "p02"], Some(&shirts), "a").await;
    let path = json!(["Apparel & Accessories", "Clothing", "Tops", "Shirts"].map(|name| json!({ "name": name })));
    let category = json!({ "fullName": "Apparel & Accessories > Clothing > Tops > Shirts", "path": path });
    assert_eq!(done["products"][0], json!({ "revision": 2, "taxonomyCategory": category }));
    put(&shop, &["p03", "p23"], Some(&tops), "b").await;
    put(&shop, &["p04"], Some(&bags), "c").await;
    for (id, expected) in [
        (&shirts, vec!["p01", "p02"]),
        (&tops, vec!["p01", "p02", "p03"]),
        (&clothing, vec!["p01", "p02", "p03"]),
        (&apparel, vec!["p01", "p02", "p03", "p04"]),
        (&bags, vec!["p04"]),
    ] {
        assert_eq!(below(&shop, id).await, expected, "the draft is not shown");
    }
    let tree =
        shop.data("{ categories { name parent { name } children { name children { name } } } }", json!({})).await;
    assert_eq!(
        tree["categories"],
        json!([{ "name": "Apparel & Accessories", "parent": null, "children": [
            { "name": "Bags", "children": [] }, { "name": "Clothing", "children": [{ "name": "Tops" }] }] }])
    );
    // With other filters, and the facets of what is left.
    let list =
        "query($id: ID!) { products(filter: { taxonomyCategory: $id, category: [\"Trousers\"] }) { nodes { id } }
        productFacets(filter: { taxonomyCategory: $id }) { values { value count } } }";
    let listed = shop.data(list, json!({ "id": clothing })).await;
    assert_eq!(listed["products"]["nodes"], json!([{ "id": "p01" }, { "id": "p03" }]));
    assert_eq!(listed["productFacets"][0]["values"][0], json!({ "value": "Trousers", "count": 2 }));
    // The same again is no change; out of the tree is one.
    assert_eq!(put(&shop, &["p01"], Some(&shirts), "d").await["products"][0]["revision"], 2);
    let out = put(&shop, &["p01"], None, "e").await;
    assert_eq!(out["products"][0], json!({ "revision": 3, "taxonomyCategory": null }));
    let unknown = put(&shop, &["p01", "none"], Some("none"), "f").await;
    assert_eq!(
        unknown["userErrors"],
        json!([{ "code": "UNKNOWN_PRODUCT", "field": ["input", "productIds", "1"] },
            { "code": "UNKNOWN_CATEGORY", "field": ["input", "categoryId"] }])
    );
}

async fn events(shop: &Shop, subject: &str) -> Vec<Value> {
    let rows = outbox::Entity::find().order_by_asc(outbox::Column::Id).all(shop.store.reader()).await.unwrap();
    rows.into_iter().filter(|row| row.subject == subject).map(|row| row.event).collect()
}

async fn a_moved_node_takes_along_what_is_below_it(shop: Shop) {
    let (one, other) = (grow(&shop, None, "One").await, grow(&shop, None, "Other").await);
    let middle = grow(&shop, Some(&one), "Middle").await;
    let leaf = grow(&shop, Some(&middle), "Leaf").await;
    put(&shop, &["p05"], Some(&leaf), "a").await;
    let moved = edit(&shop, "taxonomyCategoryMove", &format!("id: \"{middle}\", parentId: \"{other}\""), "b").await;
    assert_eq!(moved["category"]["fullName"], "Other > Middle");
    assert_eq!((below(&shop, &one).await, below(&shop, &other).await), (vec![], vec!["p05".to_owned()]));
    let renamed = edit(&shop, "taxonomyCategoryRename", &format!("id: \"{other}\", name: \"Another\""), "c").await;
    assert_eq!((&renamed["category"]["name"], &renamed["category"]["revision"]), (&json!("Another"), &json!(2)));
    let path = shop.data("{ product(id: \"p05\") { taxonomyCategory { fullName } } }", json!({})).await;
    assert_eq!(path["product"]["taxonomyCategory"]["fullName"], "Another > Middle > Leaf");
    // Whoever keeps a path is told: the leaf was made, moved along, and renamed along.
    let told = events(&shop, &leaf).await;
    assert_eq!(told.len(), 3);
    for event in told {
        let parsed = serde_json::from_value(event).unwrap();
        assert_eq!(selvedge_kit::event::schemas::violations(&parsed), [""; 0]);
    }
    edit(&shop, "taxonomyCategoryMove", &format!("id: \"{middle}\""), "d").await;
    assert_eq!((below(&shop, &other).await, below(&shop, &middle).await), (vec![], vec!["p05".to_owned()]));
    for (id, code) in [(&middle, Some("INVALID_INPUT")), (&leaf, Some("INVALID_INPUT")), (&other, None)] {
        let answer = edit(&shop, "taxonomyCategoryDelete", &format!("id: \"{id}\""), &format!("delete {id}")).await;
        assert_eq!(answer["userErrors"][0]["code"].as_str(), code);
    }
    assert_eq!(events(&shop, &other).await.pop().unwrap()["data"]["deleted"], true);
}

async fn trees_that_cannot_be_are_refused(shop: Shop) {
    let mut ids = vec![grow(&shop, None, "1").await];
    for level in 2..=10 {
        let id = grow(&shop, ids.last().map(String::as_str), &level.to_string()).await;
        ids.push(id);
    }
    let (top, deepest) = (&ids[0], &ids[9]);
    let side = grow(&shop, None, "Side").await;
    let long = "x".repeat(256);
    for (index, (field, arguments, code)) in [
        ("taxonomyCategoryCreate", "name: \"1\"".to_owned(), "NAME_TAKEN"),
        ("taxonomyCategoryCreate", "name: \"\"".to_owned(), "INVALID_INPUT"),
        ("taxonomyCategoryCreate", "name: \"A > B\"".to_owned(), "INVALID_INPUT"),
        ("taxonomyCategoryCreate", "name: \" A\"".to_owned(), "INVALID_INPUT"),
        ("taxonomyCategoryCreate", format!("name: \"{long}\""), "INVALID_INPUT"),
        ("taxonomyCategoryCreate", "name: \"A\", parentId: \"none\"".to_owned(), "UNKNOWN_CATEGORY"),
        ("taxonomyCategoryCreate", format!("name: \"11\", parentId: \"{deepest}\""), "INVALID_INPUT"),
        ("taxonomyCategoryRename", format!("id: \"{side}\", name: \"1\""), "NAME_TAKEN"),
        ("taxonomyCategoryRename", "id: \"none\", name: \"A\"".to_owned(), "UNKNOWN_CATEGORY"),
        ("taxonomyCategoryMove", format!("id: \"{top}\", parentId: \"{deepest}\""), "INVALID_INPUT"),
        ("taxonomyCategoryMove", format!("id: \"{top}\", parentId: \"{top}\""), "INVALID_INPUT"),
        ("taxonomyCategoryMove", format!("id: \"{top}\", parentId: \"{side}\""), "INVALID_INPUT"),
        ("taxonomyCategoryMove", format!("id: \"{side}\", parentId: \"none\""), "UNKNOWN_CATEGORY"),
        ("taxonomyCategoryDelete", "id: \"none\"".to_owned(), "UNKNOWN_CATEGORY"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = edit(&shop, field, &arguments, &format!("bad {index}")).await;
        assert_eq!(
            (&refused["category"], &refused["userErrors"][0]["code"]),
            (&Value::Null, &json!(code)),
            "{arguments}"
        );
    }
    let (code, _) = shop
        .error(
            "mutation { taxonomyCategoryDelete(id: \"x\", idempotencyKey: \"k\") { userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(code, "UNAUTHENTICATED");
}

/// Nodes are made and moved at once; afterwards the ways up are those that the parents say, and nothing is below itself.
async fn the_ways_up_are_right_whatever_is_moved_at_once(shop: Shop) {
    let mut nodes = Vec::new();
    for number in 0..6 {
        let top = grow(&shop, None, &format!("top {number}")).await;
        let below = grow(&shop, Some(&top), &format!("below {number}")).await;
        nodes.extend([top, below]);
    }
    let (shop, nodes) = (&shop, &nodes);
    let moving = (0..6).map(|lane: usize| async move {
        for round in 0..8_usize {
            let id = &nodes[(lane * 5 + round * 7) % nodes.len()];
            let parent = &nodes[(lane * 3 + round * 11 + 1) % nodes.len()];
            let arguments =
                if round % 4 == 3 { format!("id: \"{id}\"") } else { format!("id: \"{id}\", parentId: \"{parent}\"") };
            edit(shop, "taxonomyCategoryMove", &arguments, &format!("{lane} {round}")).await;
            edit(
                shop,
                "taxonomyCategoryCreate",
                &format!("name: \"n{lane}-{round}\", parentId: \"{id}\""),
                &format!("c{lane} {round}"),
            )
            .await;
        }
    });
    join_all(moving).await;
    let rows = taxonomy_category::Entity::find().all(shop.store.reader()).await.unwrap();
    let mut expected = Vec::new();
    for row in &rows {
        let (mut above, mut distance) = (Some(row), 0);
        while let Some(node) = above {
            expected.push((row.id.clone(), node.id.clone(), distance));
            assert!(distance < 10, "`{}` is below itself", row.name);
            above = node.parent_id.as_ref().map(|id| rows.iter().find(|row| row.id == *id).unwrap());
            distance += 1;
        }
    }
    let links = taxonomy_ancestor::Entity::find().all(shop.store.reader()).await.unwrap();
    let mut found: Vec<(String, String, i32)> =
        links.into_iter().map(|link| (link.category_id, link.ancestor_id, link.distance)).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert!(rows.len() > 30);
}

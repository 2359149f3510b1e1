//! Collections: by hand, and by rules that every change of a product, a price and stock goes through.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    sample::{Sample, sku},
    shop::{Shop, staff},
};

on_each_engine!(
    a_collection_by_hand_is_ordered_and_says_why,
    rules_bring_in_what_they_say_at_every_change,
    stock_is_looked_at_when_it_is_asked,
    a_collection_has_its_own_order,
    what_rules_bring_in_is_right_whatever_happens_at_once,
    promotions_hold_for_collections,
    collections_that_cannot_be_are_refused,
    a_collection_is_taken_away,
);

const PARTS: &str = "id handle title kind sort revision";

async fn by_staff(shop: &Shop, query: &str, variables: Value) -> Value {
    shop.data_for(staff(&["catalog:write"]), query, variables).await
}

async fn create(shop: &Shop, input: Value) -> Value {
    let create = format!(
        "mutation($key: String!, $input: CollectionInput!) {{ collectionCreate(idempotencyKey: $key, input: $input) {{
            collection {{ {PARTS} rules {{ matching rules {{ field relation value }} }} }}
            userErrors {{ field code }} }} }}"
    );
    let variables = json!({ "key": input["handle"], "input": input });
    by_staff(shop, &create, variables).await["collectionCreate"].take()
}

/// The id of a new collection by rules that all have to hold.
async fn by_rules(shop: &Shop, handle: &str, sort: &str, rules: &[(&str, &str, &str)]) -> Value {
    let rule =
        |(field, relation, value): &(&str, &str, &str)| json!({ "field": field, "relation": relation, "value": value });
    let rules = json!({ "rules": rules.iter().map(rule).collect::<Vec<_>>() });
    let made = create(shop, json!({ "handle": handle, "title": handle, "sort": sort, "rules": rules })).await;
    assert_eq!(made["userErrors"], json!([]));
    assert_eq!(made["collection"]["rules"]["matching"], "ALL");
    made["collection"]["id"].clone()
}

async fn curate(shop: &Shop, field: &str, arguments: &str, key: &str) -> Value {
    let query = format!(
        "mutation($key: String!) {{ {field}({arguments}, idempotencyKey: $key) {{
            collection {{ {PARTS} }} userErrors {{ field code }} }} }}"
    );
    by_staff(shop, &query, json!({ "key": key })).await[field].take()
}

/// The ids of everything in a collection, read in pages of five; both ways give the same.
async fn inside(shop: &Shop, id: &Value, arguments: &str) -> Vec<String> {
    let mut ways = Vec::new();
    for (size, cursor, end, more) in
        [("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")]
    {
        let query = format!(
            "query($id: ID!, $cursor: String) {{ collection(id: $id) {{ products({size}: 5, {cursor}: $cursor{arguments}) {{
                nodes {{ id }} pageInfo {{ {end} {more} }} }} }} }}"
        );
        let (mut ids, mut from): (Vec<String>, Value) = (Vec::new(), Value::Null);
        loop {
            let page = shop.data(&query, json!({ "id": id, "cursor": from })).await["collection"]["products"].take();
            let nodes = page["nodes"].as_array().unwrap();
            let page_ids = nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned());
            if size == "first" {
                ids.extend(page_ids)
            } else {
                ids.splice(0..0, page_ids).for_each(drop)
            }
            from = page["pageInfo"][end].clone();
            if page["pageInfo"][more] != true {
                break;
            }
        }
        ways.push(ids);
    }
    assert_eq!(ways[0], ways[1]);
    ways.swap_remove(0)
}

/// The shown products of the sample for which `is_inside` holds.
fn of_sample(is_inside: impl Fn(&selvedge_inventory::entity::product::Model) -> bool) -> Vec<String> {
    let sample = Sample::new();
    sample.shown().filter(|row| is_inside(row)).map(|row| row.id.clone()).collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

async fn a_collection_by_hand_is_ordered_and_says_why(shop: Shop) {
    let made = create(&shop, json!({ "handle": "picks", "title": "Our picks", "sort": "MANUAL" })).await;
    let collection = &made["collection"];
    assert_eq!(
        (&collection["kind"], &collection["revision"], &collection["rules"]),
        (&json!("MANUAL"), &json!(1), &Value::Null)
    );
    assert_eq!(create(&shop, json!({ "handle": "picks", "title": "Our picks", "sort": "MANUAL" })).await, made);
    let id = collection["id"].as_str().unwrap();
    let add = format!(
        "id: \"{id}\", products: [{{productId: \"p03\", note: \"Warm\"}}, {{productId: \"p01\"}}, {{productId: \"p23\"}}]"
    );
    let added = curate(&shop, "collectionProductsAdd", &add, "a").await;
    assert_eq!((&added["userErrors"], &added["collection"]["revision"]), (&json!([]), &json!(2)));
    let first = format!(
        "id: \"{id}\", products: [{{productId: \"p05\"}}, {{productId: \"p01\", note: \"Cool\"}}], position: 1"
    );
    curate(&shop, "collectionProductsAdd", &first, "b").await;
    curate(&shop, "collectionProductsMove", &format!("id: \"{id}\", productIds: [\"p01\"], position: 2"), "c").await;
    // The last one is a draft.
    let list = "{ collection(handle: \"picks\") { products(first: 10) { edges { position note node { id } } } } }";
    let edges = shop.data(list, json!({})).await["collection"]["products"]["edges"].take();
    assert_eq!(
        edges,
        json!([
            { "position": 1, "note": null, "node": { "id": "p05" } },
            { "position": 2, "note": "Cool", "node": { "id": "p01" } },
            { "position": 3, "note": "Warm", "node": { "id": "p03" } },
        ])
    );
    let gone =
        curate(&shop, "collectionProductsRemove", &format!("id: \"{id}\", productIds: [\"p05\", \"p09\"]"), "d").await;
    assert_eq!(gone["collection"]["revision"], 5);
    assert_eq!(inside(&shop, &json!(id), "").await, ["p01", "p03"]);
    let nothing = curate(&shop, "collectionProductsRemove", &format!("id: \"{id}\", productIds: [\"p05\"]"), "e").await;
    assert_eq!(nothing["collection"]["revision"], 5, "nothing has changed");
    let of_product = shop.data("{ product(id: \"p03\") { collections { handle } } }", json!({})).await;
    assert_eq!(of_product["product"]["collections"], json!([{ "handle": "picks" }]));
    let unknown = format!("id: \"{id}\", products: [{{productId: \"p01\"}}, {{productId: \"none\"}}]");
    let refused = curate(&shop, "collectionProductsAdd", &unknown, "f").await;
    assert_eq!(refused["userErrors"], json!([{ "field": ["products", "1", "productId"], "code": "UNKNOWN_PRODUCT" }]));
    // In another order, what is inside stays, and its places are known again when it is back.
    for (sort, expected) in [("PRICE_DESC", ["p03", "p01"]), ("MANUAL", ["p01", "p03"])] {
        let update = format!("id: \"{id}\", input: {{handle: \"picks\", title: \"Our picks\", sort: {sort}}}");
        assert_eq!(curate(&shop, "collectionUpdate", &update, sort).await["userErrors"], json!([]));
        assert_eq!(inside(&shop, &json!(id), "").await, expected);
    }
}

async fn rules_bring_in_what_they_say_at_every_change(shop: Shop) {
    let cheap = [("PRICE", "LESS_THAN", "2000"), ("VENDOR", "NOT_EQUALS", "bramley")];
    let cheap = by_rules(&shop, "cheap", "FEATURED", &cheap).await;
    let is_cheap = |row: &selvedge_inventory::entity::product::Model| row.price_min < 2_000 && row.vendor != "Bramley";
    assert_eq!(sorted(inside(&shop, &cheap, "").await), of_sample(is_cheap));
    let tagged = by_rules(&shop, "organic", "NEWEST", &[("TAG", "EQUALS", "Organic")]).await;
    assert_eq!(sorted(inside(&shop, &tagged, "").await).len(), 6);
    // The dearest gets cheap, by one variant; a cheap one is cheap no more.
    let mut prices = vec![json!({ "sku": sku(5, 2), "price": 1_999 })];
    prices.extend((0..6).map(|position| json!({ "sku": sku(0, position), "price": 2_000 })));
    let set = "mutation($prices: [VariantPriceInput!]!) { variantPricesSet(idempotencyKey: \"p\", input: { prices: $prices }) {
        userErrors { code } } }";
    by_staff(&shop, set, json!({ "prices": prices })).await;
    let mut expected = of_sample(is_cheap);
    expected.retain(|id| id != "p00");
    expected.push("p05".to_owned());
    assert_eq!(sorted(inside(&shop, &cheap, "").await), sorted(expected));
    let of_product = shop.data("{ product(id: \"p00\") { collections { handle } } }", json!({})).await;
    assert_eq!(of_product["product"]["collections"], json!([{ "handle": "organic" }]));
    // Other rules, other products.
    let update = "mutation($id: ID!, $revision: Int) { collectionUpdate(id: $id, expectedRevision: $revision,
        idempotencyKey: \"u\", input: { handle: \"cheap\", title: \"Cheap\", sort: TITLE, rules: { matching: ANY, rules: [
            { field: OCCASION, relation: IS_SET }, { field: GENDER, relation: EQUALS, value: \"Men\" }] } }) {
        collection { revision title } userErrors { code } } }";
    let refused = by_staff(&shop, update, json!({ "id": cheap, "revision": 7 })).await;
    assert_eq!(refused["collectionUpdate"]["userErrors"], json!([{ "code": "VERSION_CONFLICT" }]));
    let update = update.replace("\"u\"", "\"v\"");
    by_staff(&shop, &update, json!({ "id": cheap, "revision": 1 })).await;
    let expected = of_sample(|row| row.occasion.is_some() || row.gender.as_deref() == Some("Men"));
    assert_eq!(sorted(inside(&shop, &cheap, "").await), expected);
    // The same through the list of products, with its own filters, facets and order.
    let list = "query($id: ID!) { products(first: 250, filter: { collection: $id, category: [\"Shirts\"] }) {
        nodes { category } totalCount } productFacets(filter: { collection: $id }) { name values { value count } } }";
    let listed = shop.data(list, json!({ "id": cheap })).await;
    let shirts = of_sample(|row| row.category == "Shirts" && row.occasion.is_some()).len();
    assert_eq!(listed["products"]["totalCount"], shirts);
    assert_eq!(listed["productFacets"][0]["values"][1], json!({ "value": "Shirts", "count": shirts }));
}

async fn stock_is_looked_at_when_it_is_asked(shop: Shop) {
    let gone = by_rules(&shop, "gone", "FEATURED", &[("STOCK", "EQUALS", "0")]).await;
    let last =
        by_rules(&shop, "last-one", "FEATURED", &[("STOCK", "LESS_THAN", "2"), ("STOCK", "GREATER_THAN", "0")]).await;
    let there = by_rules(&shop, "there", "FEATURED", &[("STOCK", "GREATER_THAN", "0")]).await;
    assert_eq!(inside(&shop, &gone, "").await, ["p07"]);
    assert_eq!(inside(&shop, &there, "").await.len(), 22);
    let receive = "mutation($delta: Int!, $key: String!) { inventoryAdjustQuantities(idempotencyKey: $key, input: {
        reason: CORRECTION, changes: [{ sku: \"SKU-07-1\", locationId: \"l1\", delta: $delta }] }) { userErrors { code } } }";
    for (delta, key, expected) in [(1, "a", [0, 1, 23]), (1, "b", [0, 0, 23]), (-2, "c", [1, 0, 22])] {
        let identity = staff(&["inventory:write"]);
        let done = shop.data_for(identity, receive, json!({ "delta": delta, "key": key })).await;
        assert_eq!(done["inventoryAdjustQuantities"]["userErrors"], json!([]));
        let mut found = Vec::new();
        for id in [&gone, &last, &there] {
            found.push(inside(&shop, id, "").await.len());
        }
        assert_eq!(found, expected, "{delta}");
    }
    let all =
        by_rules(&shop, "all", "FEATURED", &[("STOCK", "GREATER_THAN", "0")].map(|_| ("TITLE", "CONTAINS", "shirt")))
            .await;
    assert_eq!(inside(&shop, &all, ", available: false").await, ["p07"]);
    assert_eq!(inside(&shop, &all, ", available: true").await.len(), 22);
}

async fn a_collection_has_its_own_order(shop: Shop) {
    let sample = Sample::new();
    let all = [("TITLE", "CONTAINS", "shirt")];
    for (sort, handle) in [("FEATURED", "f"), ("NEWEST", "n"), ("TITLE", "t"), ("PRICE_ASC", "a"), ("PRICE_DESC", "d")]
    {
        let id = by_rules(&shop, handle, sort, &all).await;
        let ids = inside(&shop, &id, "").await;
        let rows: Vec<_> = ids.iter().map(|id| sample.products.iter().find(|row| row.id == *id).unwrap()).collect();
        assert_eq!(rows.len(), 23);
        let is_ordered = rows.windows(2).all(|pair| match sort {
            "FEATURED" => (pair[0].featured_rank, &pair[0].id) < (pair[1].featured_rank, &pair[1].id),
            "NEWEST" => (pair[1].created_at, &pair[0].id) <= (pair[0].created_at, &pair[1].id),
            "TITLE" => (&pair[0].title, &pair[0].id) < (&pair[1].title, &pair[1].id),
            "PRICE_ASC" => (pair[0].price_min, &pair[0].id) < (pair[1].price_min, &pair[1].id),
            _ => (pair[1].price_min, &pair[0].id) <= (pair[0].price_min, &pair[1].id),
        });
        assert!(is_ordered, "{sort}: {ids:?}");
    }
    let update =
        "mutation { variantPricesSet(idempotencyKey: \"p\", input: { prices: [{ sku: \"SKU-09-0\", price: 1 }] }) {
        userErrors { code } } }";
    by_staff(&shop, update, json!({})).await;
    let dear = shop.data("{ collection(handle: \"d\") { products(last: 1) { nodes { id } } } }", json!({})).await;
    assert_eq!(dear["collection"]["products"]["nodes"], json!([{ "id": "p09" }]));
}

/// Prices and rules change at once; afterwards, what is inside is what the rules say of the prices.
async fn what_rules_bring_in_is_right_whatever_happens_at_once(shop: Shop) {
    let shop = &shop;
    let price = |product: i32, round: i32| 500 + (product * 7 + round * 13) % 40 * 100;
    let pricing = (0..8).map(|lane| async move {
        for round in 0..6 {
            let products = (lane * 3..lane * 3 + 3).flat_map(|product| (0..6).map(move |position| (product, position)));
            let prices: Vec<Value> = products
                .map(|(product, position)| json!({ "sku": sku(product, position), "price": price(product, round) }))
                .collect();
            let set = "mutation($prices: [VariantPriceInput!]!, $key: String!) {
                variantPricesSet(idempotencyKey: $key, input: { prices: $prices }) { userErrors { code } } }";
            let variables = json!({ "prices": prices, "key": format!("{lane} {round}") });
            assert_eq!(by_staff(shop, set, variables).await["variantPricesSet"]["userErrors"], json!([]));
        }
    });
    let curating = (0..4).map(|number| async move {
        let bound = format!("{}", 1_000 + number * 700);
        let id = by_rules(shop, &format!("c{number}"), "PRICE_ASC", &[("PRICE", "LESS_THAN", &bound)]).await;
        let update = "mutation($id: ID!, $value: String!, $handle: String!) { collectionUpdate(id: $id,
            idempotencyKey: $handle, input: { handle: $handle, title: \"T\", sort: PRICE_DESC, rules: { rules: [
                { field: PRICE, relation: GREATER_THAN, value: $value }] } }) { userErrors { code } } }";
        let variables = json!({ "id": id, "value": bound, "handle": format!("d{number}") });
        assert_eq!(by_staff(shop, update, variables).await["collectionUpdate"]["userErrors"], json!([]));
        let late = by_rules(shop, &format!("e{number}"), "PRICE_ASC", &[("PRICE", "LESS_THAN", &bound)]).await;
        (1_000 + number * 700, id, late)
    });
    let (_, collections) = tokio::join!(join_all(pricing), join_all(curating));
    for (bound, above, below) in collections {
        let (mut over, mut under): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for product in 0..23 {
            match price(product, 5) {
                price if price > bound => over.push(format!("p{product:02}")),
                price if price < bound => under.push(format!("p{product:02}")),
                _ => {}
            }
        }
        assert_eq!(sorted(inside(shop, &above, "").await), over, "above {bound}");
        assert_eq!(sorted(inside(shop, &below, "").await), under, "below {bound}");
    }
}

async fn promotions_hold_for_collections(shop: Shop) {
    let new = by_rules(&shop, "new", "FEATURED", &[("TAG", "EQUALS", "new"), ("STOCK", "GREATER_THAN", "0")]).await;
    let promote =
        "mutation($targets: PromotionTargetsInput!, $key: String!) { promotionCreate(idempotencyKey: $key, input: {
        title: \"T\", kind: FIXED_PRICE, value: 5, currencyCode: \"EUR\", targets: $targets }) {
        promotion { targets { collectionIds } } userErrors { code } } }";
    let targets = json!({ "collectionIds": [new] });
    let made = by_staff(&shop, promote, json!({ "targets": targets, "key": "a" })).await["promotionCreate"].take();
    assert_eq!(made["promotion"]["targets"], targets);
    let targets = json!({ "collectionIds": ["none"] });
    let refused = by_staff(&shop, promote, json!({ "targets": targets, "key": "b" })).await["promotionCreate"].take();
    assert_eq!(refused["userErrors"], json!([{ "code": "INVALID_INPUT" }]));
    let quote = "query($skus: [String!]!) { variants(skus: $skus) { priceFor { unitPrice { amount } } } }";
    let quotes = shop.data(quote, json!({ "skus": [sku(5, 0), sku(6, 0)] })).await["variants"].take();
    assert_eq!(
        (&quotes[0]["priceFor"]["unitPrice"]["amount"], &quotes[1]["priceFor"]["unitPrice"]["amount"]),
        (&json!(5), &json!(1_000))
    );
}

async fn collections_that_cannot_be_are_refused(shop: Shop) {
    let rules = |field: &str, relation: &str, value: &str| json!({ "rules": [{ "field": field, "relation": relation, "value": value }] });
    create(&shop, json!({ "handle": "taken", "title": "T", "sort": "MANUAL" })).await;
    for (index, (difference, code)) in [
        (json!({ "handle": "No Such" }), "INVALID_INPUT"),
        (json!({ "title": "" }), "INVALID_INPUT"),
        (json!({ "description": "x".repeat(10_001) }), "INVALID_INPUT"),
        (json!({ "rules": rules("TITLE", "EQUALS", "x") }), "INVALID_INPUT"),
        (json!({ "sort": "TITLE", "rules": { "rules": [] } }), "TOO_MANY_LINES"),
        (json!({ "sort": "TITLE", "rules": rules("PRICE", "CONTAINS", "1") }), "INVALID_INPUT"),
        (json!({ "sort": "TITLE", "rules": rules("STOCK", "EQUALS", "x") }), "INVALID_INPUT"),
        (json!({ "handle": "taken" }), "NAME_TAKEN"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut input = json!({ "handle": format!("h{index}"), "title": "T", "sort": "MANUAL" });
        input.as_object_mut().unwrap().extend(difference.as_object().unwrap().clone());
        let create = "mutation($key: String!, $input: CollectionInput!) { collectionCreate(idempotencyKey: $key,
            input: $input) { collection { id } userErrors { code } } }";
        let variables = json!({ "key": format!("bad {index}"), "input": input });
        let refused = by_staff(&shop, create, variables).await["collectionCreate"].take();
        assert_eq!(
            (&refused["collection"], &refused["userErrors"][0]["code"]),
            (&Value::Null, &json!(code)),
            "{input}"
        );
    }
    let id = by_rules(&shop, "smart", "TITLE", &[("TAG", "IS_SET", "")]).await;
    let id = id.as_str().unwrap();
    let by_hand =
        curate(&shop, "collectionProductsAdd", &format!("id: \"{id}\", products: [{{productId: \"p01\"}}]"), "a").await;
    assert_eq!(by_hand["userErrors"][0]["code"], "INVALID_INPUT");
    let unknown = curate(&shop, "collectionProductsRemove", "id: \"none\", productIds: [\"p01\"]", "b").await;
    assert_eq!(unknown["userErrors"][0]["code"], "UNKNOWN_COLLECTION");
    let none = curate(&shop, "collectionProductsRemove", &format!("id: \"{id}\", productIds: []"), "c").await;
    assert_eq!(none["userErrors"][0]["code"], "TOO_MANY_LINES");
    // One handle, wanted at once.
    let racing = (0..4).map(|racer| {
        let create = format!(
            "mutation {{ collectionCreate(idempotencyKey: \"r{racer}\", input: {{ handle: \"race\", title: \"T\",
                sort: MANUAL }}) {{ collection {{ id }} userErrors {{ code }} }} }}"
        );
        let shop = &shop;
        async move { by_staff(shop, &create, json!({})).await["collectionCreate"].take() }
    });
    let answers = join_all(racing).await;
    assert_eq!(answers.iter().filter(|answer| answer["userErrors"] == json!([])).count(), 1, "{answers:?}");
    assert_eq!(
        answers.iter().filter(|answer| answer["userErrors"][0]["code"] == "NAME_TAKEN").count(),
        3,
        "{answers:?}"
    );
}

async fn a_collection_is_taken_away(shop: Shop) {
    let id = by_rules(&shop, "new", "FEATURED", &[("TAG", "EQUALS", "new")]).await;
    let list = "{ collections(first: 10) { nodes { handle } } }";
    assert_eq!(shop.data(list, json!({})).await["collections"]["nodes"], json!([{ "handle": "new" }]));
    let delete = "mutation($id: ID!, $key: String!) { collectionDelete(id: $id, idempotencyKey: $key) {
        collection { id } userErrors { code } } }";
    let gone = by_staff(&shop, delete, json!({ "id": id, "key": "a" })).await["collectionDelete"].take();
    assert_eq!(gone, json!({ "collection": null, "userErrors": [] }));
    let gone = by_staff(&shop, delete, json!({ "id": id, "key": "b" })).await["collectionDelete"].take();
    assert_eq!(gone["userErrors"], json!([{ "code": "UNKNOWN_COLLECTION" }]));
    assert_eq!(shop.data("{ collection(handle: \"new\") { id } }", json!({})).await, json!({ "collection": null }));
    let of_product = shop.data("{ product(id: \"p01\") { id collections { id } } }", json!({})).await;
    assert_eq!(of_product["product"]["collections"], json!([]));
    assert_eq!(shop.data(list, json!({})).await["collections"]["nodes"], json!([]));
    let (code, _) = shop.error(delete, json!({ "id": "x", "key": "c" })).await;
    assert_eq!(code, "UNAUTHENTICATED");
}

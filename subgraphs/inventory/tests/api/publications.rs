//! Where and when products and collections are published: lists, carts and checkouts of a channel keep to it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::{connect, entity::outbox};
use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(
    a_channel_shows_what_is_published_in_it,
    what_is_published_begins_and_ends_by_the_clock_and_is_told,
    what_a_channel_does_not_show_it_does_not_sell,
    collections_are_published_too,
    publications_that_cannot_be_are_refused,
);

async fn set(shop: &Shop, field: &str, ids: &[&str], publications: Value, key: &str) -> Value {
    let query = format!(
        "mutation($ids: [ID!]!, $publications: [PublicationInput!]!, $key: String!) {{
            {field}(input: {{ ids: $ids, publications: $publications }}, idempotencyKey: $key) {{
                userErrors {{ code field }} }} }}"
    );
    let variables = json!({ "ids": ids, "publications": publications, "key": key });
    shop.data_for(staff(&["catalog:write"]), &query, variables).await[field]["userErrors"].take()
}

async fn publish(shop: &Shop, id: &str, publications: Value, key: &str) {
    assert_eq!(set(shop, "productPublicationsSet", &[id], publications, key).await, json!([]));
}

/// Whether the channel shows the product: alone, in the list, in the facets.
async fn shows(shop: &Shop, channel: Option<&str>) -> bool {
    let query = "query($channel: String) { product(id: \"p02\", channel: $channel) { id }
        products(first: 250, channel: $channel) { nodes { id } totalCount }
        productFacets(channel: $channel) { values { count } } }";
    let data = shop.data(query, json!({ "channel": channel })).await;
    let is_listed = data["products"]["nodes"].as_array().unwrap().iter().any(|node| node["id"] == "p02");
    assert_eq!(data["products"]["totalCount"], if is_listed { 23 } else { 22 });
    let counted: i64 = data["productFacets"][0]["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["count"].as_i64().unwrap())
        .sum();
    assert_eq!(counted, if is_listed { 23 } else { 22 });
    assert_eq!(!data["product"].is_null(), is_listed, "{channel:?}");
    is_listed
}

async fn events(shop: &Shop, subject: &str) -> Vec<Value> {
    let rows = outbox::Entity::find().order_by_asc(outbox::Column::Id).all(shop.store.reader()).await.unwrap();
    rows.into_iter().filter(|row| row.subject == subject).map(|row| row.event).collect()
}

async fn a_channel_shows_what_is_published_in_it(shop: Shop) {
    for (key, publications, [online, other, any]) in [
        ("a", json!([{ "channel": "online", "published": false }]), [false, true, true]),
        ("b", json!([{ "published": false }]), [false, false, false]),
        ("c", json!([{ "published": false }, { "channel": "online" }]), [true, false, true]),
        ("d", json!([{ "published": false }, { "channel": "online", "startsAt": "2099-01-01T00:00:00Z" }]), [false; 3]),
        ("e", json!([{ "published": false }, { "channel": "online", "endsAt": "2001-01-01T00:00:00Z" }]), [false; 3]),
        ("f", json!([{ "startsAt": "2001-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z" }]), [true; 3]),
        ("g", json!([]), [true; 3]),
    ] {
        publish(&shop, "p02", publications.clone(), key).await;
        assert_eq!(shows(&shop, Some("online")).await, online, "{publications}");
        assert_eq!(shows(&shop, Some("shop-2")).await, other, "{publications}");
        assert_eq!(shows(&shop, None).await, any, "{publications}");
        let published =
            shop.data("{ variant(sku: \"SKU-02-0\") { product { publishedIn(channel: \"online\") } } }", json!({}));
        assert_eq!(published.await["variant"]["product"]["publishedIn"], online);
        let told = events(&shop, "p02").await.pop().unwrap();
        assert_eq!(told["data"]["deleted"], !any);
    }
    assert_eq!(events(&shop, "p02").await.len(), 7);
    let read = "{ product(id: \"p02\") { publications { channel published startsAt endsAt } } }";
    publish(&shop, "p02", json!([{ "channel": "online", "startsAt": "2001-01-01T00:00:00Z" }]), "h").await;
    let publications = shop.data_for(staff(&["merchandiser"]), read, json!({})).await["product"]["publications"].take();
    assert_eq!(
        publications,
        json!([{ "channel": "online", "published": true, "startsAt": "2001-01-01T00:00:00+00:00", "endsAt": null }])
    );
    assert_eq!(shop.error(read, json!({})).await.0, "UNAUTHENTICATED");
}

async fn what_is_published_begins_and_ends_by_the_clock_and_is_told(shop: Shop) {
    let now = Utc::now();
    let (start, end) = (now + TimeDelta::milliseconds(1_500), now + TimeDelta::milliseconds(3_000));
    publish(
        &shop,
        "p02",
        json!([{ "published": false }, { "channel": "online", "startsAt": start, "endsAt": end }]),
        "a",
    )
    .await;
    let commands = connect(&shop.config(), shop.store.clone()).commands;
    assert_eq!(commands.tell_publications_due().await.unwrap(), 0);
    assert!(!shows(&shop, Some("online")).await, "not before it starts");
    let until =
        |time: DateTime<Utc>| (time - Utc::now() + TimeDelta::milliseconds(50)).to_std().unwrap_or(Duration::ZERO);
    for (time, is_shown, told) in [(start, true, 2), (end, false, 3)] {
        tokio::time::sleep(until(time)).await;
        assert_eq!(shows(&shop, Some("online")).await, is_shown);
        let (one, other) = tokio::join!(commands.tell_publications_due(), commands.tell_publications_due());
        assert!(one.unwrap() + other.unwrap() >= 1);
        let events = events(&shop, "p02").await;
        assert_eq!(events.len(), told, "told once, however many look");
        assert_eq!(events.last().unwrap()["data"]["deleted"], !is_shown);
        assert_eq!(commands.tell_publications_due().await.unwrap(), 0);
    }
}

async fn what_a_channel_does_not_show_it_does_not_sell(shop: Shop) {
    let create = "mutation($channel: String!, $sku: String!, $key: String!) { cartCreate(input: { channel: $channel,
        lines: [{ sku: $sku, quantity: 1 }] }, idempotencyKey: $key) { cart { id } userErrors { code field } } }";
    let cart = async |channel: &str, key: &str| {
        let variables = json!({ "channel": channel, "sku": sku(2, 1), "key": key });
        shop.data(create, variables).await["cartCreate"].take()
    };
    let before = cart("online", "before").await["cart"]["id"].take();
    publish(&shop, "p02", json!([{ "channel": "online", "published": false }]), "a").await;
    let refused = cart("online", "after").await;
    assert_eq!(refused["userErrors"], json!([{ "code": "NOT_PUBLISHED", "field": ["lines", "0", "sku"] }]));
    let checkout = "mutation($cart: ID!, $total: Int!, $key: String!) { checkoutComplete(idempotencyKey: $key,
        input: { cartId: $cart, paymentMethod: \"tok_succeed\", expectedTotal: $total }) {
        order { status } userErrors { code field } } }";
    let buy = async |cart: &Value, key: &str| {
        shop.data(checkout, json!({ "cart": cart, "total": 2_000, "key": key })).await["checkoutComplete"].take()
    };
    let refused = buy(&before, "first").await;
    assert_eq!(refused["userErrors"], json!([{ "code": "NOT_PUBLISHED", "field": ["input", "cartId"] }]));
    let elsewhere = cart("shop-2", "elsewhere").await["cart"]["id"].take();
    assert_eq!(buy(&elsewhere, "second").await["order"]["status"], "PLACED");
    // What is not shown can be taken out, and bought when it is shown again.
    let remove = "mutation($cart: ID!, $skus: [String!]!) { cartLinesRemove(cartId: $cart, skus: $skus,
        idempotencyKey: \"r\") { cart { totalQuantity } userErrors { code } } }";
    let hidden = cart("online", "other").await;
    assert_eq!(hidden["cart"], Value::Null);
    publish(&shop, "p02", json!([]), "b").await;
    assert_eq!(buy(&before, "third").await["order"]["status"], "PLACED");
    let left = cart("online", "left").await["cart"]["id"].take();
    publish(&shop, "p02", json!([{ "published": false }]), "c").await;
    let removed = shop.data(remove, json!({ "cart": left, "skus": [sku(2, 1)] })).await["cartLinesRemove"].take();
    assert_eq!(removed, json!({ "cart": { "totalQuantity": 0 }, "userErrors": [] }));
}

async fn collections_are_published_too(shop: Shop) {
    let create =
        "mutation { collectionCreate(idempotencyKey: \"c\", input: { handle: \"new\", title: \"New\", sort: TITLE,
        rules: { rules: [{ field: TAG, relation: EQUALS, value: \"new\" }] } }) { collection { id } } }";
    let id = shop.data_for(staff(&["catalog:write"]), create, json!({})).await["collectionCreate"]["collection"]["id"]
        .take();
    let id = id.as_str().unwrap();
    let only_shop = json!([{ "published": false }, { "channel": "shop-2" }]);
    assert_eq!(set(&shop, "collectionPublicationsSet", &[id], only_shop, "a").await, json!([]));
    let read = "query($channel: String) { collection(handle: \"new\", channel: $channel) { revision }
        collections(first: 5, channel: $channel) { nodes { handle } }
        product(id: \"p02\") { collections(channel: $channel) { handle } } }";
    for (channel, is_shown) in [(Some("online"), false), (Some("shop-2"), true), (None, true)] {
        let data = shop.data(read, json!({ "channel": channel })).await;
        let handles = if is_shown { json!([{ "handle": "new" }]) } else { json!([]) };
        assert_eq!(data["collection"], if is_shown { json!({ "revision": 2 }) } else { Value::Null });
        assert_eq!((&data["collections"]["nodes"], &data["product"]["collections"]), (&handles, &handles));
    }
    let told = events(&shop, id).await;
    assert_eq!(told.len(), 2);
    let parsed = serde_json::from_value(told[1].clone()).unwrap();
    assert_eq!(selvedge_kit::event::schemas::violations(&parsed), [""; 0]);
    // A product that the channel does not show is not in its collections.
    publish(&shop, "p02", json!([{ "channel": "shop-2", "published": false }]), "b").await;
    let inside = "query($channel: String) { collection(handle: \"new\") { products(first: 50, channel: $channel) { nodes { id } } } }";
    for (channel, count) in [("shop-2", 5), ("online", 6)] {
        let data = shop.data(inside, json!({ "channel": channel })).await;
        assert_eq!(data["collection"]["products"]["nodes"].as_array().unwrap().len(), count, "{channel}");
    }
}

async fn publications_that_cannot_be_are_refused(shop: Shop) {
    let at = "2026-01-01T00:00:00Z";
    for (index, (ids, publications, code, field)) in [
        (vec![], json!([]), "TOO_MANY_LINES", "input.ids"),
        (vec!["p01", "none"], json!([]), "UNKNOWN_PRODUCT", "input.ids.1"),
        (vec!["p01"], json!([{ "channel": "a" }, { "channel": "a" }]), "INVALID_INPUT", "input.publications.1"),
        (vec!["p01"], json!([{ "published": false, "startsAt": at }]), "INVALID_INPUT", "input.publications.0"),
        (vec!["p01"], json!([{ "startsAt": at, "endsAt": at }]), "INVALID_INPUT", "input.publications.0.endsAt"),
    ]
    .into_iter()
    .enumerate()
    {
        let errors = set(&shop, "productPublicationsSet", &ids, publications, &format!("{index}")).await;
        let path: Vec<&str> = field.split('.').collect();
        assert_eq!(errors, json!([{ "code": code, "field": path }]));
    }
    let errors = set(&shop, "collectionPublicationsSet", &["none"], json!([]), "c").await;
    assert_eq!(errors[0]["code"], "UNKNOWN_COLLECTION");
    assert_eq!(events(&shop, "p01").await, Vec::<Value>::new());
    let (code, message) = shop
        .error_for(
            staff(&["catalog:write"]),
            "mutation { productPublicationsSet(idempotencyKey: \"k\", input: { ids: [\"p01\"],
                publications: [{ channel: \"On Line\" }] }) { userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("`channel`"), "{message}");
}

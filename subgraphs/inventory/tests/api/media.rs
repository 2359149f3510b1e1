//! Pictures of products.

use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::entity::outbox;
use serde_json::{Value, json};

use crate::shop::{Shop, staff};

on_each_engine!(pictures_are_set_in_order, pictures_that_cannot_be_are_refused);

const SET: &str = "mutation($id: ID!, $media: [ProductMediaInput!]!, $key: String!) {
    productMediaSet(idempotencyKey: $key, input: { productId: $id, media: $media }) {
        product { revision media { id url altText position width height } images { url } }
        userErrors { code field } } }";

async fn set(shop: &Shop, id: &str, media: Value, key: &str) -> Value {
    let variables = json!({ "id": id, "media": media, "key": key });
    shop.data_for(staff(&["catalog:write"]), SET, variables).await["productMediaSet"].take()
}

async fn pictures_are_set_in_order(shop: Shop) {
    let before =
        shop.data("{ product(id: \"p01\") { media { id url } } }", json!({})).await["product"]["media"][0].take();
    let media = json!([
        { "url": "https://cdn.example/front.jpg", "altText": "From the front", "width": 800, "height": 1200 },
        { "url": before["url"] },
    ]);
    let done = set(&shop, "p01", media.clone(), "a").await;
    assert_eq!(done["userErrors"], json!([]));
    let pictures = &done["product"]["media"];
    let first = &pictures[0];
    assert_eq!(
        (&first["altText"], &first["position"], &first["width"], &first["height"]),
        (&json!("From the front"), &json!(1), &json!(800), &json!(1200))
    );
    assert_eq!((&pictures[1]["id"], &pictures[1]["position"]), (&before["id"], &json!(2)), "what stays keeps its id");
    assert_eq!(
        done["product"]["images"],
        json!([{ "url": "https://cdn.example/front.jpg" }, { "url": before["url"] }])
    );
    assert_eq!(done["product"]["revision"], 2);
    assert_eq!(set(&shop, "p01", media.clone(), "b").await["product"]["revision"], 2, "the same is no change");
    let events = outbox::Entity::find().order_by_asc(outbox::Column::Id).all(shop.store.reader()).await.unwrap();
    let told: Vec<&Value> = events.iter().map(|row| &row.event["data"]["productId"]).collect();
    assert_eq!(told, [&json!("p01")]);
    let none = set(&shop, "p01", json!([]), "c").await;
    assert_eq!((&none["product"]["media"], &none["product"]["revision"]), (&json!([]), &json!(3)));
    assert_eq!(shop.error(SET, json!({ "id": "p01", "media": [], "key": "d" })).await.0, "UNAUTHENTICATED");
}

async fn pictures_that_cannot_be_are_refused(shop: Shop) {
    let url = "https://cdn.example/a.jpg";
    for (index, (id, media, code, field)) in [
        ("none", json!([]), "UNKNOWN_PRODUCT", "input.productId"),
        ("p01", json!([{ "url": "http://cdn.example/a.jpg" }]), "INVALID_INPUT", "input.media.0.url"),
        ("p01", json!([{ "url": url }, { "url": url }]), "INVALID_INPUT", "input.media.1.url"),
        ("p01", json!([{ "url": url, "altText": "x".repeat(513) }]), "INVALID_INPUT", "input.media.0.altText"),
        ("p01", json!([{ "url": url, "width": 0, "height": 1 }]), "INVALID_INPUT", "input.media.0.width"),
        ("p01", json!(vec![json!({ "url": url }); 251]), "TOO_MANY_LINES", "input.media"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = set(&shop, id, media, &format!("{index}")).await;
        let path: Vec<&str> = field.split('.').collect();
        assert_eq!(refused["userErrors"], json!([{ "code": code, "field": path }]));
        assert_eq!(refused["product"], Value::Null);
    }
    let half = json!({ "id": "p01", "media": [{ "url": url, "width": 1 }], "key": "half" });
    assert_eq!(shop.error_for(staff(&["catalog:write"]), SET, half).await.0, "BAD_USER_INPUT");
}

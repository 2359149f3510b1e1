//! What a gateway may expect of `_entities` in a subgraph on async-graphql 8.0.0-rc.5, as it is.

use async_graphql::{EmptyMutation, EmptySubscription, Error, ID, Object, Request, Schema, Variables};
use selvedge_kit::server::NullPropagation;
use serde_json::{Value, json};

struct Query;

struct Product {
    id: ID,
}

#[Object]
impl Product {
    async fn id(&self) -> &ID {
        &self.id
    }
    async fn stock(&self) -> Result<Option<i32>, Error> {
        if self.id == "2" { Err(Error::new("no level")) } else { Ok(Some(7)) }
    }
}

struct Badge {
    sku: String,
}

#[Object]
impl Badge {
    async fn sku(&self) -> &str {
        &self.sku
    }
}

#[Object]
impl Query {
    #[graphql(entity)]
    async fn product(&self, id: ID) -> Option<Product> {
        (id != "gone").then_some(Product { id })
    }
    #[graphql(entity)]
    async fn badge(&self, sku: String) -> Option<Result<Badge, Error>> {
        if sku == "bad" { Some(Err(Error::new("store is away"))) } else { Some(Ok(Badge { sku })) }
    }
}

async fn entities(representations: Value) -> Value {
    let schema =
        Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().extension(NullPropagation).finish();
    let query =
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Product { id stock } ... on Badge { sku } } }";
    let variables = Variables::from_json(json!({"r": representations}));
    let mut response = serde_json::to_value(schema.execute(Request::new(query).variables(variables)).await).unwrap();
    for error in response.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        error.as_object_mut().unwrap().remove("locations");
    }
    response
}

#[tokio::test]
async fn they_come_in_the_order_of_their_representations_and_the_unknown_is_null() {
    let representations = json!([
        {"__typename": "Badge", "sku": "s"}, {"__typename": "Product", "id": "gone"}, {"__typename": "Product", "id": "1"}
    ]);
    let expected = json!({"data": {"_entities": [{"sku": "s"}, null, {"id": "1", "stock": 7}]}});
    assert_eq!(entities(representations).await, expected);
}

#[tokio::test]
async fn an_error_of_one_leaves_the_others() {
    let badges = entities(json!([{"__typename": "Badge", "sku": "bad"}, {"__typename": "Badge", "sku": "s"}])).await;
    assert_eq!(badges["data"], json!({"_entities": [null, {"sku": "s"}]}));
    assert_eq!(badges["errors"][0]["message"], "store is away");
}

/// The path lacks the place in the list: whoever reads it cannot tell which entity it was.
#[tokio::test]
async fn the_path_of_an_error_within_an_entity_has_no_index() {
    let products = entities(json!([{"__typename": "Product", "id": "1"}, {"__typename": "Product", "id": "2"}])).await;
    assert_eq!(products["data"], json!({"_entities": [{"id": "1", "stock": 7}, {"id": "2", "stock": null}]}));
    assert_eq!(products["errors"], json!([{"message": "no level", "path": ["_entities", "stock"]}]));
}

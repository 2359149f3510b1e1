//! `@requires`: what a field needs of other subgraphs.

use serde_json::{Value, json};

use crate::directives::world;

#[tokio::test]
async fn what_is_required_lies_across_another_key() {
    // `weight` is known by `sku` alone, and the subgraph of `freight` knows neither.
    let world = world(
        &[
            (
                "shop",
                r#"type Query { toys: [Toy!]! } type Toy @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }"#,
            ),
            ("scales", r#"type Toy @key(fields: "sku") { sku: ID! weight: Int }"#),
            (
                "freight",
                r#"type Toy @key(fields: "id") { id: ID! weight: Int @external cost: String @requires(fields: "weight") }"#,
            ),
        ],
        json!({ "Query": { "toys": [{ "$": "t1" }, { "$": "t2" }] },
            "t1": { "__typename": "Toy", "id": "1", "sku": "a", "weight": 3 },
            "t2": { "__typename": "Toy", "id": "2", "sku": "b", "weight": null } }),
    );
    let answer = world.check("{ toys { cost } }").await;
    assert_eq!(answer.requests.len(), 3, "{}", answer.plan);
}

#[tokio::test]
async fn two_fields_require_one_with_different_arguments() {
    let world = world(
        &[
            (
                "shop",
                r#"type Query { toys: [Toy!]! } type Toy @key(fields: "id") { id: ID! price(currency: String!): Int }"#,
            ),
            (
                "customs",
                r#"type Toy @key(fields: "id") {
                  id: ID! price(currency: String!): Int @external
                  dollars: String @requires(fields: "price(currency: \"USD\")")
                  euros: String @requires(fields: "price(currency: \"EUR\")")
                }"#,
            ),
        ],
        json!({ "Query": { "toys": [{ "$": "t1" }] },
            "t1": { "__typename": "Toy", "id": "1", "price": { "$pick": [5, 6, 7, 8] } } }),
    );
    world.check("{ toys { dollars euros } }").await;
    world.check("{ toys { price: id dollars euros mine: price(currency: \"GBP\") } }").await;
}

#[tokio::test]
async fn what_an_entity_below_its_own_type_requires() {
    let world = world(
        &[
            ("shop", r#"type Query { toys: [Toy!]! } type Toy @key(fields: "id") { id: ID! price: Int }"#),
            (
                "stock",
                r#"type Toy @key(fields: "id") {
                  id: ID! price: Int @external shelf: Shelf shipping: String @requires(fields: "price")
                }
                type Shelf { toys: [Toy!]! }"#,
            ),
        ],
        json!({ "Query": { "toys": [{ "$": "t1" }] },
            "t1": { "__typename": "Toy", "id": "1", "price": 5, "shelf": { "toys": [{ "$": "t1" }, { "$": "t2" }] } },
            "t2": { "__typename": "Toy", "id": "2", "price": 6, "shelf": null } }),
    );
    world.check("{ toys { shelf { toys { shipping } } } }").await;
    world.check("{ toys { shipping shelf { toys { shipping price shelf { toys { shipping } } } } } }").await;
}

#[tokio::test]
async fn required_of_what_is_required() {
    let world = world(
        &[
            ("a", r#"type Query { toys: [Toy!]! } type Toy @key(fields: "id") { id: ID! one: Int }"#),
            ("b", r#"type Toy @key(fields: "id") { id: ID! one: Int @external two: String @requires(fields: "one") }"#),
            (
                "c",
                r#"type Toy @key(fields: "id") { id: ID! two: String @external three: String @requires(fields: "two") }"#,
            ),
            (
                "d",
                r#"type Toy @key(fields: "id") { id: ID! plain: Int three: String @external four: String @requires(fields: "three") }"#,
            ),
        ],
        json!({ "Query": { "toys": [{ "$": "t1" }] }, "t1": { "__typename": "Toy", "id": "1", "one": 1, "plain": 4 } }),
    );
    let whole = "{ toys { four plain } }";
    let answer = world.ask(whole, &Value::Null).await.unwrap();
    assert!(answer.response["errors"].is_null(), "{}", answer.response);
    assert_eq!(answer.requests.len(), 4, "{}", answer.plan);
}

#[tokio::test]
async fn what_is_required_lies_deep() {
    let world = world(
        &[
            (
                "shop",
                r#"type Query { toys: [Toy!]! } type Toy @key(fields: "id") { id: ID! a: A } type A { b: B } type B { c: C }
                type C { d: D } type D { e: E } type E { f: F } type F { x: Int }"#,
            ),
            (
                "customs",
                r#"type Toy @key(fields: "id") { id: ID! a: A @external duty: String @requires(fields: "a { b { c { d { e { f { x } } } } } }") }
                type A { b: B @external } type B { c: C @external } type C { d: D @external } type D { e: E @external }
                type E { f: F @external } type F { x: Int @external }"#,
            ),
        ],
        json!({ "Query": { "toys": [{ "$": "t" }] },
            "t": { "__typename": "Toy", "id": "1", "a": { "b": { "c": { "d": { "e": { "f": { "x": 1 } } } } } } } }),
    );
    world.check("{ toys { duty } }").await;
}

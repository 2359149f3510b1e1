//! A supergraph in the first version of the join specification: entities have an owner, and nothing is said of the rest.

use serde_json::json;

use crate::world::World;

const SUPERGRAPH: &str = r#"
schema @core(feature: "https://specs.apollo.dev/core/v0.2") @core(feature: "https://specs.apollo.dev/join/v0.1", for: EXECUTION) { query: Query }
directive @core(as: String, feature: String!, for: core__Purpose) repeatable on SCHEMA
directive @join__field(graph: join__Graph, provides: join__FieldSet, requires: join__FieldSet) on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__owner(graph: join__Graph!) on INTERFACE | OBJECT
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on INTERFACE | OBJECT
enum core__Purpose { EXECUTION SECURITY }
scalar join__FieldSet
enum join__Graph {
  PRODUCTS @join__graph(name: "products", url: "http://products.test")
  REVIEWS @join__graph(name: "reviews", url: "http://reviews.test")
  STOCK @join__graph(name: "stock", url: "http://stock.test")
}
interface Named { name: String }
type Product implements Named @join__owner(graph: PRODUCTS) @join__type(graph: PRODUCTS, key: "upc") @join__type(graph: REVIEWS, key: "upc") @join__type(graph: STOCK, key: "upc") {
  upc: ID! @join__field(graph: PRODUCTS)
  name: String @join__field(graph: PRODUCTS)
  weight: Int @join__field(graph: PRODUCTS)
  size: Size @join__field(graph: PRODUCTS)
  reviews: [Review!]! @join__field(graph: REVIEWS)
  shipping: String @join__field(graph: STOCK, requires: "weight")
}
type Size { width: Int }
type Review { body: String product: Product! author: User @join__field(graph: REVIEWS, provides: "name") }
type User @join__owner(graph: REVIEWS) @join__type(graph: REVIEWS, key: "id") { id: ID! name: String }
type Query {
  top: [Product!]! @join__field(graph: PRODUCTS)
  named: [Named] @join__field(graph: PRODUCTS)
  latest: Review @join__field(graph: REVIEWS)
}
"#;

fn shop() -> World {
    let products = r#"
      type Query { top: [Product!]! named: [Named] } interface Named { name: String }
      type Product implements Named @key(fields: "upc") { upc: ID! name: String weight: Int size: Size } type Size { width: Int }"#;
    let reviews = r#"
      type Query { latest: Review } type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }
      type Review { body: String product: Product! author: User } type User @key(fields: "id") { id: ID! name: String }"#;
    let stock = r#"
      type Product @key(fields: "upc") { upc: ID! weight: Int @external shipping: String @requires(fields: "weight") }"#;
    let product = |number: u32| {
        json!({ "__typename": "Product", "upc": number.to_string(), "name": format!("product {number}"), "weight": number,
        "size": { "__typename": "Size", "width": number }, "reviews": [{ "$": "r1" }] })
    };
    World::of_supergraph(
        SUPERGRAPH,
        &[("products", products), ("reviews", reviews), ("stock", stock)],
        json!({
            "Query": { "top": [{ "$": "p1" }, { "$": "p2" }], "named": [{ "$": "p2" }, null], "latest": { "$": "r1" } },
            "p1": product(1), "p2": product(2), "u1": { "__typename": "User", "id": "u", "name": "n" },
            "r1": { "__typename": "Review", "body": "good", "product": { "$": "p2" }, "author": { "$": "u1" } },
        }),
    )
}

#[tokio::test]
async fn operations_over_it_are_answered_as_by_one_schema() {
    let shop = shop();
    let answer = shop.check("{ top { name reviews { body author { name } product { name shipping } } } }").await;
    assert_eq!(answer.requests.len(), 4, "{}", answer.plan);
    shop.check("{ latest { product { upc weight shipping size { width } } } named { __typename name } }").await;
    let answer = shop.check("{ latest { product { upc } } }").await;
    assert_eq!(answer.requests.len(), 1, "{}", answer.plan);
}

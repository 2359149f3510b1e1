//! A market of five subgraphs, with a little of everything that federation has.

use serde_json::json;

use crate::world::World;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@inaccessible", "@override"])"#;

const CATALOG: &str = r#"
  type Query {
    products: [Product!]! product(id: ID!): Product media: [Media] found(text: String): [Found!] me: User
  }
  interface Media @key(fields: "id") { id: ID! title(lang: String): String }
  type Book implements Media & Thing @key(fields: "id") { id: ID! title(lang: String): String size: Int author: User name: String }
  type Film implements Media @key(fields: "id") { id: ID! title(lang: String): String size: String director: User }
  interface Thing { name: String }
  union Found = Product | Book | User
  type Product implements Thing @key(fields: "id") @key(fields: "sku") {
    id: ID! sku: String! name: String price(currency: String): Int weight: Int box: Box kind: Kind
    related: [Product!] shelf: [[Product]] cover: Media
  }
  type Box { height: Int @shareable width: Int @shareable depth: Int }
  enum Kind { SMALL LARGE }
  type User @key(fields: "id") { id: ID! }
"#;

const SHIPPING: &str = r#"
  type Query { parcels(to: Address!): [Parcel!] }
  interface Thing { name: String }
  type Product implements Thing @key(fields: "id") {
    id: ID! name: String @external
    price(currency: String): Int @external weight: Int @external box: Box @external
    shipping(express: Boolean): String @requires(fields: "price(currency: \"USD\") weight")
    duty: String! @requires(fields: "price(currency: \"USD\")")
    volume: Int @requires(fields: "box { height width }")
  }
  type Box { height: Int @shareable width: Int @shareable }
  type Parcel implements Thing @key(fields: "number { code }") { number: Code! name: String products: [Product!]! sender: User! @provides(fields: "email") }
  type Code { code: ID! @shareable }
  type User @key(fields: "id") { id: ID! email: String! @external }
  input Address { street: String! zip: Int }
"#;

const RATINGS: &str = r#"
  type Query { best: [Media!]! }
  type Mutation { rate(id: ID!, stars: Int): Media }
  type Media @key(fields: "id") @interfaceObject { id: ID! rating: Int reviewers: [User!]! text(lang: String): String! }
  type User @key(fields: "email") { email: String! trusted: Boolean }
  type Parcel @key(fields: "number { code }") { number: Code! late: Boolean }
  type Code { code: ID! @shareable }
"#;

const USERS: &str = r#"
  type Query { users: [User!]! }
  type Mutation { rename(id: ID!, name: String): User! }
  interface Thing { name: String }
  type User implements Thing @key(fields: "id") @key(fields: "email") {
    id: ID! email: String! name: String friends(first: Int): [User] favourite: Favourite
  }
  union Favourite = Product | Film | User
  type Product @key(fields: "id") { id: ID! }
  type Film @key(fields: "id") { id: ID! fans: [User!] }
"#;

const STOCK: &str = r#"
  type Product @key(fields: "id") { id: ID! stock: Stock name: String @override(from: "catalog") }
  type Stock { count: Int! at: Place! }
  type Place @key(fields: "city street { name }") { city: String! street: Street! products: [Product!] }
  type Street { name: String! }
"#;

/// Name and schema of each subgraph.
pub fn subgraphs() -> Vec<(&'static str, String)> {
    [("catalog", CATALOG), ("shipping", SHIPPING), ("ratings", RATINGS), ("users", USERS), ("stock", STOCK)]
        .map(|(name, sdl)| (name, format!("{LINK}{sdl}")))
        .to_vec()
}

/// The market with its data.
pub fn market() -> World {
    let subgraphs = subgraphs();
    let subgraphs: Vec<(&str, &str)> = subgraphs.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
    World::new(&subgraphs, universe())
}

fn universe() -> serde_json::Value {
    let product = |n: u32| {
        json!({ "__typename": "Product", "id": n.to_string(), "sku": format!("sku{n}"), "name": format!("product {n}"),
        "price": n * 100, "weight": if n == 2 { json!(null) } else { json!(n) },
        "box": if n == 3 { json!(null) } else { json!({ "height": n, "width": n + 1, "depth": n + 2 }) },
        "kind": if n == 1 { "SMALL" } else { "LARGE" }, "related": [{ "$": "p1" }, { "$": "p3" }],
        "shelf": [[{ "$": "p2" }, null], [], [{ "$": "p1" }]], "cover": { "$": if n == 1 { "b1" } else { "f1" } },
        "stock": if n == 1 { json!(null) } else { json!({ "count": n, "at": { "$": "place" } }) } })
    };
    let user = |n: u32| {
        let favourite = match n {
            1 => "f1",
            2 => "u3",
            _ => "p1",
        };
        json!({ "__typename": "User", "id": format!("u{n}"), "email": format!("u{n}@x"), "name": format!("user {n}"),
        "friends": { "$pick": [[{ "$": "u1" }, null, { "$": "u2" }], [{ "$": "u3" }], []] }, "trusted": n == 1,
        "favourite": { "$": favourite } })
    };
    let medium = |ty: &str, n: u32| {
        json!({ "__typename": ty, "id": format!("{ty}{n}"), "title": format!("title {n}"),
        "size": if ty == "Book" { json!(n) } else { json!(format!("{n} min")) }, "author": { "$": "u1" },
        "director": { "$": "u2" }, "name": format!("book {n}"), "rating": n, "text": "good", "fans": [{ "$": "u2" }],
        "reviewers": [{ "$": "u1" }, { "$": "u3" }] })
    };
    let parcel = |n: u32| {
        json!({ "__typename": "Parcel", "number": { "code": n.to_string() }, "name": "parcel", "late": n == 1,
        "products": [{ "$": "p1" }, { "$": "p2" }], "sender": { "$": "u2" } })
    };
    json!({
        "Query": {
            "products": [{ "$": "p1" }, { "$": "p2" }, { "$": "p3" }, { "$": "p1" }],
            "product": { "$pick": [{ "$": "p1" }, { "$": "p2" }, { "$": "p3" }, null] },
            "media": [{ "$": "b1" }, null, { "$": "f1" }, { "$": "b2" }], "me": { "$": "u1" },
            "found": { "$pick": [[{ "$": "p1" }, { "$": "b1" }, { "$": "u2" }], [{ "$": "u1" }, { "$": "p2" }]] },
            "thing": { "$": "p2" }, "best": [{ "$": "f1" }, { "$": "b2" }], "users": [{ "$": "u1" }, { "$": "u2" }],
            "parcels": [{ "$": "l1" }, { "$": "l2" }],
        },
        "Mutation": { "rate": { "$pick": [{ "$": "b1" }, { "$": "f1" }] }, "rename": { "$": "u2" } },
        "p1": product(1), "p2": product(2), "p3": product(3), "u1": user(1), "u2": user(2), "u3": user(3),
        "b1": medium("Book", 1), "b2": medium("Book", 2), "f1": medium("Film", 3), "l1": parcel(1), "l2": parcel(2),
        "place": { "__typename": "Place", "city": "Rome", "street": { "name": "Corso" }, "products": [{ "$": "p1" }, { "$": "p3" }] },
    })
}

//! One small graph for each thing that federation can say, answered as by one schema with the same data.

use serde_json::{Value, json};

use crate::world::World;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@inaccessible", "@override", "@tag", "@extends"])"#;

pub(crate) fn world(subgraphs: &[(&str, &str)], universe: Value) -> World {
    let linked: Vec<(&str, String)> = subgraphs.iter().map(|(name, sdl)| (*name, format!("{LINK}{sdl}"))).collect();
    let subgraphs: Vec<(&str, &str)> = linked.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
    World::new(&subgraphs, universe)
}

#[tokio::test]
async fn a_shared_root_field_of_an_interface_with_an_overridden_field() {
    let world = world(
        &[
            (
                "old",
                r#"type Query { top: [Medium!]! @shareable } interface Medium { id: ID! title: String }
                type Book implements Medium @key(fields: "id") { id: ID! @shareable title: String }
                type Film implements Medium @key(fields: "id") { id: ID! @shareable title: String }"#,
            ),
            (
                "new",
                r#"type Query { top: [Medium!]! @shareable } interface Medium { id: ID! title: String }
                type Book implements Medium @key(fields: "id") { id: ID! @shareable title: String @override(from: "old") }
                type Film implements Medium @key(fields: "id") { id: ID! @shareable title: String @override(from: "old") }"#,
            ),
        ],
        json!({ "Query": { "top": [{ "$": "b" }, { "$": "f" }] },
            "b": { "__typename": "Book", "id": "1", "title": "b" }, "f": { "__typename": "Film", "id": "2", "title": "f" } }),
    );
    let answer = world.check("{ top { id title __typename } }").await;
    assert_eq!((answer.requests_to("new"), answer.requests_to("old")), (1, 0), "{}", answer.plan);
}

#[tokio::test]
async fn what_a_path_provides() {
    let world = world(
        &[
            (
                "reviews",
                r#"type Query { reviews: [Review!]! @provides(fields: "toy { maker { name } ... on Toy { label } }") latest: Review }
                type Review { toy: Toy! } type Toy @key(fields: "id") { id: ID! label: String @external maker: Maker @external }
                type Maker @key(fields: "id") { id: ID! name: String @external }"#,
            ),
            (
                "shop",
                r#"type Toy @key(fields: "id") { id: ID! label: String maker: Maker }
                type Maker @key(fields: "id") { id: ID! name: String town: String }"#,
            ),
        ],
        json!({ "Query": { "reviews": [{ "toy": { "$": "t" } }], "latest": { "toy": { "$": "t" } } },
            "t": { "__typename": "Toy", "id": "1", "label": "l", "maker": { "$": "m" } },
            "m": { "__typename": "Maker", "id": "2", "name": "n", "town": "t" } }),
    );
    let answer = world.check("{ reviews { toy { label maker { name } } } }").await;
    assert_eq!(answer.requests.len(), 1, "{}", answer.plan);
    let answer = world.check("{ latest { toy { label maker { name town } } } }").await;
    assert_eq!(answer.requests.len(), 2, "{}", answer.plan);
}

#[tokio::test]
async fn from_the_object_of_an_interface_to_the_concrete_type_and_back() {
    let world = world(
        &[
            (
                "library",
                r#"type Query { media: [Medium!]! } interface Medium @key(fields: "id") { id: ID! title: String }
                type Book implements Medium @key(fields: "id") { id: ID! title: String pages: Int }
                type Film implements Medium @key(fields: "id") { id: ID! title: String minutes: Int }"#,
            ),
            (
                "ratings",
                r#"type Query { best: [Medium!]! }
                type Medium @key(fields: "id") @interfaceObject { id: ID! title: String @external stars: Int worth: String @requires(fields: "title") }"#,
            ),
        ],
        json!({ "Query": { "media": [{ "$": "b" }, { "$": "f" }], "best": [{ "$": "f" }, { "$": "b" }] },
            "b": { "__typename": "Book", "id": "1", "title": "b", "pages": 9, "stars": 4 },
            "f": { "__typename": "Film", "id": "2", "title": "f", "minutes": 90, "stars": 5 } }),
    );
    world.check("{ media { stars worth ... on Film { minutes stars } } }").await;
    world.check("{ best { stars __typename ... on Book { pages worth } } }").await;
    world.check("{ best { ... on Book { s: stars } ... on Film { worth } } }").await;
    let answer = world.check("{ best { stars id } }").await;
    assert_eq!(answer.requests.len(), 1, "{}", answer.plan);
}

#[tokio::test]
async fn objects_that_a_subgraph_cannot_tell_apart_are_asked_for_what_any_of_them_is() {
    let world = world(
        &[
            (
                "library",
                r#"type Query { media: [Medium!]! } interface Medium @key(fields: "id") { id: ID! title: String }
                type Book implements Medium @key(fields: "id") { id: ID! title: String }
                type Film implements Medium @key(fields: "id") { id: ID! title: String }"#,
            ),
            (
                "ratings",
                r#"type Query { best: [Medium!]! }
                type Medium @key(fields: "id") @interfaceObject {
                  id: ID! title: String @external stars: Int votes: Int likes(of: Int): Int worth: String @requires(fields: "title")
                }"#,
            ),
            ("notes", r#"type Medium @key(fields: "id") @interfaceObject { id: ID! extra: Int other: Int }"#),
        ],
        json!({ "Query": { "media": [{ "$": "b" }, { "$": "f" }], "best": [{ "$": "f" }, { "$": "b" }] },
            "b": { "__typename": "Book", "id": "1", "title": "b", "stars": 4, "votes": 1, "likes": 2, "extra": 1, "other": 2 },
            "f": { "__typename": "Film", "id": "2", "title": "f", "stars": 5, "votes": 3, "likes": 4, "extra": 3, "other": 4 } }),
    );
    for query in [
        // What one type needs is not sent for the others.
        "{ media { stars ... on Book { worth } } }",
        "{ media { ... on Book { worth } stars ... on Film { worth votes } } }",
        // One alias for two fields.
        "{ best { ... on Book { x: stars } ... on Film { x: votes } } }",
        "{ media { ... on Book { x: likes(of: 1) } ... on Film { x: likes(of: 2) } } }",
        "{ best { ... on Book { x: extra } ... on Film { x: other } } }",
        // Two lists that are asked for nearly the same.
        "{ a: media { votes ... on Book { stars } ... on Film { stars } } b: media { votes ... on Book { stars } ... on Film { id extra likes(of: 1) } } }",
        "{ best { ... on Book { extra } } }",
        "{ best { stars } ...F } fragment F on Query { best { stars } }",
    ] {
        world.check(query).await;
    }
    let answer = world.check("{ best { stars } ...F } fragment F on Query { best { stars } }").await;
    assert_eq!(answer.requests.len(), 1, "{}", answer.plan);
}

#[tokio::test]
async fn a_mutation_that_two_subgraphs_share_runs_once() {
    let world = world(
        &[
            (
                "a",
                r#"type Query { a: Int } type Mutation { add(name: String): Toy @shareable } type Toy @key(fields: "id") { id: ID! a: Int }"#,
            ),
            (
                "b",
                r#"type Mutation { add(name: String): Toy @shareable } type Toy @key(fields: "id") { id: ID! b: Int }"#,
            ),
        ],
        json!({ "Query": { "a": 1 }, "Mutation": { "add": { "$": "t" } }, "t": { "__typename": "Toy", "id": "1", "a": 1, "b": 2 } }),
    );
    let answer = world.check("mutation { add(name: \"x\") { a b } }").await;
    let runs =
        answer.requests.iter().filter(|(_, body)| body["query"].as_str().unwrap().starts_with("mutation")).count();
    assert_eq!(runs, 1, "{}", answer.plan);
}

#[tokio::test]
async fn a_value_type_that_two_subgraphs_know_in_part() {
    let world = world(
        &[
            (
                "a",
                r#"type Query { toy: Toy } type Toy @key(fields: "id") { id: ID! size: Size @shareable }
                type Size { width: Int unit: String @shareable }"#,
            ),
            (
                "b",
                r#"type Toy @key(fields: "id") { id: ID! size: Size @shareable } type Size { height: Int unit: String @shareable }"#,
            ),
        ],
        json!({ "Query": { "toy": { "$": "t" } },
            "t": { "__typename": "Toy", "id": "1", "size": { "__typename": "Size", "width": 1, "height": 2, "unit": "cm" } } }),
    );
    let answer = world.check("{ toy { size { width height unit } } }").await;
    assert_eq!(answer.requests.len(), 2, "{}", answer.plan);
    let answer = world.check("{ toy { size { width unit } } }").await;
    assert_eq!(answer.requests.len(), 1, "{}", answer.plan);
}

#[tokio::test]
async fn root_fields_that_subgraphs_share_are_asked_where_the_rest_is() {
    let world = world(
        &[
            ("a", r#"type Query { toy: Toy @shareable one: Int } type Toy { id: ID! @shareable a: Int }"#),
            ("b", r#"type Query { toy: Toy @shareable two: Int } type Toy { id: ID! @shareable b: Int }"#),
        ],
        json!({ "Query": { "toy": { "$": "t" }, "one": 1, "two": 2 }, "t": { "__typename": "Toy", "id": "1", "a": 1, "b": 2 } }),
    );
    let answer = world.check("{ toy { id b } two }").await;
    assert_eq!(answer.requests.len(), 1, "{}", answer.plan);
    let answer = world.check("{ toy { id a b } }").await;
    assert_eq!(answer.requests.len(), 2, "{}", answer.plan);
}

#[tokio::test]
async fn an_inaccessible_key_leads_on_unseen() {
    let world = world(
        &[
            (
                "a",
                r#"type Query { toy: Toy } type Toy @key(fields: "secret") { secret: ID! @inaccessible name: String }"#,
            ),
            ("b", r#"type Toy @key(fields: "secret") { secret: ID! @inaccessible stock: Int }"#),
        ],
        json!({ "Query": { "toy": { "$": "t" } }, "t": { "__typename": "Toy", "secret": "s", "name": "n", "stock": 3 } }),
    );
    world.check("{ toy { name stock } }").await;
    assert!(world.ask("{ toy { secret } }", &Value::Null).await.is_err());
}

#[tokio::test]
async fn subgraphs_with_root_types_of_other_names() {
    let world = world(
        &[
            (
                "a",
                r#"schema { query: Root } type Root { toy: Toy } type Toy @key(fields: "id") { id: ID! name: String }"#,
            ),
            ("b", r#"type Query { other: Toy } type Toy @key(fields: "id") { id: ID! stock: Int }"#),
        ],
        json!({ "Query": { "toy": { "$": "t" }, "other": { "$": "t" } },
            "t": { "__typename": "Toy", "id": "1", "name": "n", "stock": 3 } }),
    );
    let answer = world.ask("{ toy { name stock } other { name } }", &Value::Null).await.unwrap();
    let expected = json!({ "toy": { "name": "n", "stock": 3 }, "other": { "name": "n" } });
    assert_eq!(answer.response["data"], expected, "{}", answer.response);
}

#[tokio::test]
async fn fields_of_an_interface_that_all_members_of_a_union_implement() {
    let world = world(
        &[
            (
                "a",
                r#"type Query { found: [Found!]! kept: [Kept!]! } union Found = Shirt | Shoe interface Kept { id: ID! }
                interface Rated { stars: Int reviews: [Review!] } type Review { text: String }
                type Shirt implements Rated & Kept @key(fields: "id") { id: ID! stars: Int reviews: [Review!] }
                type Shoe implements Rated & Kept @key(fields: "id") { id: ID! stars: Int reviews: [Review!] }"#,
            ),
            (
                "b",
                r#"type Shirt @key(fields: "id") { id: ID! stock: Int } type Shoe @key(fields: "id") { id: ID! stock: Int }"#,
            ),
        ],
        json!({ "Query": { "found": [{ "$": "a" }, { "$": "b" }], "kept": [{ "$": "b" }] },
            "a": { "__typename": "Shirt", "id": "1", "stars": 4, "stock": 1, "reviews": [{ "text": "t" }] },
            "b": { "__typename": "Shoe", "id": "2", "stars": 5, "stock": 2, "reviews": [] } }),
    );
    world.check("{ found { ... on Rated { stars reviews { text } ... on Kept { id } ... on Shoe { stock } } } }").await;
    world.check("{ kept { id ... on Rated { reviews { text } } } }").await;
}

#[tokio::test]
async fn an_interface_that_an_object_implements_in_another_subgraph_alone() {
    let world = world(
        &[
            (
                "a",
                r#"type Query { products: [Product] nodes: [Node] } union Product = Oven | Toaster interface Node { id: ID! }
                type Oven @key(fields: "id") { id: ID! name: String } type Toaster implements Node @key(fields: "id") { id: ID! name: String }"#,
            ),
            (
                "b",
                r#"interface Node { id: ID! } interface Warm { warranty: Int }
                type Oven implements Node & Warm @key(fields: "id") { id: ID! warranty: Int }"#,
            ),
        ],
        json!({ "Query": { "products": [{ "$": "o" }, { "$": "t" }, null], "nodes": [{ "$": "t" }] },
            "o": { "__typename": "Oven", "id": "1", "name": "o", "warranty": 2 }, "t": { "__typename": "Toaster", "id": "2", "name": "t" } }),
    );
    world.check("{ products { ... on Node { id } } }").await;
    world.check("{ products { ... on Node { id ... on Warm { warranty } } ... on Oven { name } } }").await;
    world.check("{ nodes { id ... on Toaster { name } } }").await;
}

/// Two subgraphs of which the new one takes over `name` for a share of the requests.
fn moving(label: &str) -> World {
    let new = format!(
        r#"type Toy @key(fields: "id") {{ id: ID! name: String @override(from: "old", label: "{label}") stock: Int }}"#
    );
    world(
        &[("old", r#"type Query { toy: Toy } type Toy @key(fields: "id") { id: ID! name: String }"#), ("new", &new)],
        json!({ "Query": { "toy": { "$": "t" } }, "t": { "__typename": "Toy", "id": "1", "name": "n", "stock": 3 } }),
    )
}

#[tokio::test]
async fn an_override_for_a_share_of_the_requests() {
    for (label, fewest, most) in [("percent(0)", 0, 0), ("percent(100)", 60, 60), ("percent(50)", 5, 55)] {
        let world = moving(label);
        let mut by_new = 0;
        for _ in 0..60 {
            by_new += world.check("{ toy { name } }").await.requests_to("new");
        }
        assert!((fewest..=most).contains(&by_new), "{label}: {by_new}");
        // What is asked of the new one anyway depends on nothing.
        let answer = world.check("{ toy { stock } }").await;
        assert_eq!(answer.requests.len(), 2, "{}", answer.plan);
    }
    // Nobody says when another label is active.
    assert_eq!(moving("beta").check("{ toy { name } }").await.requests_to("new"), 0);
}

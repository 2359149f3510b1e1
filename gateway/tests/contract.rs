//! What a change of the schema breaks for the recorded operations of clients.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod support;

use std::fs;

use selvedge_gateway::{
    contract::{RecordedOperation, RecordedOperations},
    schema::ServedSchema,
};
use support::{served, subgraph};

const BEFORE: &str = r#"
    type Query { product: Product! node: Node found: [Found!]! }
    interface Node { id: ID! }
    union Found = Product | Shop
    type Product implements Node { id: ID! title: String! price: Int! tags: [String!]! shop: Shop }
    type Shop implements Node { id: ID! name: String }
"#;

fn schema(sdl: &str) -> ServedSchema {
    served(&[subgraph("a", sdl)])
}

fn recorded(document: &str) -> RecordedOperations {
    let operation =
        RecordedOperation { origin: "it".to_owned(), document: document.to_owned(), missing_fragment: None };
    RecordedOperations(vec![operation])
}

/// The problems of `document` when `from` of the schema becomes `to`.
fn broken(document: &str, from: &str, to: &str) -> Vec<String> {
    assert!(BEFORE.contains(from), "{from}");
    let after = schema(&BEFORE.replace(from, to));
    let broken = recorded(document).broken_by_change(&schema(BEFORE), &after);
    broken.into_iter().flat_map(|one| one.problems).collect()
}

#[test]
fn a_field_that_goes_away_breaks_those_who_ask_for_it() {
    let problems = broken("{ product { title\n price } }", "price: Int!", "cost: Int!");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("2:2: ") && problems[0].contains("\"price\""), "{problems:?}");
    assert!(broken("{ product { title } }", "price: Int!", "cost: Int!").is_empty());
}

#[test]
fn an_answer_of_another_form_breaks_clients_that_know_the_old_one() {
    for (document, from, to, problem) in [
        ("{ product { price } }", "price: Int!", "price: Int", "1:13: `Product.price` was `Int!` and is now `Int`"),
        ("{ product { price } }", "price: Int!", "price: String!", "`Product.price` was `Int!` and is now `String!`"),
        ("{ product { tags } }", "tags: [String!]!", "tags: String!", "`Product.tags` was `[String!]!` and"),
        ("{ product { tags } }", "tags: [String!]!", "tags: [String]!", "and is now `[String]!`"),
        ("{ found { ... on Product { price } } }", "price: Int!", "price: Int", "`Product.price`"),
        ("query A { product { ...P } } fragment P on Product { price }", "price: Int!", "price: Int", "1:54: "),
    ] {
        let problems = broken(document, from, to);
        assert_eq!(problems.len(), 1, "{document} {to}: {problems:?}");
        assert!(problems[0].contains(problem), "{problem}: {problems:?}");
    }
}

#[test]
fn what_clients_understand_breaks_nothing() {
    for (document, from, to) in [
        ("{ product { shop { name } } }", "name: String", "name: String!"),
        ("{ product { id } }", "price: Int!", "price: Int"),
        ("{ node { id } }", "node: Node", "node: Product"),
        (
            "{ found { __typename } }",
            "union Found = Product | Shop",
            "union Found = Product | Shop | Stall type Stall { a: Int }",
        ),
        ("{ __schema { queryType { name } } }", "price: Int!", "cost: Int!"),
    ] {
        assert_eq!(broken(document, from, to), Vec::<String>::new(), "{document} {to}");
    }
}

#[test]
fn what_was_broken_before_is_nobody_s_fault() {
    assert!(broken("{ product { weight } }", "price: Int!", "cost: Int!").is_empty());
    assert_eq!(recorded("{ product { weight } }").broken(&schema(BEFORE)).len(), 1);
}

#[test]
fn every_operation_of_a_document_is_checked() {
    let document = "query A { product { id } } query B { product { price } }";
    assert!(recorded(document).broken(&schema(BEFORE)).is_empty());
    assert_eq!(broken(document, "price: Int!", "cost: Int!").len(), 1);
}

#[test]
fn folders_and_manifests_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("product")).unwrap();
    fs::write(folder.path().join("product/card.graphql"), "fragment Card on Product { title ...Price }").unwrap();
    fs::write(folder.path().join("product/price.graphql"), "# money\nfragment Price on Product { price }").unwrap();
    fs::write(folder.path().join("page.graphql"), "query Page { product { ...Card } }").unwrap();
    fs::write(folder.path().join("gone.graphql"), "query Gone { product { ...Nowhere } }").unwrap();
    let operations = RecordedOperations::read(folder.path()).unwrap();
    assert_eq!(operations.count(), 2);
    let broken = operations.broken(&schema(BEFORE));
    assert_eq!(broken.len(), 1);
    assert!(broken[0].to_string().ends_with("gone.graphql:fragment `Nowhere` is in no file"), "{}", broken[0]);

    let manifest = folder.path().join("manifest.json");
    fs::write(&manifest, r#"{"operations":[{"id":"1","name":"Page","body":"query Page { product { cost } }"}]}"#)
        .unwrap();
    let broken = RecordedOperations::read(&manifest).unwrap().broken(&schema(BEFORE));
    assert_eq!(broken[0].origin, "Page (1)");
    fs::write(&manifest, "{").unwrap();
    assert!(RecordedOperations::read(&manifest).unwrap_err().to_string().contains("is no manifest"));
    assert!(RecordedOperations::read(&folder.path().join("nowhere")).is_err());
}

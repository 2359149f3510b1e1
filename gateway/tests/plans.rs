//! Plans of operations over the shop.

mod support;

use support::{prepared, shop};

fn plan(query: &str) -> String {
    let schema = shop();
    let operation = prepared(&schema, query);
    let text = operation.plan_text();
    let fetches = text.lines().filter(|line| line.contains("fetch from") || line.starts_with("subscribe")).count();
    assert_eq!(operation.fetch_count(), fetches, "{text}");
    text
}

#[test]
fn one_subgraph() {
    insta::assert_snapshot!(plan("query($n: Int) { products(first: $n) { id t: title image(size: 5) } }"));
}

#[test]
fn three_subgraphs_for_one_list() {
    insta::assert_snapshot!(plan(
        "{ products { title isWishlisted similar { score product { title badge { available } } } } }"
    ));
}

#[test]
fn requires() {
    insta::assert_snapshot!(plan("query($c: String) { me { wishlist { shipping(country: $c) } } }"));
}

#[test]
fn provides() {
    insta::assert_snapshot!(plan("{ feed { product { title } } }"));
}

#[test]
fn interfaces_and_unions() {
    insta::assert_snapshot!(plan(
        "{ search(text: \"x\") { ... on Product { isWishlisted } ... on Brand { isFollowed } } node(id: 1) { id ... on Brand { isFollowed } } }"
    ));
}

#[test]
fn conditions() {
    insta::assert_snapshot!(plan(
        "query($a: Boolean!, $b: Boolean!) { products { id isWishlisted @include(if: $a) similar @skip(if: $b) { score } } me @include(if: $b) { name } }"
    ));
}

#[test]
fn root_fields_of_a_mutation_run_one_after_the_other() {
    insta::assert_snapshot!(plan(
        "mutation { reserve(sku: \"a\") { isWishlisted } wish(productId: 1) { name } release(sku: \"b\") { title } __typename }"
    ));
}

#[test]
fn subscription() {
    insta::assert_snapshot!(plan(
        "subscription($s: [String!]!) { badges(skus: $s) { available product { title isWishlisted } } }"
    ));
}

#[test]
fn introspection_is_fetched_from_nowhere() {
    assert_eq!(plan("{ __schema { types { name } } __typename }"), "");
    insta::assert_snapshot!(plan("{ __type(name: \"Product\") { name } me { name } }"));
}

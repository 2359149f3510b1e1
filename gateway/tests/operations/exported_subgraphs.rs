//! The project's own subgraphs, as they export themselves.

use selvedge_gateway::schema::ServedSchema;

use crate::support::{prepared, served, subgraph};

fn schema() -> ServedSchema {
    served(&[
        subgraph("inventory", include_str!("../../../schema/subgraphs/inventory.graphql")),
        subgraph("preferences", include_str!("../../../schema/subgraphs/preferences.graphql")),
        subgraph("recommendation", include_str!("../../../schema/subgraphs/recommendation.graphql")),
    ])
}

#[test]
fn one_page_over_all_three() {
    let schema = schema();
    let operation = prepared(
        &schema,
        r#"query ($first: Int!) {
          products(first: $first, filter: { available: true }) {
            totalCount
            nodes {
              handle title isWishlisted
              priceRange { min { amount currencyCode } }
              variants { sku size badge { state available revision } }
              similar(first: 3) { score reason { code text } product { title } }
            }
          }
        }"#,
    );
    let text = operation.plan_text();
    // The page, then wishlist and similar products of all its products, then the titles of the similar ones.
    assert_eq!(operation.fetch_count(), 4, "{text}");
    for name in ["inventory", "preferences", "recommendation"] {
        assert!(text.contains(&format!("fetch from {name}")), "{text}");
    }
}

#[test]
fn a_live_badge_with_fields_of_another_subgraph() {
    let schema = schema();
    let query = "subscription ($skus: [String!]!) { stockBadges(skus: $skus) { sku available revision variant { product { title isWishlisted } } } }";
    let operation = prepared(&schema, query);
    assert_eq!(operation.fetch_count(), 2, "{}", operation.plan_text());
    assert!(operation.plan_text().starts_with("subscribe to inventory"));
}

#[test]
fn a_mutation_with_entities_of_another_subgraph() {
    let schema = schema();
    let query = "mutation { addToWishlist(productId: 1) { product { isWishlisted title variants { badge { available } } } userErrors { code } } }";
    assert_eq!(prepared(&schema, query).fetch_count(), 2);
}

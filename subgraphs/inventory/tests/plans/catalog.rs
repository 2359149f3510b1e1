//! Prices, promotions, collections, publications.

use serde_json::json;

use crate::{Operation, query, shop::Shop};

pub(crate) fn readings(shop: &Shop) -> Vec<Operation> {
    vec![
        query(
            "page of a collection",
            "query($after: String) { collection(handle: \"past-7\", channel: \"online\") { title
                products(first: 24, channel: \"online\", available: true, after: $after) { pageInfo { endCursor }
                    edges { note node { id } } } } }",
            json!({}),
        ),
        query(
            "products below a category",
            "{ category(id: \"node-31\") { fullName children { name } products(first: 24) { nodes { id media { width }
                taxonomyCategory { fullName } } } } }",
            json!({}),
        ),
        query("categories", "{ categories { name } }", json!({})),
        query("collections", "{ collections(first: 24, channel: \"online\") { nodes { handle } } }", json!({})),
        query(
            "collections of products",
            "query($skus: [String!]!) { variants(skus: $skus) { product { publishedIn(channel: \"online\")
                collections(channel: \"online\") { handle } } } }",
            json!({ "skus": shop.skus }),
        ),
    ]
}

pub(crate) fn changes(shop: &Shop) -> Vec<Operation> {
    [prices(shop), collections(shop), taxonomy_and_media(shop)].concat()
}

fn prices(shop: &Shop) -> Vec<Operation> {
    vec![
        Operation {
            by_staff: true,
            ..query(
                "prices",
                "mutation($sku: String!) { variantPricesSet(idempotencyKey: \"prices\",
                    input: { prices: [{ sku: $sku, price: 1234, compareAtPrice: 5678 }] }) {
                    variants { price { amount } product { revision } } userErrors { message } } }",
                json!({ "sku": shop.skus[2] }),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "price tiers",
                "mutation($sku: String!) { priceTiersSet(idempotencyKey: \"tiers\", input: { variants: [
                    { sku: $sku, tiers: [{ minimumQuantity: 2, unitPrice: 5 }] }] }) { userErrors { message } } }",
                json!({ "sku": shop.skus[2] }),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "promotion",
                "mutation($id: ID!) { promotionCreate(idempotencyKey: \"promotion\", input: { title: \"T\",
                    code: \"NEW\", kind: PERCENTAGE, value: 1, targets: { productIds: [$id] } }) {
                    userErrors { message } } }",
                json!({ "id": shop.product }),
            )
        },
    ]
}

fn collections(shop: &Shop) -> Vec<Operation> {
    vec![
        Operation {
            by_staff: true,
            ..query(
                "curation",
                "mutation($id: ID!) { collectionProductsAdd(id: \"past-30\", products: [{ productId: $id, note: \"N\" }],
                    idempotencyKey: \"curation\") { collection { revision } userErrors { message } } }",
                json!({ "id": shop.product }),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "a collection by rules",
                "mutation { collectionCreate(idempotencyKey: \"rules\", input: { handle: \"rules\", title: \"T\", sort: TITLE,
                    rules: { rules: [{ field: STOCK, relation: GREATER_THAN, value: \"3\" }] } }) {
                    collection { id } userErrors { message } } }",
                json!({}),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "prices of what is in collections",
                "mutation($sku: String!) { variantPricesSet(idempotencyKey: \"more prices\",
                    input: { prices: [{ sku: $sku, price: 4321 }] }) { userErrors { message } } }",
                json!({ "sku": shop.skus[3] }),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "publications",
                "mutation($id: ID!) { productPublicationsSet(idempotencyKey: \"publications\", input: { ids: [$id],
                    publications: [{ channel: \"elsewhere\", published: false }] }) { userErrors { message } } }",
                json!({ "id": shop.product }),
            )
        },
    ]
}

fn taxonomy_and_media(shop: &Shop) -> Vec<Operation> {
    vec![
        Operation {
            by_staff: true,
            ..query(
                "category of a product",
                "mutation($id: ID!) { productTaxonomySet(idempotencyKey: \"node\", input: { productIds: [$id],
                    categoryId: \"node-9\" }) { userErrors { message } } }",
                json!({ "id": shop.product }),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "a moved category",
                "mutation { taxonomyCategoryMove(idempotencyKey: \"move\", id: \"node-700\", parentId: \"node-3\") {
                    userErrors { message } } }",
                json!({}),
            )
        },
        Operation {
            by_staff: true,
            ..query(
                "pictures",
                "mutation($id: ID!) { productMediaSet(idempotencyKey: \"media\", input: { productId: $id,
                    media: [{ url: \"https://cdn.example/a.jpg\" }] }) { userErrors { message } } }",
                json!({ "id": shop.product }),
            )
        },
    ]
}

//! The catalog as inventory has it now.

use std::collections::HashMap;

use selvedge_kit::client::{ClientError, SubgraphClient};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::payload::ProductFacts;
use crate::{domain::ProductId, state::SnapshotProduct};

/// What is asked of each product.
const FIELDS: &str = "id title description vendor category gender material style occasion tags createdAt \
                      variants { sku size color badge { state available revision } }";

/// Why a part of the catalog could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("subgraph `inventory` answered in an unexpected form: {reason}")]
    Form { reason: String },
}

/// One page of the catalog.
pub(super) struct Page {
    pub(super) products: Vec<SnapshotProduct>,
    /// Where the next page begins; `None` on the last.
    pub(super) next: Option<String>,
}

/// The page of `size` products after `cursor`.
pub(super) async fn page(inventory: &SubgraphClient, size: u32, cursor: Option<&str>) -> Result<Page, SnapshotError> {
    let query = format!(
        "query RecommendationCatalog($first: Int!, $after: String) {{ products(first: $first, after: $after) \
         {{ nodes {{ {FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let data = inventory.query(&query, json!({ "first": size, "after": cursor })).await?;
    let answer: CatalogAnswer = read(data)?;
    let PageInfo { has_next_page, end_cursor } = answer.products.page_info;
    Ok(Page {
        products: answer.products.nodes.into_iter().map(Node::into_snapshot).collect(),
        next: end_cursor.filter(|_| has_next_page),
    })
}

/// Those of `products` that inventory has.
pub(super) async fn by_ids(
    inventory: &SubgraphClient,
    products: &[ProductId],
) -> Result<Vec<SnapshotProduct>, SnapshotError> {
    use std::fmt::Write as _;

    let (mut declared, mut fields, mut variables) = (String::new(), String::new(), Map::new());
    for (place, product) in products.iter().enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(declared, "{separator}$id{place}: ID!");
        let _ = write!(fields, "p{place}: product(id: $id{place}) {{ {FIELDS} }} ");
        variables.insert(format!("id{place}"), Value::from(&**product));
    }
    let query = format!("query RecommendationProducts({declared}) {{ {fields}}}");
    let data = inventory.query(&query, Value::Object(variables)).await?;
    let answer: HashMap<String, Option<Node>> = read(data)?;
    Ok(answer.into_values().flatten().map(Node::into_snapshot).collect())
}

fn read<T: serde::de::DeserializeOwned>(data: Value) -> Result<T, SnapshotError> {
    serde_json::from_value(data).map_err(|error| SnapshotError::Form { reason: error.to_string() })
}

#[derive(Deserialize)]
struct CatalogAnswer {
    products: Connection,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    nodes: Vec<Node>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    #[serde(flatten)]
    facts: ProductFacts,
}

impl Node {
    fn into_snapshot(self) -> SnapshotProduct {
        let badges = self
            .facts
            .variants
            .iter()
            .filter_map(|variant| Some((variant.sku.as_str().into(), variant.badge?)))
            .collect();
        SnapshotProduct { product: self.facts.into_product(&self.id), badges }
    }
}

//! Which node a product is at.

use std::collections::BTreeSet;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseTransaction};
use serde::{Deserialize, Serialize};

use crate::{
    command::{
        Answer, Caller, Commands,
        catalog::Refusals,
        keyed::{Perform, perform_once},
    },
    domain::ErrorCode,
    entity::product,
    store::{StoreError, products, taxonomy},
};

/// The most products of one call.
const PRODUCTS_MAX: usize = 250;

/// The node that some products are at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetCategories {
    /// 1 to 250 ids.
    pub product_ids: Vec<String>,
    /// The node; `None` takes them out of the tree.
    pub category_id: Option<String>,
}

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoriesSet {
    /// The ids of the input.
    pub product_ids: Vec<String>,
}

impl Commands {
    /// Puts products to a node of the tree; all of them or none. Those that were elsewhere get a new revision and an
    /// event.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_categories(
        &self,
        caller: &Caller,
        input: &SetCategories,
        idempotency_key: &str,
    ) -> Result<Answer<CategoriesSet>, StoreError> {
        let count = input.product_ids.len();
        if !(1..=PRODUCTS_MAX).contains(&count) {
            let mut refusals = Refusals::default();
            let message = format!("{count} products were given, 1 to {PRODUCTS_MAX} are possible");
            refusals.add("productIds", ErrorCode::TooManyLines, message);
            return Ok(refusals.or_none().map(|()| CategoriesSet { product_ids: Vec::new() }));
        }
        let command = Assign { caller, input };
        perform_once(self, ("categories_set", &caller.actor, idempotency_key), input, &command).await
    }
}

struct Assign<'a> {
    caller: &'a Caller,
    input: &'a SetCategories,
}

impl Perform for Assign<'_> {
    type Output = CategoriesSet;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<CategoriesSet>, StoreError> {
        let SetCategories { product_ids, category_id } = self.input;
        let mut rows = products::lock(transaction, product_ids).await?;
        let known: BTreeSet<&String> = rows.iter().map(|row| &row.id).collect();
        let mut refusals = Refusals::default();
        for (index, id) in product_ids.iter().enumerate().filter(|(_, id)| !known.contains(id)) {
            let message = format!("there is no product `{id}`");
            refusals.add(&format!("productIds.{index}"), ErrorCode::UnknownProduct, message);
        }
        if let Some(id) = category_id
            && taxonomy::node(transaction, id).await?.is_none()
        {
            refusals.add("categoryId", ErrorCode::UnknownCategory, format!("there is no category `{id}`"));
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        rows.retain(|row| row.taxonomy_category_id != *category_id);
        for row in &rows {
            let moved = product::ActiveModel {
                id: Set(row.id.clone()),
                taxonomy_category_id: Set(category_id.clone()),
                ..Default::default()
            };
            moved.update(transaction).await?;
        }
        products::announce(transaction, rows, &self.caller.correlation_id).await?;
        Ok(Ok(CategoriesSet { product_ids: product_ids.clone() }))
    }
}

//! The tree of categories, and which node a product is at.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use selvedge_kit::server::Changed;

use super::tell_products;
use crate::{
    command::{
        Caller,
        catalog::{CategoriesSet, CategoryEdit, SetCategories},
    },
    graphql::{
        access, limits,
        loaders::{CategoryById, ProductById, loaders},
        mutation::{
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::{Product, TaxonomyCategory},
    },
};

#[derive(SimpleObject)]
pub(crate) struct TaxonomyCategoryPayload {
    /// Null when it was refused, or deleted.
    category: Option<TaxonomyCategory>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(InputObject)]
pub(crate) struct ProductTaxonomySetInput {
    /// 1 to 250.
    product_ids: Vec<ID>,
    /// Without one they are taken out of the tree.
    category_id: Option<ID>,
}

#[derive(SimpleObject)]
pub(crate) struct ProductTaxonomySetPayload {
    /// Those that were named; none when it was refused.
    products: Vec<Product>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct TaxonomyMutation;

#[Object(cache_control(no_cache))]
impl TaxonomyMutation {
    /// Makes a category below another, or at the top; at most 250 side by side, and 10 levels. Scope catalog:write.
    async fn taxonomy_category_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 255 characters without `>`.")] name: String,
        parent_id: Option<ID>,
        idempotency_key: String,
    ) -> Result<TaxonomyCategoryPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.taxonomyCategoryCreate")?);
        let edit = CategoryEdit::Create { parent_id: checked(parent_id)?, name };
        edited(ctx, &caller, edit, &idempotency_key).await
    }

    /// Scope catalog:write.
    async fn taxonomy_category_rename(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(desc = "1 to 255 characters without `>`.")] name: String,
        idempotency_key: String,
    ) -> Result<TaxonomyCategoryPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.taxonomyCategoryRename")?);
        edited(ctx, &caller, CategoryEdit::Rename { id: id.0, name }, &idempotency_key).await
    }

    /// Puts a category, with all below it, below another one, or without one, to the top. Scope catalog:write.
    async fn taxonomy_category_move(
        &self,
        ctx: &Context<'_>,
        id: ID,
        parent_id: Option<ID>,
        idempotency_key: String,
    ) -> Result<TaxonomyCategoryPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.taxonomyCategoryMove")?);
        let edit = CategoryEdit::Move { id: id.0, parent_id: checked(parent_id)? };
        edited(ctx, &caller, edit, &idempotency_key).await
    }

    /// Takes away a category with nothing below it and no products in it. Scope catalog:write.
    async fn taxonomy_category_delete(
        &self,
        ctx: &Context<'_>,
        id: ID,
        idempotency_key: String,
    ) -> Result<TaxonomyCategoryPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.taxonomyCategoryDelete")?);
        edited(ctx, &caller, CategoryEdit::Delete { id: id.0 }, &idempotency_key).await
    }

    /// Puts products into a category; all of them or none. Scope catalog:write.
    async fn product_taxonomy_set(
        &self,
        ctx: &Context<'_>,
        input: ProductTaxonomySetInput,
        idempotency_key: String,
    ) -> Result<ProductTaxonomySetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.productTaxonomySet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let id = |id: ID| limits::storable("productIds", &id).map(str::to_owned);
        let product_ids = input.product_ids.into_iter().map(id).collect::<Result<_, Error>>()?;
        let input = SetCategories { product_ids, category_id: checked(input.category_id)? };
        match commands(ctx)?.set_categories(&caller, &input, key).await? {
            Err(errors) => {
                tell_products(ctx, &[]).await?;
                Ok(ProductTaxonomySetPayload { products: Vec::new(), user_errors: user_errors(errors) })
            }
            Ok(CategoriesSet { product_ids }) => {
                tell_products(ctx, &product_ids).await?;
                let mut rows = loaders(ctx)?.load_many(product_ids.iter().cloned().map(ProductById)).await?;
                let products = product_ids.into_iter().filter_map(|id| rows.remove(&ProductById(id))).map(Product);
                Ok(ProductTaxonomySetPayload { products: products.collect(), user_errors: Vec::new() })
            }
        }
    }
}

fn checked(id: Option<ID>) -> Result<Option<String>, Error> {
    id.map(|id| limits::storable("id", &id).map(str::to_owned)).transpose()
}

async fn edited(
    ctx: &Context<'_>,
    caller: &Caller,
    edit: CategoryEdit,
    idempotency_key: &str,
) -> Result<TaxonomyCategoryPayload, Error> {
    let key = limits::idempotency_key(idempotency_key)?;
    if let CategoryEdit::Create { name, .. } | CategoryEdit::Rename { name, .. } = &edit {
        limits::storable("name", name)?;
    }
    if let CategoryEdit::Rename { id, .. } | CategoryEdit::Move { id, .. } | CategoryEdit::Delete { id } = &edit {
        limits::storable("id", id)?;
    }
    let done = commands(ctx)?.edit_taxonomy(caller, &edit, key).await?;
    let changed = ctx.data::<Changed>().ok();
    if let Some(changed) = changed {
        changed.nothing();
    }
    let id = match done {
        Err(errors) => return Ok(TaxonomyCategoryPayload { category: None, user_errors: user_errors(errors) }),
        Ok(written) => written.id,
    };
    // The paths of all below it have changed too: whoever keeps any of them is told by their events.
    if let Some(changed) = changed {
        changed.tell("TaxonomyCategory", &[("id", &id)]);
    }
    let row = loaders(ctx)?.load_one(CategoryById(id)).await?;
    Ok(TaxonomyCategoryPayload { category: row.map(TaxonomyCategory), user_errors: Vec::new() })
}

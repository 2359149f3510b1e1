//! Pictures of products.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};

use super::tell_products;
use crate::{
    command::{
        Caller,
        catalog::{MediaDraft, SetMedia},
    },
    graphql::{
        access,
        error::bad_user_input,
        limits,
        loaders::{ProductById, loaders},
        mutation::{
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::Product,
    },
};

#[derive(InputObject)]
pub(crate) struct ProductMediaSetInput {
    product_id: ID,
    /// In place of those that it has, in order; at most 250, each with another address.
    media: Vec<ProductMediaInput>,
}

#[derive(InputObject)]
pub(crate) struct ProductMediaInput {
    /// Where it is: `https` alone, at most 2048 characters.
    url: String,
    /// What it shows, for those who do not see it; at most 512 characters.
    alt_text: Option<String>,
    /// In pixels; together with the height.
    width: Option<i32>,
    /// In pixels; together with the width.
    height: Option<i32>,
}

#[derive(SimpleObject)]
pub(crate) struct ProductMediaSetPayload {
    /// Null when it was refused.
    product: Option<Product>,
    user_errors: Vec<InventoryUserError>,
}

fn draft(input: ProductMediaInput) -> Result<MediaDraft, Error> {
    limits::storable("url", &input.url)?;
    limits::storable("altText", input.alt_text.as_deref().unwrap_or_default())?;
    let size = match (input.width, input.height) {
        (Some(width), Some(height)) => Some((width, height)),
        (None, None) => None,
        _ => return Err(bad_user_input("give both `width` and `height`, or neither")),
    };
    Ok(MediaDraft { url: input.url, alt_text: input.alt_text, size })
}

#[derive(Default)]
pub(crate) struct MediaMutation;

#[Object(cache_control(no_cache))]
impl MediaMutation {
    /// Sets the pictures of a product, all of them. Scope catalog:write.
    async fn product_media_set(
        &self,
        ctx: &Context<'_>,
        input: ProductMediaSetInput,
        idempotency_key: String,
    ) -> Result<ProductMediaSetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.productMediaSet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("productId", &input.product_id)?;
        let media = input.media.into_iter().map(draft).collect::<Result<_, Error>>()?;
        let input = SetMedia { product_id: input.product_id.0, media };
        match commands(ctx)?.set_media(&caller, &input, key).await? {
            Err(errors) => {
                tell_products(ctx, &[]).await?;
                Ok(ProductMediaSetPayload { product: None, user_errors: user_errors(errors) })
            }
            Ok(done) => {
                tell_products(ctx, std::slice::from_ref(&done.product_id)).await?;
                let row = loaders(ctx)?.load_one(ProductById(done.product_id)).await?;
                Ok(ProductMediaSetPayload { product: row.map(Product), user_errors: Vec::new() })
            }
        }
    }
}

//! What is in collections by hand.

use async_graphql::{Context, Error, ID, InputObject, Object};

use super::collection::{CollectionPayload, payload};
use crate::{
    command::{
        Caller,
        catalog::{Added, Curate},
    },
    graphql::{access, error::bad_user_input, limits, mutation::commands},
};

#[derive(InputObject)]
pub(crate) struct CollectionProductInput {
    product_id: ID,
    /// Why it is there; at most 500 characters.
    note: Option<String>,
}

#[derive(Default)]
pub(crate) struct CurationMutation;

#[Object(cache_control(no_cache))]
impl CurationMutation {
    /// Puts products that are not there yet into a collection by hand, at this place counted from 1, or behind all; of all
    /// of them, 1 to 250, writes the notes. Scope catalog:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn collection_products_add(
        &self,
        ctx: &Context<'_>,
        id: ID,
        products: Vec<CollectionProductInput>,
        position: Option<i32>,
        idempotency_key: String,
    ) -> Result<CollectionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionProductsAdd")?);
        let added = |input: CollectionProductInput| {
            limits::storable("note", input.note.as_deref().unwrap_or_default())?;
            Ok(Added { product_id: limits::storable("productId", &input.product_id)?.to_owned(), note: input.note })
        };
        let products = products.into_iter().map(added).collect::<Result<_, Error>>()?;
        let what = Curate::Add(products, position.map(place).transpose()?);
        curated(ctx, (&caller, &id), what, &idempotency_key).await
    }

    /// Takes products, 1 to 250, out of a collection by hand. Scope catalog:write.
    async fn collection_products_remove(
        &self,
        ctx: &Context<'_>,
        id: ID,
        product_ids: Vec<ID>,
        idempotency_key: String,
    ) -> Result<CollectionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionProductsRemove")?);
        curated(ctx, (&caller, &id), Curate::Remove(ids(product_ids)?), &idempotency_key).await
    }

    /// Puts products, 1 to 250, of a collection by hand to this place counted from 1, in this order. Scope catalog:write.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn collection_products_move(
        &self,
        ctx: &Context<'_>,
        id: ID,
        product_ids: Vec<ID>,
        position: i32,
        idempotency_key: String,
    ) -> Result<CollectionPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionProductsMove")?);
        let what = Curate::Move(ids(product_ids)?, place(position)?);
        curated(ctx, (&caller, &id), what, &idempotency_key).await
    }
}

fn place(position: i32) -> Result<usize, Error> {
    let place = usize::try_from(position).ok().filter(|place| *place > 0);
    place.ok_or_else(|| bad_user_input(format!("`position` is {position}, places are counted from 1")))
}

fn ids(ids: Vec<ID>) -> Result<Vec<String>, Error> {
    let id = |id: ID| limits::storable("productIds", &id).map(str::to_owned);
    ids.into_iter().map(id).collect()
}

async fn curated(
    ctx: &Context<'_>,
    (caller, id): (&Caller, &ID),
    what: Curate,
    idempotency_key: &str,
) -> Result<CollectionPayload, Error> {
    let key = limits::idempotency_key(idempotency_key)?;
    let done = commands(ctx)?.curate_collection(caller, (limits::storable("id", id)?, &what), key).await?;
    payload(ctx, done).await
}

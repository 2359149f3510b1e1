//! Where and when products and collections are published.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use selvedge_kit::server::Changed;

use super::tell_products;
use crate::{
    command::{
        Answer, Caller,
        catalog::{PublicationDraft, PublicationsSet, SetPublications},
    },
    graphql::{
        access, limits,
        loaders::{CollectionById, ProductById, loaders},
        mutation::{
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::{Collection, Product},
    },
    store::publications::Subject,
};

#[derive(InputObject)]
pub(crate) struct PublicationsSetInput {
    /// Of 1 to 250 products or collections.
    ids: Vec<ID>,
    /// In place of those that they have; at most 100, each of another channel. Without any it is everywhere.
    publications: Vec<PublicationInput>,
}

#[derive(InputObject)]
pub(crate) struct PublicationInput {
    /// Code of the channel; absent for all that have none of their own.
    channel: Option<String>,
    /// False takes it out of the channel, and then there are no times.
    #[graphql(default = true)]
    published: bool,
    /// Not before this time, by the clock of the database.
    starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    ends_at: Option<DateTime<Utc>>,
}

impl PublicationsSetInput {
    fn checked(self) -> Result<SetPublications, Error> {
        let publication = |input: PublicationInput| {
            Ok(PublicationDraft {
                channel: input.channel.map(limits::channel).transpose()?,
                published: input.published,
                starts_at: input.starts_at,
                ends_at: input.ends_at,
            })
        };
        let id = |id: ID| limits::storable("ids", &id).map(str::to_owned);
        Ok(SetPublications {
            ids: self.ids.into_iter().map(id).collect::<Result<_, Error>>()?,
            publications: self.publications.into_iter().map(publication).collect::<Result<_, Error>>()?,
        })
    }
}

#[derive(SimpleObject)]
pub(crate) struct ProductPublicationsSetPayload {
    /// Those that were named, published or not; none when it was refused.
    products: Vec<Product>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct CollectionPublicationsSetPayload {
    /// Those that were named, published or not; none when it was refused.
    collections: Vec<Collection>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct PublicationMutation;

#[Object(cache_control(no_cache))]
impl PublicationMutation {
    /// Sets where and when products are published: in a channel where one is not, it is not in lists, cannot be put into
    /// a cart and cannot be bought. All of them or none. Scope catalog:write.
    async fn product_publications_set(
        &self,
        ctx: &Context<'_>,
        input: PublicationsSetInput,
        idempotency_key: String,
    ) -> Result<ProductPublicationsSetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.productPublicationsSet")?);
        let ids = match set(ctx, (&caller, Subject::Product), input, &idempotency_key).await? {
            Ok(PublicationsSet { ids }) => ids,
            Err(errors) => {
                return Ok(ProductPublicationsSetPayload { products: Vec::new(), user_errors: user_errors(errors) });
            }
        };
        let mut rows = loaders(ctx)?.load_many(ids.iter().cloned().map(ProductById)).await?;
        tell_products(ctx, &ids).await?;
        let products = ids.into_iter().filter_map(|id| rows.remove(&ProductById(id))).map(Product);
        Ok(ProductPublicationsSetPayload { products: products.collect(), user_errors: Vec::new() })
    }

    /// Sets where and when collections are published; all of them or none. Scope catalog:write.
    async fn collection_publications_set(
        &self,
        ctx: &Context<'_>,
        input: PublicationsSetInput,
        idempotency_key: String,
    ) -> Result<CollectionPublicationsSetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.collectionPublicationsSet")?);
        let ids = match set(ctx, (&caller, Subject::Collection), input, &idempotency_key).await? {
            Ok(PublicationsSet { ids }) => ids,
            Err(errors) => {
                let user_errors = user_errors(errors);
                return Ok(CollectionPublicationsSetPayload { collections: Vec::new(), user_errors });
            }
        };
        let mut rows = loaders(ctx)?.load_many(ids.iter().cloned().map(CollectionById)).await?;
        if let Ok(changed) = ctx.data::<Changed>() {
            for row in rows.values() {
                changed.tell("Collection", &[("id", &row.id), ("handle", &row.handle)]);
            }
        }
        let collections = ids.into_iter().filter_map(|id| rows.remove(&CollectionById(id))).map(Collection);
        Ok(CollectionPublicationsSetPayload { collections: collections.collect(), user_errors: Vec::new() })
    }
}

async fn set(
    ctx: &Context<'_>,
    (caller, subject): (&Caller, Subject),
    input: PublicationsSetInput,
    idempotency_key: &str,
) -> Result<Answer<PublicationsSet>, Error> {
    let key = limits::idempotency_key(idempotency_key)?;
    if let Ok(changed) = ctx.data::<Changed>() {
        changed.nothing();
    }
    Ok(commands(ctx)?.set_publications(caller, (subject, &input.checked()?), key).await?)
}

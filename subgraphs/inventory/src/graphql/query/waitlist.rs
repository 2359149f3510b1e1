//! Query fields of waiting.

use async_graphql::{Context, Error, Object};

use crate::{
    graphql::{
        access,
        error::of_reading,
        limits::page_request,
        types::{WaitlistEntryConnection, waitlist_connection},
    },
    store::{Store, waitlist::entries_of},
};

#[derive(Default)]
pub(crate) struct WaitlistQuery;

#[Object]
impl WaitlistQuery {
    /// What the caller waits for, and has waited for; the latest first. `first` and `last` are at most 250, and 20 when
    /// neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn my_waitlist(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<WaitlistEntryConnection>, Error> {
        let identity = access::require(ctx, "Query.myWaitlist")?;
        let page = page_request(first, after, last, before)?;
        let customer_id = identity.subject.as_deref().unwrap_or_default();
        let rows = entries_of(ctx.data::<Store>()?, customer_id, &page).await.map_err(of_reading)?;
        Ok(Some(waitlist_connection(rows)))
    }
}

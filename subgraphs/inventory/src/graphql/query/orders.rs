//! Query fields of carts and orders.

use async_graphql::{Context, Error, ID, InputObject, Object};

use crate::{
    domain::order as rules,
    graphql::{
        error::{caller, of_reading, sign_in},
        limits::{page_request, storable},
        types::{
            Cart, FinancialStatus, FulfillmentStatus, Order, OrderConnection, OrderStatus, order_connection, reads_all,
        },
    },
    store::{
        Store,
        catalog_read::{OrderFilter as Filter, list_orders},
    },
};

#[derive(Debug, Default, InputObject)]
pub(crate) struct OrderFilter {
    status: Option<OrderStatus>,
    financial_status: Option<FinancialStatus>,
    fulfillment_status: Option<FulfillmentStatus>,
}

#[derive(Default)]
pub(crate) struct OrderQuery;

#[Object]
impl OrderQuery {
    /// Null when it is unknown, or somebody else's.
    async fn cart(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Cart>, Error> {
        storable("id", &id)?;
        Cart::visible_to(caller(ctx)?, ctx, id.0).await
    }

    /// Null when it is unknown, or somebody else's.
    async fn order(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Order>, Error> {
        storable("id", &id)?;
        Order::visible_to(caller(ctx)?, ctx, id.0).await
    }

    /// One's own, the latest first; with the scope orders:read those of everybody. `first` and `last` are at most 250, and
    /// 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<OrderFilter>,
    ) -> Result<Option<OrderConnection>, Error> {
        let page = page_request(first, after, last, before)?;
        let caller = caller(ctx)?;
        let OrderFilter { status, financial_status, fulfillment_status } = filter.unwrap_or_default();
        let actor = match (&caller.subject, reads_all(caller)) {
            (_, true) => None,
            (Some(subject), false) => Some(subject.clone()),
            (None, false) => return Err(sign_in("to list orders")),
        };
        let filter = Filter {
            actor,
            status: status.map(|status| rules::OrderStatus::from(status).as_str()),
            financial_status: financial_status.map(|status| rules::FinancialStatus::from(status).as_str()),
            fulfillment_status: fulfillment_status.map(|status| rules::FulfillmentStatus::from(status).as_str()),
        };
        let rows = list_orders(ctx.data::<Store>()?, &filter, &page).await.map_err(of_reading)?;
        Ok(Some(order_connection(rows)))
    }
}

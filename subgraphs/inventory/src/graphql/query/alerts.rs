//! Query fields of alerts.

use async_graphql::{Context, Error, ID, Object};

use crate::{
    graphql::{
        access,
        error::of_reading,
        limits::{page_request, storable},
        loaders::{VariantBySku, loaders},
        types::{
            SaleAttemptsConnection, SaleAttemptsFilter, StockAlert, StockAlertConnection, StockAlertFilter,
            StockAlertThreshold, alert_connection, attempts_connection,
        },
    },
    store::{
        Store,
        alerts::{alerts_by_id, list_alerts, list_attempts, thresholds_of},
    },
};

/// The most thresholds of one SKU at once.
const THRESHOLDS_MAX: u64 = 1_000;

#[derive(Default)]
pub(crate) struct AlertQuery;

#[Object]
impl AlertQuery {
    /// Null when it is unknown. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn stock_alert(&self, ctx: &Context<'_>, id: ID) -> Result<Option<StockAlert>, Error> {
        access::require(ctx, "Query.stockAlert")?;
        let ids = [storable("id", &id)?.to_owned()];
        let row = alerts_by_id(ctx.data::<Store>()?, &ids).await?.pop();
        Ok(row.map(|row| StockAlert(row.into())))
    }

    /// What staff should look at, and what it was that is over; the latest raised first. Scope inventory:read. `first` and
    /// `last` are at most 250, and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn stock_alerts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<StockAlertFilter>,
    ) -> Result<Option<StockAlertConnection>, Error> {
        access::require(ctx, "Query.stockAlerts")?;
        let page = page_request(first, after, last, before)?;
        let filter = filter.unwrap_or_default().checked()?;
        let rows = list_alerts(ctx.data::<Store>()?, &filter, &page).await.map_err(of_reading)?;
        Ok(Some(alert_connection(rows)))
    }

    /// At how many pieces staff hears of a SKU, where that was set: over all locations first, then by location, at most
    /// 1,000. Null when there is no such SKU. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn stock_alert_thresholds(
        &self,
        ctx: &Context<'_>,
        sku: String,
    ) -> Result<Option<Vec<StockAlertThreshold>>, Error> {
        access::require(ctx, "Query.stockAlertThresholds")?;
        let row = loaders(ctx)?.load_one(VariantBySku(storable("sku", &sku)?.to_owned())).await?;
        let Some(row) = row else { return Ok(None) };
        let rows = thresholds_of(ctx.data::<Store>()?, &row.id, THRESHOLDS_MAX).await?;
        Ok(Some(rows.into_iter().map(StockAlertThreshold).collect()))
    }

    /// What could not be sold, by SKU, sales channel and window of five minutes; the latest window first. Scope
    /// inventory:read. `first` and `last` are at most 250, and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn sale_attempts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<SaleAttemptsFilter>,
    ) -> Result<Option<SaleAttemptsConnection>, Error> {
        access::require(ctx, "Query.saleAttempts")?;
        let page = page_request(first, after, last, before)?;
        let filter = filter.unwrap_or_default().checked()?;
        let rows = list_attempts(ctx.data::<Store>()?, &filter, &page).await.map_err(of_reading)?;
        Ok(Some(attempts_connection(rows)))
    }
}

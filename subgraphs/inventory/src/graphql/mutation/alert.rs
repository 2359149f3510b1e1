//! What staff does about alerts.

use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use selvedge_kit::server::Changed;

use super::{
    commands,
    payload::{InventoryUserError, user_errors},
};
use crate::{
    command::{AcknowledgeAlert, Caller, SetThresholds, ThresholdOf},
    graphql::{
        access, limits,
        types::{StockAlert, StockAlertThreshold},
    },
};

/// The longest note in characters.
const NOTE_MAX: usize = 2_000;

#[derive(InputObject)]
pub(crate) struct StockAlertThresholdSetInput {
    /// 1 to 250, each of another place; all of them or none.
    thresholds: Vec<StockAlertThresholdInput>,
}

#[derive(InputObject)]
pub(crate) struct StockAlertThresholdInput {
    sku: String,
    /// Over all locations when absent.
    location_id: Option<ID>,
    /// At so many pieces or fewer, 0 to 1000000; null for what the shop has for all.
    threshold: Option<i32>,
}

/// The alert as it is then, or why nobody could take note of it.
#[derive(SimpleObject)]
pub(crate) struct StockAlertAcknowledgePayload {
    alert: Option<StockAlert>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct StockAlertThresholdSetPayload {
    /// Those of the input that are set; none when it was refused.
    thresholds: Vec<StockAlertThreshold>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct AlertMutation;

#[Object(cache_control(no_cache))]
impl AlertMutation {
    /// Takes note of an alert in the name of the caller; who does so last is named. What has happened once is over then. Scope
    /// alerts:write.
    async fn stock_alert_acknowledge(
        &self,
        ctx: &Context<'_>,
        id: ID,
        note: Option<String>,
        idempotency_key: String,
    ) -> Result<StockAlertAcknowledgePayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.stockAlertAcknowledge")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let text = note.as_deref().unwrap_or_default();
        limits::at_most("note", limits::storable("note", text)?.chars().count(), NOTE_MAX)?;
        let input = AcknowledgeAlert { id: limits::storable("id", &id)?.to_owned(), note };
        let done = commands(ctx)?.acknowledge_alert(&caller, &input, key).await?;
        nothing_kept_changed(ctx);
        Ok(match done {
            Ok(row) => StockAlertAcknowledgePayload { alert: Some(StockAlert(row.into())), user_errors: Vec::new() },
            Err(errors) => StockAlertAcknowledgePayload { alert: None, user_errors: user_errors(errors) },
        })
    }

    /// Sets at how many pieces staff hears of SKUs. Alerts follow at once. Scope alerts:write.
    async fn stock_alert_threshold_set(
        &self,
        ctx: &Context<'_>,
        input: StockAlertThresholdSetInput,
        idempotency_key: String,
    ) -> Result<StockAlertThresholdSetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.stockAlertThresholdSet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        let mut thresholds = Vec::with_capacity(input.thresholds.len());
        for StockAlertThresholdInput { sku, location_id, threshold } in input.thresholds {
            limits::storable("sku", &sku)?;
            limits::storable("locationId", location_id.as_deref().map_or("", String::as_str))?;
            thresholds.push(ThresholdOf { sku, location_id: location_id.map(|id| id.0), threshold });
        }
        let done = commands(ctx)?.set_alert_thresholds(&caller, &SetThresholds { thresholds }, key).await?;
        nothing_kept_changed(ctx);
        let (rows, errors) = match done {
            Ok(rows) => (rows, Vec::new()),
            Err(errors) => (Vec::new(), errors),
        };
        Ok(StockAlertThresholdSetPayload {
            thresholds: rows.into_iter().map(StockAlertThreshold).collect(),
            user_errors: user_errors(errors),
        })
    }
}

/// Alerts are never kept by the gateway.
fn nothing_kept_changed(ctx: &Context<'_>) {
    if let Ok(changed) = ctx.data::<Changed>() {
        changed.nothing();
    }
}

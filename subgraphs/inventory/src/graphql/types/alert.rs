//! Alerts, their thresholds, and what could not be sold.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, InputObject, Object, SimpleObject,
    connection::{Connection, Edge},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Location, ProductVariant};
use crate::{
    domain::alert::{self, Shoppers, WINDOW_SECONDS},
    entity::{sale_attempt, stock_alert, stock_alert_threshold},
    graphql::{
        limits::{filter_values, storable},
        loaders::{LocationById, VariantById, loaders},
    },
    store::{
        alerts::{AlertFilter, AlertStatus, AttemptFilter, alert_cursor, attempt_cursor, status_of},
        catalog_read::Page,
    },
};

/// Something about stock that somebody should look at.
#[derive(Debug, Clone)]
pub(crate) struct StockAlert(pub(crate) Arc<stock_alert::Model>);

pub(crate) type StockAlertConnection = Connection<String, StockAlert>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "alert::AlertKind")]
pub(crate) enum StockAlertKind {
    /// Few pieces or none are available.
    StockLevel,
    /// Shoppers were refused for want of stock.
    SaleAttempts,
    /// A level, a badge, or what is incoming is not what its events make.
    LedgerMismatch,
    /// Pieces are committed without a reservation or an open order line, or the other way round.
    CommittedUnexplained,
    /// A count that was applied was far from what was recorded. Over when somebody takes note.
    CountDifference,
    /// Much more goes than usual.
    UnusualOutflow,
    /// One member of staff has changed much by hand. Over when somebody takes note.
    LargeAdjustment,
    /// Pieces go missing again and again.
    Shrinkage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "alert::AlertSeverity")]
pub(crate) enum StockAlertSeverity {
    LowStock,
    OutOfStock,
    MissedSales,
    /// Not as usual, and perhaps right.
    Unusual,
    /// Figures contradict each other.
    Inconsistent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "AlertStatus")]
pub(crate) enum StockAlertStatus {
    /// Nobody has taken note.
    Open,
    /// Somebody has, and it is not over.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// Which alerts; what is left out does not matter. At most 100 of each list.
#[derive(Debug, Default, InputObject)]
pub(crate) struct StockAlertFilter {
    kinds: Option<Vec<StockAlertKind>>,
    severities: Option<Vec<StockAlertSeverity>>,
    statuses: Option<Vec<StockAlertStatus>>,
    skus: Option<Vec<String>>,
    location_id: Option<ID>,
    /// The code of a sales channel.
    channel: Option<String>,
}

/// One thing that is known of an alert.
#[derive(SimpleObject)]
pub(crate) struct StockAlertFact {
    name: String,
    value: String,
}

pub(crate) fn alert_connection(page: Page<stock_alert::Model>) -> StockAlertConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: stock_alert::Model| Edge::new(alert_cursor(&row), StockAlert(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

impl StockAlertFilter {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a list is too long, or a text cannot be stored.
    pub(crate) fn checked(self) -> Result<AlertFilter, Error> {
        let location_id = self.location_id.map(|id| id.0);
        storable("locationId", location_id.as_deref().unwrap_or_default())?;
        storable("channel", self.channel.as_deref().unwrap_or_default())?;
        Ok(AlertFilter {
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            severities: self.severities.into_iter().flatten().map(Into::into).collect(),
            statuses: self.statuses.into_iter().flatten().map(Into::into).collect(),
            skus: filter_values("skus", self.skus)?,
            location_id,
            channel: self.channel,
        })
    }
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

async fn location(ctx: &Context<'_>, id: &str) -> Result<Option<Location>, Error> {
    let Some(id) = given(id) else { return Ok(None) };
    Ok(loaders(ctx)?.load_one(LocationById(id.to_owned())).await?.map(Location))
}

async fn variant(ctx: &Context<'_>, id: &str) -> Result<Option<ProductVariant>, Error> {
    Ok(loaders(ctx)?.load_one(VariantById(id.to_owned())).await?.map(ProductVariant))
}

#[Object(cache_control(private, no_cache))]
impl StockAlert {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    /// Null for a kind that this schema does not know yet.
    async fn kind(&self) -> Option<StockAlertKind> {
        alert::AlertKind::parse(&self.0.kind).map(Into::into)
    }

    async fn severity(&self) -> Option<StockAlertSeverity> {
        alert::AlertSeverity::parse(&self.0.severity).map(Into::into)
    }

    async fn status(&self) -> StockAlertStatus {
        status_of(&self.0).into()
    }

    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// Null when it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>, Error> {
        variant(ctx, &self.0.variant_id).await
    }

    /// Null when it is about all locations.
    async fn location(&self, ctx: &Context<'_>) -> Result<Option<Location>, Error> {
        location(ctx, &self.0.location_id).await
    }

    /// The code of the sales channel; null where that plays no part.
    async fn channel(&self) -> Option<&str> {
        given(&self.0.channel)
    }

    /// What was reached: pieces, or attempts.
    async fn threshold(&self) -> Option<i32> {
        self.0.threshold
    }

    /// Pieces available when it last changed; null where that plays no part.
    async fn available(&self) -> Option<i32> {
        self.0.available
    }

    /// What else is known, by name.
    async fn facts(&self) -> Vec<StockAlertFact> {
        let facts = self.0.facts.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.map(|(name, value)| StockAlertFact { name: name.clone(), value: text(value) }).collect()
    }

    /// How often it was raised: again soon after it was over counts as the same alert.
    async fn occurrences(&self) -> i32 {
        self.0.occurrences
    }

    async fn raised_at(&self) -> DateTime<Utc> {
        self.0.raised_at
    }

    async fn changed_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    /// Null while it is not over.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.0.resolved_at
    }

    async fn acknowledged_at(&self) -> Option<DateTime<Utc>> {
        self.0.acknowledged_at
    }

    async fn acknowledged_by(&self) -> Option<&str> {
        self.0.acknowledged_by.as_deref()
    }

    /// What they wrote who took note.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Grows with every change of this alert.
    async fn revision(&self) -> i64 {
        self.0.revision
    }
}

/// At how many pieces staff wants to hear of a SKU.
#[derive(Debug, Clone)]
pub(crate) struct StockAlertThreshold(pub(crate) stock_alert_threshold::Model);

#[Object(cache_control(private, no_cache))]
impl StockAlertThreshold {
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>, Error> {
        variant(ctx, &self.0.variant_id).await
    }

    /// Null when it is about all locations.
    async fn location(&self, ctx: &Context<'_>) -> Result<Option<Location>, Error> {
        location(ctx, &self.0.location_id).await
    }

    async fn threshold(&self) -> i32 {
        self.0.threshold
    }

    async fn updated_by(&self) -> &str {
        &self.0.updated_by
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// What could not be sold of a SKU within a window of time.
#[derive(Debug, Clone)]
pub(crate) struct SaleAttempts(sale_attempt::Model);

pub(crate) type SaleAttemptsConnection = Connection<String, SaleAttempts>;

/// Which windows; what is left out does not matter.
#[derive(Debug, Default, InputObject)]
pub(crate) struct SaleAttemptsFilter {
    sku: Option<String>,
    /// The code of a sales channel.
    channel: Option<String>,
    /// Windows that began at this time or later.
    from: Option<DateTime<Utc>>,
    /// Windows that began before this time.
    until: Option<DateTime<Utc>>,
}

impl SaleAttemptsFilter {
    /// # Errors
    ///
    /// `BAD_USER_INPUT` when a text cannot be stored.
    pub(crate) fn checked(self) -> Result<AttemptFilter, Error> {
        storable("sku", self.sku.as_deref().unwrap_or_default())?;
        storable("channel", self.channel.as_deref().unwrap_or_default())?;
        let Self { sku, channel, from, until } = self;
        Ok(AttemptFilter { sku, channel, from, until })
    }
}

pub(crate) fn attempts_connection(page: Page<sale_attempt::Model>) -> SaleAttemptsConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: sale_attempt::Model| Edge::new(attempt_cursor(&row), SaleAttempts(row));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

#[Object(cache_control(private, no_cache))]
impl SaleAttempts {
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// Null when it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>, Error> {
        variant(ctx, &self.0.variant_id).await
    }

    /// The code of the sales channel; null for reservations without one.
    async fn channel(&self) -> Option<&str> {
        given(&self.0.channel)
    }

    async fn window_start(&self) -> DateTime<Utc> {
        self.0.window_start
    }

    async fn window_end(&self) -> DateTime<Utc> {
        self.0.window_start + TimeDelta::seconds(WINDOW_SECONDS)
    }

    /// How often pieces were refused for want of stock.
    async fn attempts(&self) -> i64 {
        self.0.attempts
    }

    async fn units_wanted(&self) -> i64 {
        self.0.units_wanted
    }

    /// Of the units that were wanted, how many were not sold then.
    async fn units_missed(&self) -> i64 {
        self.0.units_missed
    }

    /// About how many different shoppers it were: nearly always exact for a few, within some percent for a thousand, at most
    /// 7,098.
    async fn shoppers(&self) -> u64 {
        Shoppers::from_bytes(&self.0.shoppers).estimate()
    }
}

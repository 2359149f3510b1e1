//! Writing what became of alerts, and announcing it.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};
use serde_json::json;

use super::read::status_of;
use crate::{
    domain::alert::{AlertKind, AlertSeverity},
    entity::stock_alert::{Column, Entity, Model},
    store::{
        StoreError, now,
        outbox::{NewEvent, enqueue},
    },
};

/// Type of the event that tells of an alert.
pub const ALERT_CHANGED: &str = "com.selvedge.inventory.stock_alert_changed.v1";

/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 500;

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It is new.
    Raised,
    /// It was over for a short while only.
    Reopened,
    /// It matters more or less, or there is more of it.
    Changed,
    /// Somebody took note.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl Happened {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "RAISED",
            Self::Reopened => "REOPENED",
            Self::Changed => "CHANGED",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Resolved => "RESOLVED",
        }
    }
}

/// An alert as it is now, and what made it so. Its revision is the next one already.
#[derive(Debug, Clone)]
pub(crate) struct AlertChange {
    pub(crate) happened: Happened,
    pub(crate) row: Model,
}

impl AlertChange {
    /// `row` with `happened` to it at `now`.
    pub(super) fn of(mut row: Model, happened: Happened, now: DateTime<Utc>) -> Self {
        row.revision += 1;
        row.changed_at = now;
        match happened {
            Happened::Reopened => {
                row.resolved_at = None;
                row.occurrences = row.occurrences.saturating_add(1);
            }
            Happened::Resolved => row.resolved_at = Some(now),
            Happened::Raised | Happened::Changed | Happened::Acknowledged => {}
        }
        Self { happened, row }
    }

    /// The same with another severity. What has become worse nobody has taken note of.
    pub(super) fn with_severity(mut self, severity: AlertSeverity) -> Self {
        if severity == AlertSeverity::OutOfStock && self.row.severity != severity.as_str() {
            (self.row.acknowledged_at, self.row.acknowledged_by, self.row.note) = (None, None, None);
        }
        severity.as_str().clone_into(&mut self.row.severity);
        self
    }

    /// The same, over if its kind is when somebody takes note.
    pub(crate) fn ended_if_noted(mut self) -> Self {
        let ends = AlertKind::parse(&self.row.kind).is_some_and(AlertKind::ends_when_noted);
        if ends && self.row.acknowledged_at.is_some() {
            self.row.resolved_at = Some(self.row.changed_at);
        }
        self
    }
}

/// Writes `changes` and puts an event for each into the outbox; ring the relay's signal after commit.
///
/// # Errors
///
/// [`StoreError::Conflict`] when an alert is no longer as it was read.
pub(crate) async fn save(
    transaction: &impl ConnectionTrait,
    changes: &[AlertChange],
    correlation_id: &str,
) -> Result<(), StoreError> {
    let Some(first) = changes.first() else { return Ok(()) };
    let is_new = |change: &&AlertChange| change.happened == Happened::Raised;
    let new: Vec<&AlertChange> = changes.iter().filter(is_new).collect();
    for chunk in new.chunks(ROWS_PER_STATEMENT) {
        let rows = chunk.iter().map(|change| change.row.clone().into_active_model().reset_all());
        Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    for change in changes.iter().filter(|change| !is_new(change)) {
        let row = &change.row;
        let written = Entity::update_many()
            .set(row.clone().into_active_model().reset_all())
            .filter(Column::Id.eq(row.id.as_str()))
            .filter(Column::Revision.eq(row.revision - 1))
            .exec(transaction)
            .await?;
        if written.rows_affected != 1 {
            return Err(StoreError::Conflict { what: "stock_alert" });
        }
    }
    let events = changes.iter().map(event).collect();
    enqueue(transaction, events, first.row.changed_at, correlation_id).await
}

/// Counts what was committed.
pub(crate) fn count(changes: &[AlertChange]) {
    for AlertChange { happened, row } in changes {
        let labels = [("kind", row.kind.clone()), ("happened", happened.as_str().to_ascii_lowercase())];
        metrics::counter!("inventory_alerts_total", &labels).increment(1);
    }
}

/// Takes note of an alert on behalf of `actor`; `None` when there is no such alert. Hold the lock of alerts.
pub(crate) async fn acknowledge(
    transaction: &impl ConnectionTrait,
    id: &str,
    (actor, note): (&str, Option<&str>),
) -> Result<Option<AlertChange>, StoreError> {
    let found = Entity::find_by_id(id).lock(LockType::Update).one(transaction).await?;
    let Some(row) = found else { return Ok(None) };
    let now = now::read(transaction).await?;
    let mut change = AlertChange::of(row, Happened::Acknowledged, now);
    change.row.acknowledged_at = Some(now);
    change.row.acknowledged_by = Some(actor.to_owned());
    change.row.note = note.map(str::to_owned);
    Ok(Some(change))
}

/// What the bus is told: nothing of who took note, what they wrote, and who of the staff it is about.
fn event(AlertChange { happened, row }: &AlertChange) -> NewEvent {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut facts = row.facts.clone();
    if let Some(facts) = facts.as_object_mut() {
        facts.remove("actors");
    }
    let data = json!({
        "alertId": row.id,
        "happened": happened.as_str(),
        "kind": row.kind,
        "severity": row.severity,
        "status": status_of(row).as_str(),
        "sku": row.sku,
        "variantId": row.variant_id,
        "productId": row.product_id,
        "locationId": given(&row.location_id),
        "channel": given(&row.channel),
        "threshold": row.threshold,
        "available": row.available,
        "facts": facts,
        "occurrences": row.occurrences,
        "raisedAt": row.raised_at,
        "resolvedAt": row.resolved_at,
        "revision": row.revision,
    });
    NewEvent {
        event_type: ALERT_CHANGED,
        schema: "stock_alert_changed.v1",
        subject: row.id.clone(),
        revision: row.revision,
        data,
    }
}

//! Alerts as staff asks for them.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    domain::alert::{AlertKind, AlertSeverity},
    entity::stock_alert::{Column, Entity, Model},
    store::{
        Store, StoreError,
        catalog_read::{Key, Ordering, Page, PageRequest, ReadError, among, encode_cursor, select_page},
    },
};

/// Where an alert is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertStatus {
    /// Nobody has taken note.
    Open,
    /// Somebody has, and it is not over.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl AlertStatus {
    /// The name in events and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Resolved => "RESOLVED",
        }
    }
}

/// Where the alert in this row is in its life.
#[must_use]
pub const fn status_of(row: &Model) -> AlertStatus {
    match (&row.resolved_at, &row.acknowledged_at) {
        (Some(_), _) => AlertStatus::Resolved,
        (None, Some(_)) => AlertStatus::Acknowledged,
        (None, None) => AlertStatus::Open,
    }
}

/// Which alerts are asked for; what is empty does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertFilter {
    /// Of one of these kinds.
    pub kinds: Vec<AlertKind>,
    /// Of one of these severities.
    pub severities: Vec<AlertSeverity>,
    /// In one of these states.
    pub statuses: Vec<AlertStatus>,
    /// Of one of these SKUs.
    pub skus: Vec<String>,
    /// At this location.
    pub location_id: Option<String>,
    /// Through this channel.
    pub channel: Option<String>,
}

impl AlertFilter {
    /// Whether the alert in this row is asked for.
    #[must_use]
    pub fn admits(&self, row: &Model) -> bool {
        let any = |names: &mut dyn Iterator<Item = &str>, own: &str| {
            let mut names = names.peekable();
            names.peek().is_none() || names.any(|name| name == own)
        };
        any(&mut self.kinds.iter().map(|kind| kind.as_str()), &row.kind)
            && any(&mut self.severities.iter().map(|severity| severity.as_str()), &row.severity)
            && any(&mut self.statuses.iter().map(|status| status.as_str()), status_of(row).as_str())
            && any(&mut self.skus.iter().map(String::as_str), &row.sku)
            && self.location_id.as_ref().is_none_or(|id| *id == row.location_id)
            && self.channel.as_ref().is_none_or(|channel| *channel == row.channel)
    }

    fn condition(&self) -> Condition {
        let mut all = Condition::all();
        if !self.kinds.is_empty() {
            all = all.add(Column::Kind.is_in(self.kinds.iter().map(|kind| kind.as_str())));
        }
        if !self.severities.is_empty() {
            all = all.add(Column::Severity.is_in(self.severities.iter().map(|severity| severity.as_str())));
        }
        if !self.skus.is_empty() {
            all = all.add(Column::Sku.is_in(self.skus.iter().map(String::as_str)));
        }
        all = all.add_option(self.location_id.as_ref().map(|id| Column::LocationId.eq(id.as_str())));
        all = all.add_option(self.channel.as_ref().map(|channel| Column::Channel.eq(channel.as_str())));
        self.of_statuses(all)
    }

    fn of_statuses(&self, all: Condition) -> Condition {
        let has = |status| self.statuses.is_empty() || self.statuses.contains(&status);
        match (has(AlertStatus::Open), has(AlertStatus::Acknowledged), has(AlertStatus::Resolved)) {
            (true, true, true) => all,
            // Said by itself, so that the index of what is open serves.
            (open, noted, false) => {
                let all = all.add(Column::ResolvedAt.is_null());
                match (open, noted) {
                    (true, false) => all.add(Column::AcknowledgedAt.is_null()),
                    (false, true) => all.add(Column::AcknowledgedAt.is_not_null()),
                    _ => all,
                }
            }
            (false, false, true) => all.add(Column::ResolvedAt.is_not_null()),
            (open, _, true) => {
                let noted = Column::AcknowledgedAt.is_null();
                let noted = if open { noted } else { Column::AcknowledgedAt.is_not_null() };
                all.add(Condition::any().add(Column::ResolvedAt.is_not_null()).add(noted))
            }
        }
    }
}

fn ordering() -> Ordering {
    Ordering::by("stock_alerts", Column::RaisedAt, Column::Id).descending()
}

/// The cursor of `row` in the list.
#[must_use]
pub fn alert_cursor(row: &Model) -> String {
    encode_cursor(ordering().name, Key::Time(row.raised_at), &row.id)
}

/// One page of the alerts that `filter` leaves, the latest raised in front.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_alerts(store: &Store, filter: &AlertFilter, page: &PageRequest) -> Result<Page<Model>, ReadError> {
    let select = select_page(Entity::find().filter(filter.condition()), &ordering(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// The alerts with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn alerts_by_id(store: &Store, ids: &[String]) -> Result<Vec<Model>, StoreError> {
    let reader = store.reader();
    let own = among(sea_orm::ConnectionTrait::get_database_backend(reader), Column::Id, ids.iter().cloned());
    Ok(Entity::find().filter(own).all(reader).await?)
}

/// Up to `limit` alerts that changed at or after `since`, in the order of changing.
///
/// # Errors
///
/// When the store fails.
pub async fn changed_since(store: &Store, since: DateTime<Utc>, limit: u64) -> Result<Vec<Model>, StoreError> {
    let rows = Entity::find().filter(Column::ChangedAt.gte(since)).order_by_asc(Column::ChangedAt);
    Ok(rows.order_by_asc(Column::Id).limit(limit).all(store.reader()).await?)
}

/// How many alerts are open, acknowledged ones included, by kind and severity.
///
/// # Errors
///
/// When the store fails.
pub async fn count_open(store: &Store) -> Result<Vec<(String, String, i64)>, StoreError> {
    let counts = Entity::find()
        .select_only()
        .columns([Column::Kind, Column::Severity])
        .column_as(Expr::col(Column::Id).count(), "alerts")
        .filter(Column::ResolvedAt.is_null())
        .group_by(Column::Kind)
        .group_by(Column::Severity);
    Ok(counts.into_tuple().all(store.reader()).await?)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{AlertFilter, AlertStatus, Model};
    use crate::domain::alert::{AlertKind, AlertSeverity};

    fn row() -> Model {
        Model {
            id: "1".to_owned(),
            kind: "STOCK_LEVEL".to_owned(),
            severity: "LOW_STOCK".to_owned(),
            variant_id: "v".to_owned(),
            product_id: "p".to_owned(),
            sku: "S".to_owned(),
            location_id: "l".to_owned(),
            channel: String::new(),
            threshold: Some(5),
            available: Some(3),
            facts: serde_json::json!({}),
            occurrences: 1,
            revision: 1,
            raised_at: DateTime::UNIX_EPOCH,
            changed_at: DateTime::UNIX_EPOCH,
            resolved_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
        }
    }

    #[test]
    fn each_part_of_a_filter_can_say_no() {
        let all = AlertFilter::default();
        assert!(all.admits(&row()));
        let (kinds, severities) = (vec![AlertKind::SaleAttempts], vec![AlertSeverity::OutOfStock]);
        for refusing in [
            AlertFilter { kinds, ..all.clone() },
            AlertFilter { severities, ..all.clone() },
            AlertFilter { statuses: vec![AlertStatus::Acknowledged, AlertStatus::Resolved], ..all.clone() },
            AlertFilter { skus: vec!["T".to_owned()], ..all.clone() },
            AlertFilter { location_id: Some("m".to_owned()), ..all.clone() },
            AlertFilter { channel: Some("web".to_owned()), ..all.clone() },
        ] {
            assert!(!refusing.admits(&row()), "{refusing:?}");
        }
        let noted = Model { acknowledged_at: Some(DateTime::UNIX_EPOCH), ..row() };
        let statuses = vec![AlertStatus::Acknowledged];
        assert!(AlertFilter { statuses, skus: vec!["S".to_owned()], ..all }.admits(&noted));
    }
}

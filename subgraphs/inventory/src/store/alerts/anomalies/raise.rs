//! What was found odd → alerts that are raised, and those that it is news to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::{
    super::{
        level::{PlaceKey, Watched, resolved_since, watched},
        write::{AlertChange, Happened},
    },
    NEWS_FOR,
};
use crate::{
    domain::alert::{AlertKind, AlertSettings, AlertSeverity},
    entity::{
        stock_alert::{Column, Entity, Model},
        variant,
    },
    store::{StoreError, catalog_read::among},
};

/// Something odd at one place.
#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub(super) kind: AlertKind,
    /// Variant and location; none for over all of them.
    pub(super) place: PlaceKey,
    pub(super) threshold: Option<i32>,
    /// What is known: an object.
    pub(super) facts: Value,
    /// With the same of these facts it is the same matter.
    pub(super) same: &'static [&'static str],
    /// And then it is told again when this fact has doubled.
    pub(super) measure: Option<&'static str>,
}

impl Incident {
    fn severity(&self) -> AlertSeverity {
        match self.kind {
            AlertKind::LedgerMismatch | AlertKind::CommittedUnexplained => AlertSeverity::Inconsistent,
            _ => AlertSeverity::Unusual,
        }
    }

    fn is_same(&self, told: &Value) -> bool {
        self.same.iter().all(|name| told.get(name) == self.facts.get(name))
    }

    fn has_doubled(&self, told: &Value) -> bool {
        let Some(name) = self.measure else { return false };
        let of = |facts: &Value| facts.get(name).and_then(Value::as_i64).unwrap_or_default();
        of(&self.facts) >= of(told).saturating_mul(2)
    }

    /// Puts what is known into the alert. Of another matter than was told nobody has taken note.
    fn put(&self, row: &mut Model, is_same: bool) {
        if !is_same {
            (row.acknowledged_at, row.acknowledged_by, row.note) = (None, None, None);
        }
        (row.threshold, row.facts) = (self.threshold, self.facts.clone());
    }
}

type Key = (&'static str, String, String);

fn key_of(row: &Model) -> Option<Key> {
    AlertKind::parse(&row.kind).map(|kind| (kind.as_str(), row.variant_id.clone(), row.location_id.clone()))
}

/// What is known of the places of incidents: alerts that are not over, those that were over a short while ago and are the
/// same when they are raised again, and those that somebody has taken note of.
struct Known {
    variants: BTreeMap<String, Watched>,
    open: BTreeMap<Key, Model>,
    recent: BTreeMap<Key, Model>,
    /// What somebody took note of.
    noted: BTreeMap<Key, Model>,
}

impl Known {
    async fn read(
        transaction: &impl ConnectionTrait,
        incidents: &[Incident],
        (now, reopen_within): (DateTime<Utc>, TimeDelta),
    ) -> Result<Self, StoreError> {
        let ids: BTreeSet<String> = incidents.iter().map(|incident| incident.place.0.clone()).collect();
        let kinds: BTreeSet<&str> = incidents.iter().map(|incident| incident.kind.as_str()).collect();
        let variants = watched(transaction, variant::Column::Id, ids.clone()).await?;
        let (mut recent, mut noted) = (BTreeMap::new(), BTreeMap::new());
        for kind in AlertKind::ALL.iter().filter(|kind| kinds.contains(kind.as_str())) {
            let (over, within) =
                if kind.ends_when_noted() { (&mut noted, NEWS_FOR) } else { (&mut recent, reopen_within) };
            let rows = resolved_since(transaction, *kind, ids.clone(), now - within).await?;
            over.extend(rows.into_values().filter_map(|row| Some((key_of(&row)?, row))));
        }
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let open = open_of(transaction, &kinds, ids).await?;
        let open = open.into_iter().filter_map(|row| Some((key_of(&row)?, row))).collect();
        let variants = variants.into_iter().map(|row| (row.id.clone(), row)).collect();
        Ok(Self { variants, open, recent, noted })
    }

    /// What becomes of the alert at the place of `incident`; `None` when that is no news to it.
    fn change(&mut self, incident: &Incident, now: DateTime<Utc>) -> Option<AlertChange> {
        let key = (incident.kind.as_str(), incident.place.0.clone(), incident.place.1.clone());
        if let Some(row) = self.open.remove(&key) {
            let is_same = incident.is_same(&row.facts);
            if is_same && !incident.has_doubled(&row.facts) {
                self.open.insert(key, row);
                return None;
            }
            let mut change = AlertChange::of(row, Happened::Changed, now);
            change.row.occurrences = change.row.occurrences.saturating_add(i32::from(!is_same));
            incident.put(&mut change.row, is_same);
            return Some(change);
        }
        let is_noted = |row: &Model| incident.is_same(&row.facts) && !incident.has_doubled(&row.facts);
        if self.noted.get(&key).is_some_and(is_noted) {
            return None;
        }
        let mut change = match self.recent.remove(&key) {
            Some(row) => AlertChange::of(row, Happened::Reopened, now),
            None => {
                let mut row =
                    self.variants.get(&incident.place.0)?.new_alert((incident.kind, incident.severity()), now);
                row.location_id.clone_from(&incident.place.1);
                // How much is there says nothing of what is odd at one place of many.
                row.available = row.available.filter(|_| incident.place.1.is_empty());
                AlertChange::of(row, Happened::Raised, now)
            }
        };
        let is_same = incident.is_same(&change.row.facts);
        incident.put(&mut change.row, is_same);
        Some(change)
    }
}

/// Raises alerts of `incidents`, as far as they are news. Two at one place at once become one alert that says the later one.
pub(super) async fn raise(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
    incidents: Vec<Incident>,
    now: DateTime<Utc>,
) -> Result<Vec<AlertChange>, StoreError> {
    if incidents.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = Known::read(transaction, &incidents, (now, settings.reopen_within)).await?;
    let mut changes: BTreeMap<Key, AlertChange> = BTreeMap::new();
    for incident in &incidents {
        let key = (incident.kind.as_str(), incident.place.0.clone(), incident.place.1.clone());
        if let Some(change) = changes.get_mut(&key) {
            let is_same = incident.is_same(&change.row.facts);
            if !is_same {
                change.row.occurrences = change.row.occurrences.saturating_add(1);
            }
            incident.put(&mut change.row, is_same);
        } else if let Some(change) = known.change(incident, now) {
            changes.insert(key, change);
        }
    }
    Ok(changes.into_values().collect())
}

/// Alerts of these kinds and variants that are not over.
pub(super) async fn open_of(
    connection: &impl ConnectionTrait,
    kinds: &[&str],
    variant_ids: BTreeSet<String>,
) -> Result<Vec<Model>, StoreError> {
    let rows = Entity::find()
        .filter(among(connection.get_database_backend(), Column::VariantId, variant_ids))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .filter(Column::ResolvedAt.is_null());
    Ok(rows.all(connection).await?)
}

/// The first `limit` alerts of a kind that are not over, the oldest in front.
pub(super) async fn open_of_kind(
    connection: &impl ConnectionTrait,
    kind: AlertKind,
    limit: u64,
) -> Result<Vec<Model>, StoreError> {
    let rows = Entity::find().filter(Column::Kind.eq(kind.as_str())).filter(Column::ResolvedAt.is_null());
    Ok(rows.order_by_asc(Column::Id).limit(limit).all(connection).await?)
}

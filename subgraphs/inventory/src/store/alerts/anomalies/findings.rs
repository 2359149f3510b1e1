//! What comparing the ledger with levels has found.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::{
    super::write::{AlertChange, Happened},
    raise::{Incident, open_of, raise},
};
use crate::{
    domain::alert::{AlertKind, AlertSettings},
    entity::stock_alert::{Column, Entity},
    store::{Discrepancy, StoreError, now, verify::Checked},
};

/// Kinds that are found by comparing.
const KINDS: [AlertKind; 2] = [AlertKind::LedgerMismatch, AlertKind::CommittedUnexplained];

fn kinds() -> [&'static str; 2] {
    KINDS.map(AlertKind::as_str)
}

/// Up to `limit` variants of which something is open that comparing has found, the oldest in front.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn open_findings(connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String, String)> = Entity::find()
        .select_only()
        .columns([Column::VariantId, Column::Id])
        .filter(Column::Kind.is_in(kinds()))
        .filter(Column::ResolvedAt.is_null())
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await?;
    let ids: BTreeSet<String> = rows.into_iter().map(|(variant_id, _)| variant_id).collect();
    Ok(ids.into_iter().collect())
}

/// Raises alerts of what was found, and ends those of the variants that were compared and of which nothing was. Hold the lock
/// of alerts; [`super::super::save`] what it gives.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn settle_findings(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
    checked: &Checked,
) -> Result<Vec<AlertChange>, StoreError> {
    let now = now::read(transaction).await?;
    let incidents: Vec<Incident> =
        incidents(checked).into_iter().filter(|incident| settings.is_on(incident.kind)).collect();
    let found: BTreeSet<Place> = incidents
        .iter()
        .map(|incident| (incident.kind.as_str(), incident.place.0.clone(), incident.place.1.clone()))
        .collect();
    let open = open_of(transaction, &kinds(), checked.asked.clone()).await?;
    let mut changes = raise(transaction, settings, incidents, now).await?;
    let is_over = |row: &crate::entity::stock_alert::Model| {
        !found.contains(&(row.kind.as_str(), row.variant_id.clone(), row.location_id.clone()))
    };
    changes.extend(open.into_iter().filter(is_over).map(|row| AlertChange::of(row, Happened::Resolved, now)));
    Ok(changes)
}

/// Kind, variant, location.
type Place = (&'static str, String, String);

/// One incident for each kind and place.
fn incidents(checked: &Checked) -> Vec<Incident> {
    let mut places: BTreeMap<Place, Vec<(Found, String)>> = BTreeMap::new();
    for discrepancy in &checked.report.discrepancies {
        let Some(found) = found(checked, discrepancy) else { continue };
        let place = (found.kind.as_str(), found.variant_id.clone(), found.location_id.clone());
        places.entry(place).or_default().push((found, discrepancy.to_string()));
    }
    places.into_values().filter_map(incident).collect()
}

fn incident(found: Vec<(Found, String)>) -> Option<Incident> {
    let (first, _) = found.first()?;
    let (kind, place) = (first.kind, (first.variant_id.clone(), first.location_id.clone()));
    let (differences, texts): (Vec<String>, Vec<String>) =
        found.into_iter().map(|(found, text)| (found.difference, text)).unzip();
    Some(Incident {
        kind,
        place,
        threshold: None,
        facts: json!({ "difference": differences.join("; "), "found": texts.join("; ") }),
        // What is compared goes on moving while the difference stays.
        same: &["difference"],
        measure: None,
    })
}

struct Found {
    kind: AlertKind,
    variant_id: String,
    location_id: String,
    difference: String,
}

/// Where a discrepancy is; `None` for what is not at a level or a badge.
fn found(checked: &Checked, discrepancy: &Discrepancy) -> Option<Found> {
    let (kind, everywhere) = (AlertKind::LedgerMismatch, String::new());
    let of_sku = |kind, sku: &str, location_id: &str, difference| {
        let variant_id = checked.skus.get(sku)?.clone();
        Some(Found { kind, variant_id, location_id: location_id.to_owned(), difference })
    };
    match discrepancy {
        Discrepancy::Level { sku, location_id, difference, .. } => of_sku(kind, sku, location_id, difference.clone()),
        Discrepancy::Inbound { sku, location_id, incoming, open } => {
            of_sku(kind, sku, location_id, format!("incoming {:+}", incoming - open))
        }
        Discrepancy::Badge { sku, shown, offered } => {
            of_sku(kind, sku, &everywhere, format!("badge {:+}", i64::from(*shown) - i64::from(*offered)))
        }
        Discrepancy::State { sku, shown, made } => of_sku(kind, sku, &everywhere, format!("{shown} for {made}")),
        Discrepancy::Impossible(event) => Some(Found {
            kind,
            variant_id: event.variant_id.clone(),
            location_id: event.location_id.clone(),
            difference: format!("event {}", event.version),
        }),
        Discrepancy::Committed { sku, location_id, committed, held } => {
            let difference = format!("committed {:+}", i64::from(*committed) - held);
            of_sku(AlertKind::CommittedUnexplained, sku, location_id, difference)
        }
        // An event of an unknown kind leaves a gap, which is told of the event behind it, or a level that is further.
        Discrepancy::UnknownKind { .. } | Discrepancy::Promised { .. } | Discrepancy::Projected { .. } => None,
    }
}

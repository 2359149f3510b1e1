//! Proving that what is incoming, as far as it comes from orders and shipments, is what their lines are still to bring.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};

use crate::{
    domain::EventKind,
    entity::{inbound_line, promise_part, stock_event},
    store::{Discrepancy, StoreError},
};

/// Sums of pieces by variant and location.
type Sums = BTreeMap<(String, String), i64>;

/// Compares the events of inbound lines with the open lines of some variants, whose SKUs are in `skus` by id.
pub(in crate::store) async fn verify_inbound(
    snapshot: &impl ConnectionTrait,
    skus: &HashMap<&str, &str>,
    found: &mut Vec<Discrepancy>,
) -> Result<(), StoreError> {
    let (told, open) = (told_by_events(snapshot, skus).await?, open_lines(snapshot, skus).await?);
    let mut keys: Vec<&(String, String)> = told.keys().chain(open.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (incoming, open) = (told.get(key).copied().unwrap_or_default(), open.get(key).copied().unwrap_or_default());
        if incoming != open {
            let sku = skus.get(key.0.as_str()).copied().unwrap_or_default().to_owned();
            found.push(Discrepancy::Inbound { sku, location_id: key.1.clone(), incoming, open });
        }
    }
    verify_promises(snapshot, skus, found).await
}

/// Compares what lines say is promised of them with the parts of promises.
async fn verify_promises(
    snapshot: &impl ConnectionTrait,
    skus: &HashMap<&str, &str>,
    found: &mut Vec<Discrepancy>,
) -> Result<(), StoreError> {
    let of_line = promise_part::Entity::belongs_to(inbound_line::Entity)
        .from(promise_part::Column::LineId)
        .to(inbound_line::Column::Id)
        .into();
    let parts: Vec<(String, i64)> = promise_part::Entity::find()
        .select_only()
        .column(promise_part::Column::LineId)
        .column_as(promise_part::Column::Quantity.sum(), "promised")
        .join(JoinType::InnerJoin, of_line)
        .filter(inbound_line::Column::VariantId.is_in(skus.keys().copied()))
        .group_by(promise_part::Column::LineId)
        .into_tuple()
        .all(snapshot)
        .await?;
    let mut parts: HashMap<String, i64> = parts.into_iter().collect();
    let lines = inbound_line::Entity::find()
        .filter(inbound_line::Column::VariantId.is_in(skus.keys().copied()))
        .filter(inbound_line::Column::OpenQuantity.gt(0))
        .all(snapshot)
        .await?;
    for line in lines {
        let parts = parts.remove(&line.id).unwrap_or_default();
        if parts != i64::from(line.promised_quantity) {
            let (line_id, promised) = (line.id, line.promised_quantity);
            found.push(Discrepancy::Promised { line_id, promised, parts });
        }
    }
    // Of lines of which nothing is still to come nothing is promised.
    let left = parts.into_iter().filter(|(_, parts)| *parts != 0);
    found.extend(left.map(|(line_id, parts)| Discrepancy::Promised { line_id, promised: 0, parts }));
    Ok(())
}

async fn told_by_events(snapshot: &impl ConnectionTrait, skus: &HashMap<&str, &str>) -> Result<Sums, StoreError> {
    let kinds = EventKind::ALL.iter().filter(|kind| kind.is_inbound()).map(|kind| kind.as_str());
    let rows: Vec<(String, String, i64)> = stock_event::Entity::find()
        .select_only()
        .columns([stock_event::Column::VariantId, stock_event::Column::LocationId])
        .column_as(stock_event::Column::IncomingDelta.sum(), "incoming")
        .filter(stock_event::Column::VariantId.is_in(skus.keys().copied()))
        .filter(stock_event::Column::Kind.is_in(kinds))
        .group_by(stock_event::Column::VariantId)
        .group_by(stock_event::Column::LocationId)
        .into_tuple()
        .all(snapshot)
        .await?;
    Ok(sums(rows))
}

async fn open_lines(snapshot: &impl ConnectionTrait, skus: &HashMap<&str, &str>) -> Result<Sums, StoreError> {
    let rows: Vec<(String, String, i64)> = inbound_line::Entity::find()
        .select_only()
        .columns([inbound_line::Column::VariantId, inbound_line::Column::LocationId])
        .column_as(inbound_line::Column::OpenQuantity.sum(), "open")
        .filter(inbound_line::Column::VariantId.is_in(skus.keys().copied()))
        .filter(inbound_line::Column::OpenQuantity.gt(0))
        .group_by(inbound_line::Column::VariantId)
        .group_by(inbound_line::Column::LocationId)
        .into_tuple()
        .all(snapshot)
        .await?;
    Ok(sums(rows))
}

fn sums(rows: Vec<(String, String, i64)>) -> Sums {
    rows.into_iter().map(|(variant_id, location_id, pieces)| ((variant_id, location_id), pieces)).collect()
}

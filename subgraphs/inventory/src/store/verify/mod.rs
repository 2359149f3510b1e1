//! Proving that what commands wrote equals the replayed ledger.

mod report;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Store, StoreError, badges, catalog_read::among, projected::projected_quantities, reservations::ACTIVE,
    supply::verify_inbound,
};
use crate::{
    domain::{Badge, EventKind, Level, Place, Quantities, StockEvent, StockState},
    entity::{location, order_allocation, reservation, reservation_line, stock_event, stock_level, variant},
};

pub use report::{DISCREPANCIES_KEPT, Discrepancy, Verification};

/// Variants whose levels are compared at once; with 800 locations that is 80,000 levels.
pub(crate) const VARIANTS_PER_PAGE: u64 = 100;
/// Events that are read at once.
const EVENTS_PER_PAGE: u64 = 5_000;

/// Levels by `(variant, location)`.
pub(crate) type Levels = BTreeMap<(String, String), Level>;

/// Replays the ledger and compares it with levels, reservations and badges, page by page. Each page is read as of one moment,
/// so that it may run while shoppers buy.
///
/// # Errors
///
/// When the database fails.
pub async fn verify(store: &Store) -> Result<Verification, StoreError> {
    verify_with(store, |_| ()).await
}

/// The same; `progress` hears after each page what was compared so far.
///
/// # Errors
///
/// When the database fails.
pub async fn verify_with(
    store: &Store,
    mut progress: impl FnMut(&Verification) + Send,
) -> Result<Verification, StoreError> {
    let mut report = Verification::default();
    let mut after = String::new();
    loop {
        let checked = check(store, Which::After { variant_id: &after, limit: VARIANTS_PER_PAGE }).await?;
        let Some(last) = checked.last else { return Ok(report) };
        after = last;
        report.add(checked.report);
        progress(&report);
    }
}

/// Which variants are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    /// So many that follow this one in the order of ids.
    After { variant_id: &'a str, limit: u64 },
    /// These, as far as they are there.
    These(&'a [String]),
}

/// What comparing some variants gave.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Variants that were compared, and those that were asked for and are gone.
    pub(crate) asked: BTreeSet<String>,
    /// Those that are there, by SKU.
    pub(crate) skus: HashMap<String, String>,
    /// The last of them in the order of ids; `None` when there was none.
    pub(crate) last: Option<String>,
    /// What differs; all of it.
    pub(crate) report: Verification,
}

/// Compares some variants with their events, as of one moment.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn check(store: &Store, which: Which<'_>) -> Result<Checked, StoreError> {
    let snapshot = store.begin_snapshot().await?;
    let variants = variant::Entity::find().order_by_asc(variant::Column::Id);
    let variants = match which {
        Which::After { variant_id, limit } => variants.filter(variant::Column::Id.gt(variant_id)).limit(limit),
        Which::These(ids) => {
            variants.filter(among(snapshot.get_database_backend(), variant::Column::Id, ids.iter().cloned()))
        }
    };
    let variants = variants.all(&snapshot).await?;
    let mut report = Verification::default();
    if !variants.is_empty() {
        verify_page(&snapshot, &variants, &mut report).await?;
    }
    snapshot.commit().await?;
    let mut asked: BTreeSet<String> = variants.iter().map(|row| row.id.clone()).collect();
    if let Which::These(ids) = which {
        asked.extend(ids.iter().cloned());
    }
    let last = variants.last().map(|row| row.id.clone());
    Ok(Checked { asked, skus: variants.into_iter().map(|row| (row.sku, row.id)).collect(), last, report })
}

async fn verify_page(
    snapshot: &impl ConnectionTrait,
    variants: &[variant::Model],
    report: &mut Verification,
) -> Result<(), StoreError> {
    let places = location::Entity::find().all(snapshot).await?;
    let places: HashMap<String, Place> =
        places.into_iter().map(|row| (row.id, Place { priority: row.priority, active: row.active })).collect();
    let ids: Vec<&str> = variants.iter().map(|variant| variant.id.as_str()).collect();
    let replayed = replay(snapshot, &ids, report).await?;
    let stored = stored_levels(snapshot, &ids).await?;
    let held = promised(snapshot, &ids).await?;
    report.variants += report::count(variants.len());
    report.levels += report::count(stored.len());
    let skus: HashMap<&str, &str> = variants.iter().map(|row| (row.id.as_str(), row.sku.as_str())).collect();
    verify_levels(&skus, (&stored, &replayed), &held, report);
    verify_inbound(snapshot, &skus, &mut report.discrepancies).await?;
    verify_badges(variants, &stored, &places, report)?;
    let projected = projected_quantities(snapshot, &ids).await?;
    if let Some(projected) = projected {
        verify_projected(&skus, &projected, &replayed, report);
    }
    Ok(())
}

/// Compares levels with their events, and what is committed of them with what is promised.
fn verify_levels(
    skus: &HashMap<&str, &str>,
    (stored, replayed): (&Levels, &Levels),
    held: &HashMap<(String, String), i64>,
    report: &mut Verification,
) {
    let sku = |variant_id: &str| skus.get(variant_id).copied().unwrap_or_default().to_owned();
    let keys: BTreeSet<&(String, String)> = stored.keys().chain(replayed.keys()).collect();
    for key in keys {
        let (is, should) =
            (stored.get(key).copied().unwrap_or_default(), replayed.get(key).copied().unwrap_or_default());
        if is != should {
            let (stored, replayed) = (format!("{is:?}"), format!("{should:?}"));
            let (sku, location_id, difference) = (sku(&key.0), key.1.clone(), difference(&is, &should));
            report.discrepancies.push(Discrepancy::Level { sku, location_id, stored, replayed, difference });
        }
        let holds = held.get(key).copied().unwrap_or_default();
        if i64::from(should.quantities.committed) != holds {
            let (sku, location_id, committed) = (sku(&key.0), key.1.clone(), should.quantities.committed);
            report.discrepancies.push(Discrepancy::Committed { sku, location_id, committed, held: holds });
        }
    }
}

/// By how much each part of a level differs.
fn difference(is: &Level, should: &Level) -> String {
    let (own, other) = (&is.quantities, &should.quantities);
    let parts = [
        ("on hand", own.on_hand, other.on_hand),
        ("committed", own.committed, other.committed),
        ("reserved", own.reserved, other.reserved),
        ("damaged", own.damaged, other.damaged),
        ("quality control", own.quality_control, other.quality_control),
        ("safety stock", own.safety_stock, other.safety_stock),
        ("incoming", own.incoming, other.incoming),
    ];
    let quantities = parts.iter().map(|(name, is, should)| (*name, i64::from(*is) - i64::from(*should)));
    let all = quantities.chain([("version", is.version - should.version)]);
    let text: Vec<String> = all.filter(|(_, by)| *by != 0).map(|(name, by)| format!("{name} {by:+}")).collect();
    text.join(", ")
}

/// Compares projected levels; one that has fewer events than its level is behind, which is no fault.
fn verify_projected(skus: &HashMap<&str, &str>, projected: &Levels, replayed: &Levels, report: &mut Verification) {
    let keys: BTreeSet<&(String, String)> = projected.keys().chain(replayed.keys()).collect();
    for key in keys {
        // Of the range of ids, those of variants that are there.
        let Some(sku) = skus.get(key.0.as_str()) else { continue };
        let (is, should) =
            (projected.get(key).copied().unwrap_or_default(), replayed.get(key).copied().unwrap_or_default());
        if is.version < should.version {
            report.behind += 1;
        } else if is != should {
            let (projected, replayed) = (format!("{is:?}"), format!("{should:?}"));
            let (sku, location_id) = ((*sku).to_owned(), key.1.clone());
            report.discrepancies.push(Discrepancy::Projected { sku, location_id, projected, replayed });
        }
    }
}

fn verify_badges(
    variants: &[variant::Model],
    levels: &Levels,
    places: &HashMap<String, Place>,
    report: &mut Verification,
) -> Result<(), StoreError> {
    let mut offered: HashMap<&str, i32> = HashMap::new();
    for ((variant_id, location_id), level) in levels {
        if places.get(location_id).is_some_and(|place| place.active) {
            let sum = offered.entry(variant_id).or_default();
            *sum = sum.saturating_add(level.available());
        }
    }
    for variant in variants {
        let badge = badges::of_variant(variant)?;
        let offered = offered.get(variant.id.as_str()).copied().unwrap_or_default();
        if badge.available != offered {
            let (sku, shown) = (badge.sku.clone(), badge.available);
            report.discrepancies.push(Discrepancy::Badge { sku, shown, offered });
        }
        // Where low stock begins is a setting, so that low and plenty are the same here. A badge that was never made says
        // nothing yet.
        let made = Badge::of(offered, badges::policy(&variant.stock_policy)?, None, 0, 0).state;
        let shown = if badge.state == StockState::LowStock { StockState::InStock } else { badge.state };
        if badge.revision > 0 && shown != made {
            let (sku, shown, made) = (badge.sku, shown.as_str(), made.as_str());
            report.discrepancies.push(Discrepancy::State { sku, shown, made });
        }
    }
    Ok(())
}

/// Folds all events of the variants, whose ids must be sorted; what does not fit goes to the report. Reads page by page:
/// the variants' levels are held in memory, and their events, which grow with time, are not.
pub(crate) async fn replay(
    connection: &impl ConnectionTrait,
    variant_ids: &[&str],
    report: &mut Verification,
) -> Result<Levels, StoreError> {
    let mut levels = Levels::new();
    let (Some(first), Some(last)) = (variant_ids.first(), variant_ids.last()) else { return Ok(levels) };
    let mut after: Option<(String, String, i64)> = None;
    loop {
        // A range and not a list, so that the index gives the rows in their order.
        let mut page = stock_event::Entity::find()
            .filter(stock_event::Column::VariantId.gte(*first))
            .filter(stock_event::Column::VariantId.lte(*last))
            .order_by_asc(stock_event::Column::VariantId)
            .order_by_asc(stock_event::Column::LocationId)
            .order_by_asc(stock_event::Column::Version)
            .limit(EVENTS_PER_PAGE);
        if let Some((variant_id, location_id, version)) = after {
            let place = Expr::tuple([
                Expr::col(stock_event::Column::VariantId),
                Expr::col(stock_event::Column::LocationId),
                Expr::col(stock_event::Column::Version),
            ]);
            page = page.filter(place.gt(Expr::tuple([variant_id.into(), location_id.into(), version.into()])));
        }
        let rows = page.all(connection).await?;
        let Some(end) = rows.last() else { return Ok(levels) };
        after = Some((end.variant_id.clone(), end.location_id.clone(), end.version));
        for row in rows {
            // Between the ids may be those of variants that are gone.
            if variant_ids.binary_search(&row.variant_id.as_str()).is_ok() {
                report.events += 1;
                fold(row, &mut levels, report);
            }
        }
    }
}

fn fold(row: stock_event::Model, levels: &mut Levels, report: &mut Verification) {
    let Some(kind) = EventKind::parse(&row.kind) else {
        report.discrepancies.push(Discrepancy::UnknownKind { event_id: row.id, kind: row.kind });
        return;
    };
    let key = (row.variant_id.clone(), row.location_id.clone());
    let event = StockEvent {
        variant_id: row.variant_id,
        location_id: row.location_id,
        version: row.version,
        kind,
        change: Quantities {
            on_hand: row.on_hand_delta,
            committed: row.committed_delta,
            reserved: row.reserved_delta,
            damaged: row.damaged_delta,
            quality_control: row.quality_control_delta,
            safety_stock: row.safety_stock_delta,
            incoming: row.incoming_delta,
        },
    };
    let level = levels.entry(key).or_default();
    match level.evolve(&event) {
        Ok(next) => *level = next,
        Err(impossible) => report.discrepancies.push(impossible.into()),
    }
}

async fn stored_levels(snapshot: &impl ConnectionTrait, variant_ids: &[&str]) -> Result<Levels, StoreError> {
    let rows = stock_level::Entity::find()
        .filter(stock_level::Column::VariantId.is_in(variant_ids.iter().copied()))
        .all(snapshot)
        .await?;
    let level = |row: stock_level::Model| {
        let level = Level::from(&row);
        ((row.variant_id, row.location_id), level)
    };
    Ok(rows.into_iter().map(level).collect())
}

/// What active reservations hold of the variants and open order lines promise, by level.
async fn promised(
    snapshot: &impl ConnectionTrait,
    variant_ids: &[&str],
) -> Result<HashMap<(String, String), i64>, StoreError> {
    let mut promised = held(snapshot, variant_ids).await?;
    let ordered: Vec<(String, String, i64)> = order_allocation::Entity::find()
        .select_only()
        .columns([order_allocation::Column::VariantId, order_allocation::Column::LocationId])
        .column_as(order_allocation::Column::Quantity.sum(), "ordered")
        .filter(order_allocation::Column::VariantId.is_in(variant_ids.iter().copied()))
        .group_by(order_allocation::Column::VariantId)
        .group_by(order_allocation::Column::LocationId)
        .into_tuple()
        .all(snapshot)
        .await?;
    for (variant_id, location_id, ordered) in ordered {
        *promised.entry((variant_id, location_id)).or_default() += ordered;
    }
    Ok(promised)
}

/// What active reservations hold of the variants, by level.
async fn held(
    snapshot: &impl ConnectionTrait,
    variant_ids: &[&str],
) -> Result<HashMap<(String, String), i64>, StoreError> {
    let of_reservation = reservation_line::Entity::belongs_to(reservation::Entity)
        .from(reservation_line::Column::ReservationId)
        .to(reservation::Column::Id)
        .into();
    let rows: Vec<(String, String, i64)> = reservation_line::Entity::find()
        .select_only()
        .columns([reservation_line::Column::VariantId, reservation_line::Column::LocationId])
        .column_as(reservation_line::Column::Quantity.sum(), "held")
        .join(sea_orm::JoinType::InnerJoin, of_reservation)
        .filter(reservation::Column::Status.eq(ACTIVE))
        .filter(reservation_line::Column::VariantId.is_in(variant_ids.iter().copied()))
        .group_by(reservation_line::Column::VariantId)
        .group_by(reservation_line::Column::LocationId)
        .into_tuple()
        .all(snapshot)
        .await?;
    Ok(rows.into_iter().map(|(variant_id, location_id, held)| ((variant_id, location_id), held)).collect())
}

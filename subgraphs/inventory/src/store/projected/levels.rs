//! Levels by how scarce they are.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, Value,
    sea_query::{Expr, ExprTrait},
};

use super::OrderedEvent;
use crate::{
    domain::{Level, Quantities},
    entity::{
        projected_level::{self, Column},
        stock_event,
    },
    error::StoreError,
    store::{
        Store,
        catalog_read::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
    },
};

/// Name of the projection.
pub const LOW_STOCK: &str = "low_stock";

/// A level as the projection has it.
pub type ProjectedLevel = projected_level::Model;

const QUANTITIES: [&str; 7] =
    ["on_hand", "committed", "reserved", "damaged", "quality_control", "safety_stock", "incoming"];

/// Adds what `events` change to the levels of `generation`.
pub(crate) async fn add_levels(
    transaction: &impl ConnectionTrait,
    generation: i64,
    events: &[OrderedEvent],
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<(&str, &str), ([i64; 7], i64)> = BTreeMap::new();
    for OrderedEvent { event, .. } in events {
        let (sum, count) = sums.entry((&event.variant_id, &event.location_id)).or_default();
        for (sum, delta) in sum.iter_mut().zip(deltas(event)) {
            *sum += i64::from(delta);
        }
        *count += 1;
    }
    if sums.is_empty() {
        return Ok(());
    }
    let row = |((variant_id, location_id), (sum, count)): (&(&str, &str), &([i64; 7], i64))| {
        let mut row = serde_json::Map::new();
        row.insert("id".to_owned(), format!("{variant_id}/{location_id}").into());
        row.insert("variant_id".to_owned(), (*variant_id).into());
        row.insert("location_id".to_owned(), (*location_id).into());
        row.insert("version".to_owned(), (*count).into());
        row.extend(QUANTITIES.iter().zip(sum).map(|(name, sum)| ((*name).to_owned(), (*sum).into())));
        serde_json::Value::Object(row)
    };
    let rows = serde_json::Value::Array(sums.iter().map(row).collect());
    let backend = transaction.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, upsert(backend), [rows.into(), generation.into()]);
    transaction.execute_raw(statement).await?;
    Ok(())
}

fn deltas(event: &stock_event::Model) -> [i32; 7] {
    [
        event.on_hand_delta,
        event.committed_delta,
        event.reserved_delta,
        event.damaged_delta,
        event.quality_control_delta,
        event.safety_stock_delta,
        event.incoming_delta,
    ]
}

/// All rows go as one JSON value, so that the statement is the same for any number of them.
fn upsert(backend: DbBackend) -> String {
    let names = QUANTITIES.join(", ");
    let of = |prefix: &str| -> String {
        let left: String = ["committed", "reserved", "damaged", "quality_control", "safety_stock"]
            .map(|name| format!(" - {}", prefix.replace('#', name)))
            .concat();
        let free = format!("{}{left}", prefix.replace('#', "on_hand"));
        format!("CASE WHEN {free} > 0 THEN {free} ELSE 0 END")
    };
    let (source, types) = match backend {
        DbBackend::Postgres => {
            let types: String = QUANTITIES.map(|name| format!(", {name} integer")).concat();
            (
                "jsonb_to_recordset($1)".to_owned(),
                format!("(id text, variant_id text, location_id text, version bigint{types})"),
            )
        }
        _ => {
            let columns: String = ["id", "variant_id", "location_id", "version"]
                .iter()
                .chain(&QUANTITIES)
                .map(|name| format!("value ->> '{name}' AS {name}"))
                .collect::<Vec<_>>()
                .join(", ");
            (format!("(SELECT {columns} FROM json_each($1))"), String::new())
        }
    };
    let sums: String = QUANTITIES.map(|name| format!("{name} = projected_level.{name} + excluded.{name}, ")).concat();
    // Without a condition SQLite takes ON for that of a join.
    format!(
        "INSERT INTO projected_level (generation, id, variant_id, location_id, version, {names}, available)
         SELECT $2, r.id, r.variant_id, r.location_id, r.version, {}, {} FROM {source} AS r{types} WHERE true
         ON CONFLICT (generation, id) DO UPDATE SET {sums}version = projected_level.version + excluded.version,
         available = {}",
        QUANTITIES.map(|name| format!("r.{name}")).join(", "),
        of("r.#"),
        of("(projected_level.# + excluded.#)"),
    )
}

/// Deletes up to `limit` rows of `generation`; how many it were.
pub(crate) async fn clear_levels(store: &Store, generation: i64, limit: u64) -> Result<u64, StoreError> {
    let connection = store.writer();
    let sql = "DELETE FROM projected_level WHERE generation = $1 AND id IN
        (SELECT id FROM projected_level WHERE generation = $1 LIMIT $2)";
    let values: [Value; 2] = [generation.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

fn ordering() -> Ordering {
    Ordering::by("low_stock", Column::Available, Column::Id)
}

/// The cursor of `row` in the list.
#[must_use]
pub fn low_stock_cursor(row: &ProjectedLevel) -> String {
    encode_cursor(ordering().name, Key::Number(row.available.into()), &row.id)
}

/// The generation that is served, within the statement that reads it: between two statements it could be swapped.
const SERVED: &str = "(SELECT generation FROM projection WHERE name = 'low_stock' AND serving)";

/// One page of the levels with `threshold` pieces or fewer available, the scarcest first, at one location if that is
/// given. Levels of variants that are gone are left out.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn low_stock(
    store: &Store,
    location_id: Option<&str>,
    threshold: i32,
    page: &PageRequest,
) -> Result<Page<ProjectedLevel>, ReadError> {
    let mut select = projected_level::Entity::find()
        .filter(Expr::col(Column::Generation).eq(Expr::cust(SERVED)))
        .filter(Column::Available.lte(threshold))
        .filter(Expr::cust("EXISTS (SELECT 1 FROM variant WHERE variant.id = projected_level.variant_id)"));
    if let Some(location_id) = location_id {
        select = select.filter(Column::LocationId.eq(location_id));
    }
    let select = select_page(select, &ordering(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// The levels of variants as the projection has them, by (variant, location); `None` when nothing is projected.
pub(crate) async fn projected_quantities(
    connection: &impl ConnectionTrait,
    variant_ids: &[&str],
) -> Result<Option<BTreeMap<(String, String), Level>>, StoreError> {
    if super::checkpoint::serving_on(connection, LOW_STOCK).await?.is_none() {
        return Ok(None);
    }
    let (Some(first), Some(last)) = (variant_ids.first(), variant_ids.last()) else { return Ok(None) };
    // Ids begin with the variant, so that a range of variants is a range of ids; '0' follows '/'.
    let rows = projected_level::Entity::find()
        .filter(Expr::col(Column::Generation).eq(Expr::cust(SERVED)))
        .filter(Column::Id.gte(format!("{first}/")))
        .filter(Column::Id.lt(format!("{last}0")))
        .all(connection)
        .await?;
    let level = |row: ProjectedLevel| {
        let quantities = Quantities {
            on_hand: row.on_hand,
            committed: row.committed,
            reserved: row.reserved,
            damaged: row.damaged,
            quality_control: row.quality_control,
            safety_stock: row.safety_stock,
            incoming: row.incoming,
        };
        ((row.variant_id, row.location_id), Level { quantities, version: row.version })
    };
    Ok(Some(rows.into_iter().map(level).collect()))
}

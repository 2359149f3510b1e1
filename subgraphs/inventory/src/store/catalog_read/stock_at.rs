//! Stock as it was: the ledger replayed to a time.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value, sea_query::ArrayType};

use crate::{
    domain::{Level, Quantities},
    error::StoreError,
    store::Store,
};

/// A level as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastLevel {
    /// The variant.
    pub variant_id: String,
    /// The location.
    pub location_id: String,
    /// What lay there, after how many events.
    pub level: Level,
    /// Time of the last of them.
    pub changed_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    variant_id: String,
    location_id: String,
    version: i64,
    on_hand: i64,
    committed: i64,
    reserved: i64,
    damaged: i64,
    quality_control: i64,
    safety_stock: i64,
    incoming: i64,
    changed_at: DateTime<Utc>,
}

/// The last event of each level that is not after the time, and then the sum of all up to it. Going by version gives a
/// state that there was, whatever the clock has done.
const REPLAY: &str = "
SELECT e.variant_id, e.location_id, max(e.version) AS version, max(e.occurred_at) AS changed_at,
  sum(e.on_hand_delta) AS on_hand, sum(e.committed_delta) AS committed, sum(e.reserved_delta) AS reserved,
  sum(e.damaged_delta) AS damaged, sum(e.quality_control_delta) AS quality_control,
  sum(e.safety_stock_delta) AS safety_stock, sum(e.incoming_delta) AS incoming
FROM (
  SELECT variant_id, location_id, max(version) AS version FROM stock_event
  WHERE variant_id CHOSEN AND occurred_at <= $2 GROUP BY variant_id, location_id
) AS last
JOIN stock_event AS e
  ON e.variant_id = last.variant_id AND e.location_id = last.location_id AND e.version <= last.version
GROUP BY e.variant_id, e.location_id ORDER BY e.variant_id, e.location_id";

/// The levels of the variants as they were at `time`, the changes of that very moment included, ordered by variant and
/// location. A level that was not there yet is left out.
///
/// # Errors
///
/// When the store fails, or the ledger does not add up to quantities.
pub async fn stock_at(
    store: &Store,
    variant_ids: &[String],
    time: DateTime<Utc>,
) -> Result<Vec<PastLevel>, StoreError> {
    stock_at_within(store.reader(), variant_ids, time).await
}

/// The same, as `connection` sees the ledger.
pub(crate) async fn stock_at_within(
    connection: &impl ConnectionTrait,
    variant_ids: &[String],
    time: DateTime<Utc>,
) -> Result<Vec<PastLevel>, StoreError> {
    let (backend, chosen, keys) = match connection.get_database_backend() {
        DbBackend::Postgres => {
            let ids = variant_ids.iter().map(|id| Value::from(id.clone())).collect();
            (DbBackend::Postgres, "= ANY($1)", Value::Array(ArrayType::String, Some(Box::new(ids))))
        }
        _ => {
            let ids = variant_ids.iter().map(|id| serde_json::Value::from(id.as_str())).collect();
            (DbBackend::Sqlite, "IN (SELECT value FROM json_each($1))", Value::from(serde_json::Value::Array(ids)))
        }
    };
    let sql = REPLAY.replace("CHOSEN", chosen);
    let statement = Statement::from_sql_and_values(backend, sql, [keys, time.into()]);
    let rows = Row::find_by_statement(statement).all(connection).await?;
    rows.into_iter().map(Row::into_level).collect()
}

impl Row {
    fn into_level(self) -> Result<PastLevel, StoreError> {
        let pieces = |sum: i64| {
            i32::try_from(sum).map_err(|_| StoreError::Corrupt {
                table: "stock_event",
                reason: format!("the events of variant `{}` add up to {sum} pieces", self.variant_id),
            })
        };
        let quantities = Quantities {
            on_hand: pieces(self.on_hand)?,
            committed: pieces(self.committed)?,
            reserved: pieces(self.reserved)?,
            damaged: pieces(self.damaged)?,
            quality_control: pieces(self.quality_control)?,
            safety_stock: pieces(self.safety_stock)?,
            incoming: pieces(self.incoming)?,
        };
        let level = Level { quantities, version: self.version };
        Ok(PastLevel { variant_id: self.variant_id, location_id: self.location_id, level, changed_at: self.changed_at })
    }
}

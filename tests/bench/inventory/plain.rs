//! The plain way: the condition in the update of the one row, and the event row, in a transaction of its own.

use sea_orm::sqlx::{self, Connection, PgConnection};
use uuid::Uuid;

use super::{Way, stock::Warehouse};

/// Each client has a connection, so that none waits for one.
#[derive(Clone)]
pub(crate) struct Plain {
    warehouse: Warehouse,
}

impl Plain {
    pub(crate) const fn new(warehouse: Warehouse) -> Self {
        Self { warehouse }
    }
}

const UPDATE: &str = "UPDATE stock_level SET committed = committed + 1, version = version + 1, updated_at = now()
    WHERE variant_id = $1 AND location_id = 'location' AND on_hand - committed >= 1 RETURNING version";
const INSERT: &str = "INSERT INTO stock_event (id, variant_id, location_id, version, kind, on_hand_delta,
    committed_delta, safety_stock_delta, incoming_delta, reason, actor, correlation_id, idempotency_key, occurred_at)
    VALUES ($1, $2, 'location', $3, 'RESERVED', 0, 1, 0, 0, 'reservation', 'anonymous', 'bench', $4, now())";

impl Way for Plain {
    type Client = PgConnection;

    async fn client(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.warehouse.options.database_url).await.unwrap();
        let schema = self.warehouse.options.schema.as_deref().unwrap();
        let path = "SELECT set_config('search_path', $1, false)";
        sqlx::query(path).bind(schema).execute(&mut connection).await.unwrap();
        connection
    }

    async fn reserve(&self, client: &mut PgConnection, sku: usize) {
        let variant_id = format!("variant-{}", sku + 1);
        let mut transaction = client.begin().await.unwrap();
        let version: i64 = sqlx::query_scalar(UPDATE).bind(&variant_id).fetch_one(&mut *transaction).await.unwrap();
        sqlx::query(INSERT)
            .bind(Uuid::now_v7().to_string())
            .bind(&variant_id)
            .bind(version)
            .bind(Uuid::now_v7().to_string())
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
}

//! Pieces and money as the database and the provider have them.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, FromQueryResult, Statement};

use super::{buyer, cases::Case};
use crate::several::shop::Shop;

#[derive(Debug, FromQueryResult)]
struct Order {
    id: String,
    status: String,
    total_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
    /// How often the provider took money for it.
    times_paid: i64,
    /// What the provider took, less what it gave back.
    kept_minor: i64,
}

pub(super) struct Books {
    pub(super) orders: usize,
    pub(super) active_reservations: i64,
    by_id: HashMap<String, Order>,
    committed: HashMap<String, i64>,
}

const ORDERS: &str = "SELECT o.id, o.status, o.total_minor, o.captured_minor, o.refunded_minor,
    (SELECT count(*) FROM test_payment p WHERE p.order_id = o.id AND p.captured_minor > 0) AS times_paid,
    (SELECT coalesce(sum(p.captured_minor), 0)::bigint FROM test_payment p WHERE p.order_id = o.id)
      - (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM test_refund r
         JOIN test_payment p ON p.key = r.payment_key WHERE p.order_id = o.id) AS kept_minor
    FROM customer_order o";
const COMMITTED: &str = "SELECT v.sku, sum(s.committed)::bigint AS committed
    FROM stock_level s JOIN variant v ON v.id = s.variant_id GROUP BY 1";
const ACTIVE: &str = "SELECT count(*) AS number FROM reservation WHERE status = 'ACTIVE'";

impl Books {
    pub(super) async fn read(shop: &Shop) -> Self {
        let database = Database::connect(shop.postgres.url()).await.unwrap();
        let statement = Statement::from_string(DbBackend::Postgres, ORDERS);
        let orders = Order::find_by_statement(statement).all(&database).await.unwrap();
        let pair =
            |row: &sea_orm::QueryResult| (row.try_get("", "sku").unwrap(), row.try_get("", "committed").unwrap());
        let books = Self {
            orders: orders.len(),
            active_reservations: rows(&database, ACTIVE).await[0].try_get("", "number").unwrap(),
            by_id: orders.into_iter().map(|order| (order.id.clone(), order)).collect(),
            committed: rows(&database, COMMITTED).await.iter().map(pair).collect(),
        };
        database.close().await.unwrap();
        books
    }

    pub(super) fn assert_balanced(&self, case: &Case, sku: &str, order_id: &str) {
        let order = &self.by_id[order_id];
        assert_eq!(order.status, case.ends, "{case:?}");
        let is_placed = case.ends == "PLACED";
        assert_eq!(self.committed[sku], if is_placed { buyer::UNITS } else { 0 }, "{case:?}");
        assert!(order.times_paid <= 1, "{case:?} was paid {} times", order.times_paid);
        assert_eq!(order.kept_minor, if is_placed { order.total_minor } else { 0 }, "{case:?}: {order:?}");
        assert_eq!(order.kept_minor, order.captured_minor - order.refunded_minor, "{case:?}: {order:?}");
        assert!(order.total_minor > 0, "{case:?}: it cost something");
    }
}

async fn rows(database: &DatabaseConnection, query: &str) -> Vec<sea_orm::QueryResult> {
    database.query_all_raw(Statement::from_string(DbBackend::Postgres, query)).await.unwrap()
}

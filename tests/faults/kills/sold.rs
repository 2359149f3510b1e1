//! What was sold, as the database has it.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};

use super::buyers::Purchase;
use crate::several::shop::Shop;

/// The reservations that there are, by their reference. Each is there once.
pub(super) async fn sold(shop: &Shop) -> HashMap<String, Purchase> {
    let database = Database::connect(shop.postgres.url()).await.unwrap();
    let query = "SELECT r.id, r.reference, v.sku, sum(l.quantity) AS quantity FROM reservation r
        LEFT JOIN reservation_line l ON l.reservation_id = r.id LEFT JOIN variant v ON v.id = l.variant_id
        WHERE r.status = 'ACTIVE' GROUP BY 1, 2, 3";
    let rows = database.query_all_raw(Statement::from_string(DbBackend::Postgres, query)).await.unwrap();
    let mut sold: HashMap<String, Purchase> = HashMap::new();
    for row in rows {
        let id: String = row.try_get("", "id").unwrap();
        let reference: String = row.try_get("", "reference").unwrap();
        let purchase = sold
            .entry(reference.clone())
            .or_insert_with(|| Purchase { reservation_id: id.clone(), lines: Default::default() });
        assert_eq!(purchase.reservation_id, id, "{reference} was made twice");
        purchase.lines.insert(row.try_get("", "sku").unwrap(), row.try_get("", "quantity").unwrap());
    }
    database.close().await.unwrap();
    sold
}
